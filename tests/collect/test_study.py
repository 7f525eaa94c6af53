"""A study file spans a grid of runs; what cannot be meant is refused by key and reason."""

import tomllib
from pathlib import Path

import polars as pl
import pytest

from collect.configuration import spellings
from collect.configuration.study import RunConfig, Study
from warehouse.errors import StudyError

STUDY = """
name = "pneumonia"
seeds = [0, 1]
folds = 5
[dataset]
path = "pneumonia.npz"
[network]
backbone = ["resnet18"]
pretraining = ["imagenet"]
adaptation = ["full", "linear", "scratch"]
[training]
epochs = 10
[training_overrides.linear]
learning_rate = 1e-2
[probing]
epochs = [0, 5]
"""


def study_from(text: str) -> Study:
    return Study.model_validate(tomllib.loads(text))


def with_data(run: RunConfig, data_hash: str = "0" * 64) -> RunConfig:
    return run.model_copy(update={"data_hash": data_hash})


def test_spans_every_combination_once():
    runs = study_from(STUDY).runs()
    assert len(runs) == 3 * 2 * 5
    assert len({with_data(run).run_id for run in runs}) == len(runs)
    assert {(run.adaptation, run.seed, run.fold) for run in runs} == {
        (adaptation, seed, fold)
        for adaptation in ("full", "linear", "scratch")
        for seed in (0, 1)
        for fold in range(1, 6)
    }


def test_replicate_follows_replicate():
    runs = study_from(STUDY.replace("[0, 1]", "[7, 1]")).runs()
    replicates = [(run.seed, run.fold) for run in runs]
    assert replicates[::3] == [(seed, fold) for seed in (7, 1) for fold in range(1, 6)]
    assert [run.adaptation for run in runs[:3]] == ["full", "linear", "scratch"]
    assert {replicates[i : i + 3].count(replicates[i]) for i in range(0, 30, 3)} == {3}


def test_scratch_starts_from_random_weights_and_occurs_once():
    text = STUDY.replace('["imagenet"]', '["imagenet", "radimagenet", "random"]')
    runs = study_from(text).runs()
    scratch = [run for run in runs if run.adaptation == "scratch"]
    assert {run.pretraining for run in scratch} == {"random"}
    assert len({with_data(run).run_id for run in scratch}) == 2 * 5
    assert ("full", "random") not in {(run.adaptation, run.pretraining) for run in runs}
    assert ("linear", "random") in {(run.adaptation, run.pretraining) for run in runs}


def test_blocks_multiply_only_the_adaptations_that_have_them():
    text = STUDY.replace('"linear"', '"freeze_first_k"').replace(
        "[network]", "[network]\nn_blocks = [2, 4]"
    )
    text = text.replace("[training_overrides.linear]", "[training_overrides.freeze_first_k]")
    blocks = [(run.adaptation, run.n_blocks) for run in study_from(text).runs() if run.fold == 1]
    assert sorted(set(blocks), key=str) == [
        ("freeze_first_k", 2),
        ("freeze_first_k", 4),
        ("full", None),
        ("scratch", None),
    ]


def test_an_adaptation_can_have_training_settings_of_its_own():
    study = study_from(STUDY)
    assert study.training_of("linear").learning_rate == 1e-2
    assert study.training_of("linear").epochs == 10
    assert study.training_of("full").learning_rate == 1e-3


def test_run_ids_are_those_of_earlier_versions():
    run = with_data(study_from(STUDY).runs()[0])
    assert run.run_id == "ff586cf845c855db"
    probing = {"n_permutations": 0, "n_blocks": 0, "resampled": "probed", "unit": "group"}
    other = run.model_copy(update={"probing": run.probing.model_copy(update=probing)})
    assert other.run_id == run.run_id


def test_run_id_ignores_where_the_data_lie_and_what_is_probed():
    here = with_data(study_from(STUDY).runs()[0])
    there = with_data(
        study_from(
            STUDY.replace('"pneumonia.npz"', '"/elsewhere/pneumonia.npz"')
            .replace("[0, 5]", '"all"')
            .replace('"pneumonia"\n', '"another study"\n')
        ).runs()[0]
    )
    assert there.run_id == here.run_id
    assert there.config_hash != here.config_hash


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("epochs = 10", "epochs = 11"),
        ("folds = 5", "folds = 4"),
        ("resnet18", "resnet34"),
        ("[0, 1]", "[7, 1]"),
        ("epochs = 10", 'epochs = 10\nmonitor = "auc"'),
        ('"pneumonia.npz"', '"pneumonia.npz"\nvalidation_fraction = 0.2'),
    ],
)
def test_run_id_depends_on_what_decides_the_result(before, after):
    run = study_from(STUDY).runs()[0]
    other = study_from(STUDY.replace(before, after)).runs()[0]
    assert with_data(other).run_id != with_data(run).run_id


