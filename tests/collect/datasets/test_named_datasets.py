"""Each named reader, on a tiny tree in the layout of the official download."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from collect.configuration.sections import DatasetConfig
from collect.datasets.catalogue import DATASETS, found_counts
from collect.datasets.chexpert import LABELS
from collect.datasets.load import load
from collect.datasets.medfm import CHEST
from tests.collect.datasets.test_dicom import RAMP, dicom
from warehouse.errors import StudyError


def read(name, root):
    return load(DatasetConfig(path=str(root), reader=name))


@pytest.fixture
def picture(tmp_path):
    """Save a small image, each of other content."""
    n_saved = 0

    def save(path):
        nonlocal n_saved
        n_saved += 1
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.arange(64, dtype=np.uint8).reshape(8, 8) + n_saved
        Image.fromarray(pixels).save(file)

    return save


@pytest.fixture
def text(tmp_path):
    def save(path, *lines):
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(lines) + "\n")

    return save


def isic2018(picture, text):
    header = "image,MEL,NV,BCC,AKIEC,BKL,DF,VASC"
    for part, rows in {
        "Training": (
            "ISIC_1,0.0,1.0,0,0,0,0,0",
            "ISIC_2,0,1.0,0,0,0,0,0",
            "ISIC_3,1.0,0,0,0,0,0,0",
        ),
        "Test": ("ISIC_9,0,0,0,0,0,0,1.0",),
    }.items():
        name = f"ISIC2018_Task3_{part}_GroundTruth"
        text(f"{name}/{name}.csv", header, *rows)
        for row in rows:
            picture(f"ISIC2018_Task3_{part}_Input/{row.split(',')[0]}.jpg")
    text(
        "ISIC2018_Task3_Training_LesionGroupings.csv",
        "image,lesion_id,diagnosis_confirm_type",
        "ISIC_1,HAM_1,histopathology",
        "ISIC_2,HAM_1,histopathology",
        "ISIC_3,HAM_2,consensus",
    )


def test_isic2018_groups_images_by_lesion(tmp_path, picture, text):
    isic2018(picture, text)
    images = read("isic2018", tmp_path)
    assert images.labels.tolist() == [1, 1, 0, 6]
    assert images.groups.tolist() == ["HAM_1", "HAM_1", "HAM_2", "ISIC_9"]
    assert images.official_split.tolist() == ["train", "train", "train", "test"]


def test_isic2018_refuses_to_split_lesions_apart(tmp_path, picture, text):
    isic2018(picture, text)
    (tmp_path / "ISIC2018_Task3_Training_LesionGroupings.csv").unlink()
    with pytest.raises(StudyError, match=r"LesionGroupings\.csv: missing; without it several"):
        read("isic2018", tmp_path)


def test_isic2019_has_eight_classes_and_lesions_where_they_are_known(tmp_path, picture, text):
    text(
        "ISIC_2019_Training_GroundTruth.csv",
        "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK",
        "ISIC_1,0,0,0,0,0,0,0,1.0,0",
        "ISIC_2,1.0,0,0,0,0,0,0,0,0",
    )
    text(
        "ISIC_2019_Training_Metadata.csv",
        "image,age_approx,anatom_site_general,lesion_id,sex",
        "ISIC_1,55,anterior torso,MSK4_1,female",
        "ISIC_2,30,,,male",
    )
    for name in ("ISIC_1", "ISIC_2"):
        picture(f"ISIC_2019_Training_Input/ISIC_2019_Training_Input/{name}.jpg")
    images = read("isic2019", tmp_path)
    assert images.labels.tolist() == [7, 0]
    assert images.groups.tolist() == ["MSK4_1", "ISIC_2"]


def test_isic2019_refuses_an_image_of_the_unknown_class(tmp_path, text):
    text(
        "ISIC_2019_Training_GroundTruth.csv",
        "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK",
        "ISIC_1,0,0,0,0,0,0,0,0,1",
    )
    text("ISIC_2019_Training_Metadata.csv", "image,lesion_id", "ISIC_1,")
    with pytest.raises(StudyError, match="ISIC_1: 0 classes are marked, one is expected"):
        read("isic2019", tmp_path)


def test_aptos2019_is_ordinal(tmp_path, picture, text):
    text("train.csv", "id_code,diagnosis", "000c1434d8d7,2", "001639a390f0,4")
    picture("train_images/000c1434d8d7.png")
    picture("train_images/001639a390f0.png")
    images = read("aptos2019", tmp_path)
    assert (images.task, images.labels.tolist(), images.groups) == ("ordinal", [2, 4], None)
    assert images.n_classes == 5


def test_medfm_chest_has_nineteen_labels(tmp_path, picture, text):
    values = ["0"] * 19
    values[3] = "1"
    text("trainval.txt", f"5D0984CC.png {','.join(values)}")
    text("test_WithLabel.txt", f"DX.1.2.392.png {','.join(['0'] * 19)}")
    picture("images/5D0984CC.png")
    picture("images/DX.1.2.392.png")
    images = read("medfm_chest", tmp_path)
    assert images.task == "multilabel"
    assert [images.class_names[i] for i in np.flatnonzero(images.labels[0])] == ["cardiomegaly"]
    assert images.official_split.tolist() == ["train", "test"]
    assert images.class_names == CHEST


def test_medfm_colon_names_have_spaces_and_cases(tmp_path, picture, text):
    names = [
        "2019-10327-1-1-1_2019-05-28 17_55_39-lv1-47692-11609-5464-5695p0026.png",
        "2019-10327-1-2-2_2019-05-28 17_07_02-lv1-49323-19621-6445-9065p0032.png",
        "D20181047302_2019-06-10 11_38_18-lv1-29203-11848-4255-4400p0010.png",
    ]
    text("trainval.txt", f"{names[0]} 0", f"{names[1]} 1")
    text("test_WithLabel.txt", f"{names[2]} 0")
    for name in names:
        picture(f"images/{name}")
    images = read("medfm_colon", tmp_path)
    assert images.labels.tolist() == [0, 1, 0]
    assert images.groups.tolist() == ["2019-10327", "2019-10327", "D20181047302"]


def test_medfm_endo_is_grouped_by_examination(tmp_path, picture, text):
    text("trainval.txt", "13333_2021.11_0003_55200268.png 1 1 0 0")
    text("test_WithLabel.txt", "13333_2021.11_0003_55199880.png 0 0 0 1")
    picture("images/13333_2021.11_0003_55200268.png")
    picture("images/13333_2021.11_0003_55199880.png")
    images = read("medfm_endo", tmp_path)
    assert images.labels.tolist() == [[1, 1, 0, 0], [0, 0, 0, 1]]
    assert len(set(images.groups)) == 1


def test_medfm_refuses_a_line_with_another_number_of_labels(tmp_path, text):
    text("trainval.txt", "a.png 1 0 0")
    text("test_WithLabel.txt", "b.png 1 0 0 0")
    with pytest.raises(StudyError, match=r"trainval\.txt: line 1: an image and 4 times 0 or 1"):
        read("medfm_endo", tmp_path)


@pytest.mark.parametrize("folder", ["", "chest_xray/"])
def test_kermany_groups_by_the_patient_in_the_name(tmp_path, picture, folder):
    for path in (
        "train/NORMAL/NORMAL2-IM-0927-0001.jpeg",
        "test/NORMAL/IM-0927-0001.jpeg",
        "train/PNEUMONIA/person1_bacteria_1.jpeg",
        "train/PNEUMONIA/person1_virus_6.jpeg",
        "train/PNEUMONIA/person10_virus_35.jpeg",
    ):
        picture(folder + path)
    images = read("kermany_chest", tmp_path)
    assert images.labels.tolist() == [0, 1, 1, 1, 0]
    assert images.groups.tolist() == ["IM927", "person10", "person1", "person1", "IM927"]
    assert images.official_split.tolist() == ["train"] * 4 + ["test"]


def test_kermany_refuses_a_name_without_patient(tmp_path, picture):
    picture("train/NORMAL/scan.jpeg")
    with pytest.raises(StudyError, match=r"scan\.jpeg: no patient in the name"):
        read("kermany_chest", tmp_path)


def busi(picture):
    for name in ("benign", "malignant", "normal"):
        picture(f"Dataset_BUSI_with_GT/{name}/{name} (1).png")
        picture(f"Dataset_BUSI_with_GT/{name}/{name} (1)_mask.png")
    picture("Dataset_BUSI_with_GT/benign/benign (4)_mask_1.png")


def test_busi_leaves_out_the_masks(tmp_path, picture):
    busi(picture)
    images = read("busi", tmp_path)
    assert images.sample_ids == (
        "normal/normal (1).png",
        "benign/benign (1).png",
        "malignant/malignant (1).png",
    )
    assert (images.task, images.labels.tolist()) == ("multiclass", [0, 1, 2])


def test_busi_malignant_counts_normal_images_as_not_malignant(tmp_path, picture):
    busi(picture)
    images = read("busi_malignant", tmp_path)
    assert (images.task, images.labels.tolist()) == ("binary", [0, 0, 1])


def test_ddti_leaves_out_cases_without_category_and_groups_by_case(tmp_path, picture, text):
    for case, category in {"1": "4a", "2": "2", "3": "", "10": "5"}.items():
        text(f"{case}.xml", f"<case><number>{case}</number><tirads>{category}</tirads></case>")
        picture(f"{case}_1.jpg")
    picture("1_2.jpg")
    images = read("ddti", tmp_path)
    assert dict(zip(images.sample_ids, images.labels.tolist(), strict=True)) == {
        "1_1.jpg": 1,
        "1_2.jpg": 1,
        "2_1.jpg": 0,
        "10_1.jpg": 1,
    }
    assert images.groups.tolist() == ["1", "1", "10", "2"]


@pytest.mark.parametrize(
    ("content", "message"),
    [("<case><tirads>6</tirads></case>", "tirads '6' is none of"), ("<case>", "no readable XML")],
)
def test_ddti_refuses(tmp_path, picture, text, content, message):
    text("1.xml", content)
    picture("1_1.jpg")
    with pytest.raises(StudyError, match=message):
        read("ddti", tmp_path)


def cbis_ddsm(root, text, *, folders=("P_00001_LEFT_CC", "P_00001_LEFT_MLO", "P_00002_RIGHT_CC")):
    header = "patient_id,breast_density,pathology,image file path"
    rows = {
        "mass_case_description_train_set.csv": (
            "P_00001,3,MALIGNANT,Mass-Training_P_00001_LEFT_CC/1.3.6/1.3.7/000000.dcm",
            "P_00001,3,BENIGN,Mass-Training_P_00001_LEFT_CC/1.3.6/1.3.7/000000.dcm",
            "P_00001,3,BENIGN_WITHOUT_CALLBACK,Mass-Training_P_00001_LEFT_MLO/1.3/1.4/000000.dcm",
        ),
        "mass_case_description_test_set.csv": (
            "P_00002,2,BENIGN,Mass-Training_P_00002_RIGHT_CC/1.3/1.4/000000.dcm",
        ),
        "calc_case_description_train_set.csv": (),
        "calc_case_description_test_set.csv": (),
    }
    for name, lines in rows.items():
        text(name, header, *lines)
    for number, folder in enumerate(folders):
        path = root / "CBIS-DDSM" / f"Mass-Training_{folder}" / "01-01-1990" / "1.000-full"
        path.mkdir(parents=True)
        (path / "1-1.dcm").write_bytes(dicom(RAMP + number))


def test_cbis_ddsm_reads_each_mammogram_once(tmp_path, text):
    cbis_ddsm(tmp_path, text)
    images = read("cbis_ddsm", tmp_path)
    assert len(images) == 3  # of four rows
    assert images.labels.tolist() == [1, 0, 0]  # the first has a malignant and a benign row
    assert images.groups.tolist() == ["P_00001", "P_00001", "P_00002"]
    assert images.official_split.tolist() == ["train", "train", "test"]
    assert images.images[0].dtype == np.uint8
    assert len(set(images.digests)) == 3


def test_cbis_ddsm_names_a_missing_mammogram(tmp_path, text):
    cbis_ddsm(tmp_path, text, folders=("P_00001_LEFT_CC", "P_00001_LEFT_MLO"))
    with pytest.raises(StudyError, match="P_00002_RIGHT_CC: no DICOM file of this mammogram"):
        read("cbis_ddsm", tmp_path)


def test_mrnet_takes_central_slices_and_each_tasks_own_labels(tmp_path, text, rng):
    text("MRNet-v1.0/train-acl.csv", "0000,0", "0001,1", "0002,0")
    text("MRNet-v1.0/train-meniscus.csv", "0000,0", "0001,1", "0002,1")
    text("MRNet-v1.0/valid-acl.csv", "1130,0")
    text("MRNet-v1.0/valid-meniscus.csv", "1130,1")
    text("MRNet-v1.0/valid-abnormal.csv", "1130,0")
    volumes = {}
    for exam in ("train/0000", "train/0001", "train/0002", "valid/1130"):
        folder, number = exam.split("/")
        path = tmp_path / "MRNet-v1.0" / folder / "sagittal"
        path.mkdir(parents=True, exist_ok=True)
        volumes[exam] = rng.integers(0, 256, size=(9, 8, 8), dtype=np.uint8)
        np.save(path / f"{number}.npy", volumes[exam])
    images = read("mrnet", tmp_path)
    assert images.labels.tolist() == [0] * 3 + [1] * 3 + [2] * 3 + [2] * 3
    assert images.groups.tolist()[::3] == ["0000", "0001", "0002", "1130"]
    assert images.official_split.tolist() == ["train"] * 9 + ["validation"] * 3
    assert np.array_equal(images.images[4], volumes["train/0001"][4])
    assert images.take([4]).digests == (images.digests[4],)


def test_pcam_reads_patches_grouped_by_slide(tmp_path, text, rng):
    h5py = pytest.importorskip("h5py")
    patches = {}
    for part, n in (("train", 6), ("valid", 2), ("test", 2)):
        name = f"camelyonpatch_level_2_split_{part}"
        patches[part] = rng.integers(0, 256, size=(n, 96, 96, 3), dtype=np.uint8)
        with h5py.File(tmp_path / f"{name}_x.h5", "w") as file:
            file["x"] = patches[part]
        with h5py.File(tmp_path / f"{name}_y.h5", "w") as file:
            file["y"] = (np.arange(n, dtype=np.uint8) % 2).reshape(n, 1, 1, 1)
        text(
            f"{name}_meta.csv",
            ",coord_y,coord_x,tumor_patch,center_tumor_patch,wsi",
            *(f"{i},0,0,True,True,camelyon16_{part}_{i // 2}" for i in range(n)),
        )
    images = read("pcam", tmp_path)
    assert images.labels.tolist() == [0, 1] * 5
    assert images.official_split.tolist() == ["train"] * 6 + ["validation"] * 2 + ["test"] * 2
    assert images.groups[:3].tolist() == ["camelyon16_train_0"] * 2 + ["camelyon16_train_1"]
    assert np.array_equal(images.images[7], patches["valid"][1])
    assert np.array_equal(images.take([9, 0]).images[0], patches["test"][1])


def test_pcam_says_what_to_unpack(tmp_path):
    (tmp_path / "camelyonpatch_level_2_split_train_y.h5.gz").write_bytes(b"")
    with pytest.raises(StudyError, match=r"train_y\.h5: missing; unpack .*train_y\.h5\.gz"):
        read("pcam", tmp_path)


def test_chexpert_takes_uncertain_labels_as_absent(tmp_path, picture, text):
    header = ",".join(["Path", "Sex", "Age", "Frontal/Lateral", "AP/PA", *LABELS])
    image = "patient00001/study1/view1_frontal.jpg"
    uncertain = ",".join(["", "", "1.0", "-1.0"] + [""] * 9 + ["0.0"])
    text("train.csv", header, f"CheXpert-v1.0-small/train/{image},Female,68,Frontal,AP,{uncertain}")
    none = ",".join(["0.0"] * 14)
    text("valid.csv", header, f"CheXpert-v1.0-small/valid/{image},Female,68,Frontal,AP,{none}")
    picture(f"train/{image}")
    picture(f"valid/{image}")
    images = read("chexpert", tmp_path)
    assert [LABELS[i] for i in np.flatnonzero(images.labels[0])] == ["Cardiomegaly"]
    assert images.labels[1].sum() == 0
    assert images.groups.tolist() == ["patient00001"] * 2
    assert images.official_split.tolist() == ["train", "validation"]


def test_imagenet_classes_are_in_the_order_of_their_wordnet_ids(tmp_path, picture):
    for path in (
        "train/n02084071/n02084071_1.JPEG",
        "train/n01440764/n01440764_10026.JPEG",
        "val/n02084071/ILSVRC2012_val_00000001.JPEG",
    ):
        picture(path)
    images = read("imagenet1k", tmp_path)
    assert images.class_names == ("n01440764", "n02084071")
    assert images.labels.tolist() == [0, 1, 1]
    assert images.official_split.tolist() == ["train", "train", "validation"]


def test_imagenet_reads_the_flat_validation_images_of_kaggle(tmp_path, picture, text):
    base = "ILSVRC/Data/CLS-LOC"
    picture(f"{base}/train/n01440764/n01440764_1.JPEG")
    picture(f"{base}/val/ILSVRC2012_val_00048981.JPEG")
    text(
        "LOC_val_solution.csv", "ImageId,PredictionString", "ILSVRC2012_val_00048981,n01440764 85 1"
    )
    assert read("imagenet1k", tmp_path).labels.tolist() == [0, 0]


def test_missing_images_are_counted_and_the_first_is_named(tmp_path, picture, text):
    text("train.csv", "id_code,diagnosis", "a,0", "b,1", "c,2")
    picture("train_images/a.png")
    with pytest.raises(
        StudyError, match=r"2 of 3 listed images are missing, the first is .*b\.png"
    ):
        read("aptos2019", tmp_path)


@pytest.mark.parametrize("name", DATASETS)
def test_an_empty_folder_is_refused_in_one_line(tmp_path, name):
    with pytest.raises(StudyError) as caught:
        read(name, tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_download_that_is_not_there_is_named_with_its_source(tmp_path):
    with pytest.raises(StudyError, match=r"\(dataset aptos2019\); it comes from"):
        read("aptos2019", tmp_path / "absent")


def test_an_unknown_name_is_refused_with_the_nearest():
    with pytest.raises(StudyError, match="no dataset is named 'isic18'; did you mean isic2018"):
        read("isic18", Path())


def test_counts_are_by_split_and_class(tmp_path, picture, text):
    isic2018(picture, text)
    counts = found_counts(read("isic2018", tmp_path))
    assert counts["images"] == 4
    assert (counts["train"], counts["validation"], counts["test"]) == (3, 0, 1)
    assert (counts["NV"], counts["train NV"], counts["test NV"]) == (2, 2, 0)


@pytest.mark.parametrize("name", DATASETS)
def test_expected_counts_add_up(name):
    counts = DATASETS[name].counts
    parts = {key: n for key, n in counts.items() if key not in ("images", "train")}
    classes = {key: n for key, n in parts.items() if key not in ("validation", "test")}
    if classes:
        total = counts["images"] if "images" in counts else counts["train"]
        assert sum(classes.values()) == total
