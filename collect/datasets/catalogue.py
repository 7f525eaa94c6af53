"""The papers' datasets: where they come from, what a download looks like, what it should hold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import partial
from pathlib import Path

from collect.data.images import ImageSet
from collect.datasets.aptos import read_aptos2019
from collect.datasets.busi import read_busi
from collect.datasets.cbis_ddsm import read_cbis_ddsm
from collect.datasets.chexpert import read_chexpert
from collect.datasets.ddti import read_ddti
from collect.datasets.imagenet import read_imagenet1k
from collect.datasets.isic import read_isic2018, read_isic2019
from collect.datasets.kermany import read_kermany_chest
from collect.datasets.medfm import read_medfm_chest, read_medfm_colon, read_medfm_endo
from collect.datasets.mrnet import read_mrnet
from collect.datasets.pcam import read_pcam
from warehouse.errors import StudyError


@dataclass(frozen=True)
class NamedDataset:
    """A published dataset.

    Parameters
    ----------
    title : str
        What it is.
    source : str
        Where to get it.
    licence : str
        As its publishers state it; read theirs before use.
    layout : str
        What has to be in the folder.
    read : callable
        ``read(folder)`` returns the images.
    counts : mapping of str to int
        What a complete download holds: ``images``, ``<split>``, ``<class>`` or ``<split> <class>``.
    papers : str
        Counts that the papers give, and how they relate to the download.
    """

    title: str
    source: str
    licence: str
    layout: str
    read: Callable[[Path], ImageSet]
    counts: Mapping[str, int] = field(default_factory=dict)
    papers: str = ""


MEDFMC = "https://doi.org/10.6084/m9.figshare.c.6476047, lists: https://github.com/openmedlab/MedFM"
MEDFM_LAYOUT = "images/, trainval.txt, test_WithLabel.txt (lists in data_backup/MedFMC/{part})"
BUSI = NamedDataset(
    title="Breast ultrasound: normal, benign, malignant",
    source="https://doi.org/10.1016/j.dib.2019.104863",
    licence="article CC BY 4.0; none stated with the images",
    layout="Dataset_BUSI_with_GT/{normal,benign,malignant}/benign (1).png ...; masks are ignored",
    read=read_busi,
    counts={"images": 780, "normal": 133, "benign": 437, "malignant": 210},
    papers="juodelyte2023: 780 'benign' or 'malignant'; its code counts the 133 normal as benign",
)

DATASETS: dict[str, NamedDataset] = {
    "aptos2019": NamedDataset(
        title="Fundus photographs, diabetic retinopathy 0 to 4 (ordinal)",
        source="https://www.kaggle.com/c/aptos2019-blindness-detection",
        licence="Kaggle competition rules",
        layout="train.csv, train_images/<id_code>.png",
        read=read_aptos2019,
        counts={
            "images": 3662,
            "no": 1805,
            "mild": 370,
            "moderate": 999,
            "severe": 193,
            "proliferative": 295,
        },
        papers="zu2025: 2930 train, 366 test (80 and 10 %); pales2024: 3662 in 70/15/15",
    ),
    "busi": BUSI,
    "busi_malignant": NamedDataset(
        title="Breast ultrasound: malignant or not, normal images among the latter",
        source=BUSI.source,
        licence=BUSI.licence,
        layout=BUSI.layout,
        read=partial(read_busi, malignant_only=True),
        counts={"images": 780, "not malignant": 570, "malignant": 210},
        papers="juodelyte2023, as its code does",
    ),
    "cbis_ddsm": NamedDataset(
        title="Mammograms (DICOM): benign, malignant",
        source="https://www.cancerimagingarchive.net/collection/cbis-ddsm",
        licence="CC BY 3.0",
        layout="{mass,calc}_case_description_{train,test}_set.csv (or in csv/), "
        "[CBIS-DDSM/]Mass-Training_P_00001_LEFT_CC/<study>/<series>/*.dcm ...",
        read=read_cbis_ddsm,
        counts={"images": 3103},
        papers="juodelyte2023: 3568 (2111 benign, 1457 malignant), which are rows of the tables: "
        "3103 images, 17 of them under both labels; pales2024: 10239, the DICOM files of all kinds",
    ),
    "chexpert": NamedDataset(
        title="Chest X-rays, 14 observations (multi-label)",
        source="https://stanfordmlgroup.github.io/competitions/chexpert",
        licence="Stanford research use agreement",
        layout="the folder CheXpert-v1.0[-small]: train.csv, valid.csv, train/patient00001/study1/"
        "view1_frontal.jpg ..., valid/...",
        read=read_chexpert,
        counts={"train": 223414, "validation": 234},
        papers="pales2024: 224316, the number of Irvin et al. (2019) with the hidden test set",
    ),
    "ddti": NamedDataset(
        title="Thyroid ultrasound: TI-RADS 1 to 3, 4a to 5",
        source="http://cimalab.unal.edu.co/applications/thyroid",
        licence="none stated",
        layout="<case>.xml, <case>_<n>.jpg",
        read=read_ddti,
        papers="juodelyte2023: 480 (192 normal, 288 malignant)",
    ),
    "imagenet1k": NamedDataset(
        title="ImageNet-1K (ILSVRC 2012), source probe",
        source="https://image-net.org/download.php",
        licence="research and education, no commercial use",
        layout="train/<wnid>/*.JPEG and val/<wnid>/*.JPEG, or Kaggle's ILSVRC/Data/CLS-LOC with "
        "LOC_val_solution.csv",
        read=read_imagenet1k,
        counts={"train": 1281167, "validation": 50000},
        papers="zu2025: bank and queries unspecified; here bank from train, queries from val",
    ),
    "isic2018": NamedDataset(
        title="Dermoscopy, 7 diagnoses (HAM10000)",
        source="https://challenge.isic-archive.com/data/#2018 (task 3)",
        licence="CC BY-NC 4.0",
        layout="ISIC2018_Task3_{Training,Validation,Test}_Input/*.jpg, "
        "ISIC2018_Task3_{Training,...}_GroundTruth/*.csv, "
        "ISIC2018_Task3_Training_LesionGroupings.csv",
        read=read_isic2018,
        counts={
            "train": 10015,
            "validation": 193,
            "test": 1512,
            "train MEL": 1113,
            "train NV": 6705,
            "train BCC": 514,
            "train AKIEC": 327,
            "train BKL": 1099,
            "train DF": 115,
            "train VASC": 142,
        },
        papers="zu2025: 10015 train, 1512 test; juodelyte2023: the 10015 in 5 folds by image",
    ),
    "isic2019": NamedDataset(
        title="Dermoscopy, 8 diagnoses",
        source="https://challenge.isic-archive.com/data/#2019",
        licence="CC BY-NC 4.0",
        layout="ISIC_2019_Training_Input/*.jpg, ISIC_2019_Training_{GroundTruth,Metadata}.csv",
        read=read_isic2019,
        counts={
            "images": 25331,
            "MEL": 4522,
            "NV": 12875,
            "BCC": 3323,
            "AK": 867,
            "BKL": 2624,
            "DF": 239,
            "VASC": 253,
            "SCC": 628,
        },
        papers="pales2024: 25331 and 25333, '9 categories'; UNK has no training image",
    ),
    "kermany_chest": NamedDataset(
        title="Paediatric chest X-rays: normal, pneumonia",
        source="https://data.mendeley.com/datasets/rscbjbr9sj",
        licence="CC BY 4.0",
        layout="[chest_xray/]{train,val,test}/{NORMAL,PNEUMONIA}/*.jpeg",
        read=read_kermany_chest,
        counts={"images": 5856, "NORMAL": 1583, "PNEUMONIA": 4273},
        papers="juodelyte2023: 5856 (1583 normal, 4273 pneumonia)",
    ),
    "medfm_chest": NamedDataset(
        title="Chest X-rays, 19 findings (multi-label)",
        source=MEDFMC,
        licence="CC BY 4.0",
        layout=MEDFM_LAYOUT.format(part="chest"),
        read=read_medfm_chest,
        counts={"train": 979, "test": 1161},
        papers="zu2025: 2140 train, 3869 test; the lists have 979 (trainval), 1161 "
        "(test_WithLabel) and 2708 (test_WithoutLabel): the paper's numbers count the 1161 on "
        "both sides",
    ),
    "medfm_colon": NamedDataset(
        title="Colon tissue patches: tumour or not",
        source=MEDFMC,
        licence="CC BY 4.0",
        layout=MEDFM_LAYOUT.format(part="colon"),
        read=read_medfm_colon,
        counts={"train": 2358, "test": 3296},
        papers="zu2025: 5654 train, 7654 test; the lists have 2358, 3296 and 4355 without label: "
        "the paper's numbers count the 3296 on both sides (and 7651 would be right)",
    ),
    "medfm_endo": NamedDataset(
        title="Colonoscopy, 4 findings (multi-label)",
        source=MEDFMC,
        licence="CC BY 4.0",
        layout=MEDFM_LAYOUT.format(part="endo"),
        read=read_medfm_endo,
        counts={"train": 929, "test": 881},
        papers="zu2025: 1810 train, 2936 test; the lists have 929, 881 and 2055 without label: the "
        "paper's numbers count the 881 on both sides",
    ),
    "mrnet": NamedDataset(
        title="Knee MRI, sagittal slices: normal, ACL tear, meniscal tear",
        source="https://stanfordmlgroup.github.io/competitions/mrnet",
        licence="Stanford research use agreement",
        layout="[MRNet-v1.0/]{train,valid}/sagittal/0000.npy ..., {train,valid}-{acl,meniscus}.csv",
        read=read_mrnet,
        counts={"images": 3750, "train": 3390, "validation": 360},
        papers="juodelyte2023: 5222 slices (4235, 569, 418), 1 to 3 a scan, chosen by Mei et al.",
    ),
    "pcam": NamedDataset(
        title="Lymph node patches: tumour or not (PCam-small: max_images = 10000)",
        source="https://github.com/basveeling/pcam",
        licence="CC0",
        layout="camelyonpatch_level_2_split_{train,valid,test}_{x.h5,y.h5,meta.csv}, unpacked",
        read=read_pcam,
        counts={"images": 327680, "train": 262144, "validation": 32768, "test": 32768},
        papers="juodelyte2023: 10000 of '237,680' (4974, 5026); PCam has 327,680",
    ),
}


def named_dataset(name: str) -> NamedDataset:
    """Look up a dataset.

    Raises
    ------
    StudyError
        If there is none of this name.
    """
    if name not in DATASETS:
        near = get_close_matches(name, DATASETS, n=1)
        hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(DATASETS)}"
        raise StudyError(f"no dataset is named {name!r}{hint}")
    return DATASETS[name]


def found_counts(images: ImageSet) -> dict[str, int]:
    """Count images, images of each split, of each class, and of each class in each split."""
    counts = {"images": len(images)}
    parts = {"": images.class_membership}
    if images.official_split is not None:
        for split in ("train", "validation", "test"):
            is_in = images.official_split == split
            counts[split] = int(is_in.sum())
            parts[f"{split} "] = images.class_membership[is_in]
    for prefix, membership in parts.items():
        for name, n in zip(images.class_names, membership.sum(axis=0).tolist(), strict=True):
            counts[f"{prefix}{name}"] = int(n)
    return counts