def test_run_ids_stay_what_they_were():
    """A warehouse knows its runs by them: whoever changes one trains everything once more."""
    assert with_data(study_from(STUDY).runs()[0]).run_id == "ff586cf845c855db"


MINIATURES = """
[network]
backbone = ["miniature_supervised", "resnet18", "miniature_selfsupervised"]
pretraining = ["imagenet"]
adaptation = ["full", "scratch"]
"""


def with_network(table):
    before, _, rest = STUDY.partition("[network]")
    return study_from(before + table + rest[rest.index("[training]") :])


def test_the_name_of_a_miniature_says_its_weights_too():
    named = {(run.backbone, run.pretraining) for run in with_network(MINIATURES).runs()}
    assert named == {
        ("miniature_vit", "supervised"),
        ("miniature_vit", "selfsupervised"),
        ("miniature_vit", "random"),
        ("resnet18", "imagenet"),
        ("resnet18", "random"),
    }


def test_recorded_runs_are_those_of_the_studies_that_name_the_miniatures():
    folder = Path(spellings.__file__).parents[1] / "studies"
    names = ("zu2025_miniature", "zu2025_miniature_baselines")
    runs = [run for name in names for run in Study.load(folder / f"{name}.toml").runs()]
    recorded = pl.read_parquet(folder / names[0] / "runs.parquet")
    hashes = dict(recorded.select("dataset", "data_hash").unique().iter_rows())
    ids = {with_data(run, hashes[run.dataset.name]).run_id for run in runs}
    assert set(recorded["run_id"]) <= ids
    assert len(ids) == 320


def test_the_demo_takes_a_miniature_beside_a_genuine_imagenet_network():
    folder = Path(spellings.__file__).parents[1] / "studies"
    runs = Study.load(folder / "demo.toml").runs()
    networks = {(run.backbone, run.pretraining) for run in runs if run.adaptation == "full"}
    assert networks == {("tf_efficientnet_lite0", "imagenet"), ("miniature_vit", "supervised")}
    assert len(runs) == 5 * 5


def test_a_miniature_by_either_name_is_the_same_run():
    rest = 'adaptation = ["full", "linear", "scratch"]\n'
    long = '[network]\nbackbone = "miniature_vit"\npretraining = ["supervised", "contrastive"]\n'
    short = '[network]\nbackbone = ["miniature_supervised", "miniature_contrastive"]\n'
    ids = [
        [with_data(run).run_id for run in with_network(table + rest).runs()]
        for table in (long, short)
    ]
    assert ids[0] == ids[1]


def test_run_id_depends_on_the_data_and_needs_them():
    run = study_from(STUDY).runs()[0]
    assert with_data(run, "a" * 64).run_id != with_data(run, "b" * 64).run_id
    with pytest.raises(ValueError, match="no data_hash"):
        _ = run.run_id


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        ("folds = 5", "folds = 1", "folds = 1: cross-validation needs at least 2"),
        ("epochs = 10", "epocs = 10", r"training\.epocs: unknown key; did you mean epochs\?"),
        ("backbone", "backbon", r"network\.backbon: unknown key; did you mean backbone\?"),
        ("path", "pth", r"dataset\.pth: unknown key; did you mean path\?"),
        (
            '"pneumonia.npz"',
            '"x.npz"\nfolds = 3',
            r"dataset\.folds: unknown key; known are batch_size,",
        ),
        (
            "epochs = 10",
            "epochs = 10\nhead_phase = {epoch = 2}",
            r"head_phase\.epoch: unknown key; di",
        ),
        ("epochs = 10", "epochs = 0", r"training\.epochs: 0: must be greater than or equal to 1"),
        ('"full"', '"ful"', r"network\.adaptation\.0: 'ful': must be 'none', 'full'"),
        ("[0, 5]", "[0, 5]\nn_blocks = 1", r"probing\.n_blocks: 1: an interval needs at least 2"),
        ("[0, 5]", "[0, 5]\nn_simulations = 49", r"n_simulations: 49: a variance needs at least"),
        ("[0, 5]", '"al"', r"probing\.epochs: 'al': must be 'all' or 'last'"),
        ("[0, 5]", "[0, -5]", r"probing\.epochs\.1: -5: must be greater than or equal to 0"),
        ("[0, 5]", "[0, 11]", r"probing\.epochs: 11 is after the last epoch of any run, .* is 10"),
        (
            'backbone = ["resnet18"]\npretraining = ["imagenet"]',
            'backbone = ["miniature_suprvised"]',
            r"pretraining is missing: .* \(or is miniature_supervised meant\?\)",
        ),
        ("1e-2", '"x"', r"training_overrides\.linear: learning_rate: 'x'"),
        ('name = "pneumonia"', "", "name: is missing"),
        ('path = "pneumonia.npz"', "", "dataset: path is missing: an NPZ"),
        (
            'pretraining = ["imagenet"]',
            "",
            "network: pretraining is missing: resnet18 needs a list of weights",
        ),
        (
            '"resnet18"',
            '"miniature_supervised"',
            "network: pretraining: miniature_supervised names",
        ),
        ('"linear"', '"keep_first_k"', r"network: n_blocks is missing: keep_first_k needs"),
        ("epochs = 10", "epochs = 2\nwarmup_epochs = 2", "training: warmup_epochs = 2: warm-up"),
        (
            "epochs = 10",
            'epochs = 10\nmonitor = "auc"\nsearch_learning_rates = [0.1]',
            "search_learning_rates compares losses: leave out monitor",
        ),
        ("[0, 5]", "[0, 5", "no readable TOML"),
    ],
)
def test_refuses(tmp_path, before, after, message):
    path = tmp_path / "study.toml"
    path.write_text(STUDY.replace(before, after))
    with pytest.raises(StudyError, match=message) as caught:
        Study.load(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_several_networks_span_a_grid_each():
    text = STUDY.replace("[network]", "[[network]]").replace(
        "[training]",
        """[[network]]
backbone = "vit_base_patch14_dinov2"
pretraining = "lvd142m"
adaptation = ["full", "scratch"]
pooling = ["cls", "mean"]
image_size = 518
[training]""",
    )
    runs = [run for run in study_from(text).runs() if (run.seed, run.fold) == (0, 1)]
    assert [
        (run.backbone, run.pretraining, run.adaptation, run.pooling, run.image_size) for run in runs
    ] == [
        ("resnet18", "imagenet", "full", "mean", None),
        ("resnet18", "imagenet", "linear", "mean", None),
        ("resnet18", "random", "scratch", "mean", None),
        ("vit_base_patch14_dinov2", "lvd142m", "full", "cls", 518),
        ("vit_base_patch14_dinov2", "lvd142m", "full", "mean", 518),
        ("vit_base_patch14_dinov2", "random", "scratch", "cls", 518),
        ("vit_base_patch14_dinov2", "random", "scratch", "mean", 518),
    ]


def test_a_dataset_can_have_its_own_size_and_batch():
    text = STUDY.replace(
        'path = "pneumonia.npz"', 'path = "pneumonia.npz"\nimage_size = 112\nbatch_size = 128'
    )
    run = study_from(text).runs()[0]
    assert (run.image_size, run.training.batch_size) == (112, 128)


MINIATURE = """
[miniature]
folds = 2
seeds = [0]
dataset = {path = "small.npz", max_images = 60}
[miniature.training]
epochs = 1
"""


def test_a_miniature_puts_its_table_on_top(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(STUDY + MINIATURE)
    small = Study.load(path, miniature=True)
    assert small.name == "pneumonia-miniature"
    assert len(small.runs()) == 3 * 2
    run = small.runs()[0]
    assert (run.training.epochs, run.dataset.max_images, run.backbone) == (1, 60, "resnet18")
    assert small.training_of("linear").learning_rate == 1e-2
    assert len(Study.load(path).runs()) == 3 * 2 * 5


def test_refuses_a_miniature_where_the_file_has_none(tmp_path):
    path = tmp_path / "study.toml"
    path.write_text(STUDY)
    with pytest.raises(StudyError, match=r"study\.toml: has no \[miniature\] table"):
        Study.load(path, miniature=True)


def test_refuses_a_missing_file(tmp_path):
    with pytest.raises(StudyError, match=r"absent\.toml: no such study file"):
        Study.load(tmp_path / "absent.toml")


def test_refuses_two_datasets_of_one_name():
    text = STUDY.replace("[dataset]", '[[dataset]]\npath = "a/pneumonia.npz"\n[[dataset]]')
    with pytest.raises(ValueError, match="two datasets have the same name"):
        study_from(text)


def test_the_example_of_the_documentation_is_valid():
    text = (Path(__file__).parents[2] / "docs" / "collect.md").read_text()
    example = tomllib.loads(text.split("```toml")[1].split("```")[0])
    example.pop("miniature")
    assert len(Study.model_validate(example).runs()) == 15


STUDIES = sorted((Path(__file__).parents[2] / "collect" / "studies").glob("*.toml"))


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_every_committed_study_is_valid(path):
    assert Study.load(path).runs()
    if "[miniature]" in path.read_text():
        assert Study.load(path, miniature=True).runs()
