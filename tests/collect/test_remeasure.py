"""Measures are taken again from what runs kept, of their own start or of each other."""

import re
from dataclasses import replace

import polars as pl
import pytest
import torch
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from collect.cli import app
from collect.configuration.recorded_measures import unrecorded_measures
from collect.configuration.study import RunConfig
from collect.measures.cka import cka_linear, cka_linear_debiased
from collect.measures.inference import Inference
from collect.measures.registry import MEASURES
from collect.probing.kept_activations import kept_activations, kept_kinds
from collect.probing.remeasure import Wanted, remeasure
from collect.run import execute
from tests.collect.small_runs import small_run
from warehouse.connection import connect
from warehouse.errors import CollectError
from warehouse.ingest import ingest
from warehouse.layout import Layout
from warehouse.shard import MANIFEST, manifest_text

pytestmark = pytest.mark.train


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    """Two networks of other weights, fine-tuned on the same images, and one that kept nothing."""
    root = tmp_path_factory.mktemp("remeasure")
    weights = root / "weights.pth"
    torch.save(_other_weights(), weights)
    first = small_run(root, training={"epochs": 1})
    for config in (
        first,
        first.model_copy(update={"pretraining": str(weights)}),
        small_run(root, training={"epochs": 1}, probing={"keep_activations": False}, seed=5),
    ):
        execute(RunConfig.model_validate(config), Layout(root / "w"), lambda _: None)
    return Layout(root / "w")


def _other_weights():
    import timm

    torch.manual_seed(9)
    return timm.create_model("test_efficientnet", num_classes=0).state_dict()


def rows(layout, query):
    ingest(layout)
    with connect(layout.root, read_only=True) as con:
        return con.sql(query).pl()


def test_another_measure_of_every_run_that_kept_its_activations(layout):
    before = rows(layout, "select * from raw.similarities order by all")
    done = list(remeasure(layout, Wanted(measures=["cka_linear"])))
    assert [one.n_new for one in done] == [2 * 2 * 5] * 2  # two probes, two epochs, five layers
    after = rows(layout, "select * from raw.similarities order by all")
    assert len(after) == len(before) + 40
    again = list(remeasure(layout, Wanted(measures=["cka_linear"])))
    assert [one.n_new for one in again] == [20, 20]
    assert rows(layout, "select * from raw.similarities order by all").equals(after)


def test_values_are_those_of_the_activations(layout):
    run_id = next(iter(remeasure(layout, Wanted(measures=["cka_linear"])))).run_id
    start, end = (
        kept_activations(layout.run(run_id), epoch=epoch, token="mean", probe="source")
        for epoch in (0, 1)
    )
    found = rows(layout, "from raw.similarities").filter(
        run_id=run_id, measure="cka_linear", epoch=1, probe="source", layer="blocks.2"
    )
    expected = cka_linear(end.layers["blocks.2"], start.layers["blocks.2"])
    assert found["value"].to_list() == [pytest.approx(expected, rel=1e-9)]


def test_what_the_run_recorded_is_never_changed(layout):
    directory = next(layout.runs.iterdir())
    before = (directory / "similarities.parquet").read_bytes()
    list(remeasure(layout, Wanted(measures=["cka_linear_debiased"])))
    assert (directory / "similarities.parquet").read_bytes() == before
    keys = rows(layout, "select run_id, epoch, layer, probe, measure from raw.similarities")
    assert not keys.is_duplicated().any()


def test_all_pairs_of_layers(layout):
    list(remeasure(layout, Wanted(measures=["cka_linear"], pairs="all")))
    pairs = rows(layout, "from raw.similarities").filter(
        measure="cka_linear", epoch=0, probe="target"
    )
    assert pairs.group_by("run_id").len()["len"].to_list() == [25, 25]


def test_undefined_values_are_left_out_with_the_reason(layout):
    for one in remeasure(layout, Wanted(measures=["cca_mean"])):
        assert any("has 10 rows and 16 features" in line for line in one.left_out)


def test_runs_are_compared_with_each_other_on_the_same_images(layout):
    done = list(remeasure(layout, Wanted(measures=["cka_linear_debiased"], against="random")))
    assert len(done) == 1
    found = rows(layout, "from raw.similarities").filter(reference="run")
    assert set(found["run_id"]) == {done[0].run_id}
    other = found["reference_run_id"].unique().to_list()
    assert len(other) == 1
    assert other != [done[0].run_id]
    for epoch in (0, 1):
        x, y = (
            kept_activations(layout.run(run), epoch=epoch, token="mean", probe="source")
            for run in (done[0].run_id, other[0])
        )
        value = found.filter(epoch=epoch, probe="source", layer="blocks.3")["value"].item()
        expected = cka_linear_debiased(x.layers["blocks.3"], y.layers["blocks.3"])
        assert value == pytest.approx(expected, rel=1e-9)


def test_null_and_interval_of_other_measures_can_be_asked_for(layout):
    how = Inference(n_permutations=19, n_blocks=5)
    list(remeasure(layout, Wanted(measures=["procrustes"], inference=how)))
    found = rows(layout, "from raw.similarities").filter(measure="procrustes")
    assert len(found) == 40
    inferred = ("null_mean", "null_sd", "null_p_value", "ci_low", "ci_high")
    assert sum(found[name].null_count() for name in inferred) == 0
    assert found["top_image_influence"].null_count() == 40
    list(remeasure(layout, Wanted(measures=["procrustes"])))  # what is known of chance stays
    assert rows(layout, "from raw.similarities").filter(measure="procrustes").equals(found)


def test_what_the_run_recorded_is_completed_when_it_is_taken_again(layout):
    key = ["run_id", "epoch", "layer", "probe"]
    own = (
        "from raw.similarities where measure = 'cka_linear_debiased' and reference = 'pretrained' "
        f"order by {', '.join(key)}"
    )
    before = rows(layout, own)
    files = {path: path.read_bytes() for path in layout.runs.glob("*/similarities.parquet")}
    unknown = before.filter(probe="target", epoch=0)
    assert unknown["null_mean"].null_count() == len(unknown)  # patients have no closed form
    wanted = Wanted(
        measures=["cka_linear_debiased"], again=True, inference=Inference(n_permutations=9)
    )
    done = list(remeasure(layout, wanted))
    assert [one.n_again for one in done] == [20, 20]
    after = rows(layout, own)
    taken = after.filter(pl.col("is_remeasured"))
    assert len(after) == len(before)
    assert taken["null_mean"].null_count() == 0
    assert set(taken["run_id"]) == {one.run_id for one in done}
    same = ["unit", "n_images", "value", "ci_low", "ci_high", "top_image_influence"]
    assert_frame_equal(after.select(key + same), before.select(key + same), rel_tol=1e-9)
    assert {path: path.read_bytes() for path in files} == files
    list(remeasure(layout, Wanted(measures=["rsa"])))  # another measure later leaves it there
    assert rows(layout, own).equals(after)
    assert (ingest(layout).n_new, ingest(layout).n_changed) == (0, 0)


def test_patients_are_the_units_that_the_run_had_unless_images_are_asked_for(layout):
    query = "from raw.similarities where measure = 'angular_cka' and probe = 'target'"
    list(remeasure(layout, Wanted(measures=["angular_cka"])))
    by_patient = rows(layout, query)
    assert set(by_patient["unit"]) == {"group"}
    assert (by_patient["n_images"] < by_patient["n_rows"]).all()
    list(remeasure(layout, Wanted(measures=["angular_cka"], unit="image")))
    by_image = rows(layout, query)
    assert set(by_image["unit"]) == {"image"}
    assert (by_image["n_images"] == by_image["n_rows"]).all()


def test_what_an_older_version_measured_later_is_kept(layout):
    list(remeasure(layout, Wanted(measures=["angular_cka"])))
    for path in layout.runs.glob("*/remeasured.*.parquet"):
        _as_written_before(path)
    list(remeasure(layout, Wanted(measures=["rsa"], unit="image")))
    found = rows(layout, "from raw.similarities")
    older, newer = found.filter(measure="angular_cka"), found.filter(measure="rsa")
    assert (len(older), len(newer)) == (40, 40)
    assert older["n_effective"].is_null().all()
    assert set(newer["n_effective"]) == {10.0, 12.0}


def _as_written_before(path):
    """Take the columns that came later out of a file, and its new hash into the manifest."""
    old = pl.read_parquet(path).drop("n_effective", "top_image_influence")
    old.write_parquet(path)
    (path.parent / MANIFEST).write_text(manifest_text(path.parent))


def test_a_process_killed_before_the_manifest_leaves_the_run_as_it_was(layout):
    list(remeasure(layout, Wanted(measures=["cka_linear"])))
    before = rows(layout, "select count(*) as n from raw.similarities")["n"].item()
    directory = next(path for path in layout.runs.iterdir() if kept_kinds(path))
    pl.DataFrame({"run_id": ["x"]}).write_parquet(directory / "remeasured.0123.parquet")
    report = ingest(layout)
    assert report.problems == ()
    assert rows(layout, "select count(*) as n from raw.similarities")["n"].item() == before


@pytest.mark.parametrize(
    ("options", "study", "message"),
    [
        ({"measures": ["cka"]}, None, "no measure 'cka'; did you mean cka_rbf"),
        ({"measures": ["cka_linear"], "against": "imagenet"}, None, "a partner with 'imagenet'"),
        (
            {"measures": ["cka_linear"]},
            "other",
            "no complete run of a study 'other'; there are small",
        ),
    ],
)
def test_refuses(layout, options, study, message):
    with pytest.raises(CollectError, match=message):
        list(remeasure(layout, Wanted(**options), study=study))


def test_a_run_that_kept_nothing_says_so(layout):
    directory = next(path for path in layout.runs.iterdir() if not kept_kinds(path))
    with pytest.raises(CollectError, match="kept no activations of epoch 0, mean, target"):
        kept_activations(directory, epoch=0, token="mean", probe="target")


def test_the_command_says_what_it_did(layout):
    result = CliRunner().invoke(
        app, ["remeasure", "--measure", "cka_linear", "-w", str(layout.root), "--all-pairs"]
    )
    refused = CliRunner().invoke(
        app, ["remeasure", "--measure", "svcca", "-w", str(layout.root), "--blocks", "1"]
    )
    assert refused.exit_code == 2
    assert "an interval needs at least 2 blocks" in refused.stderr
    assert result.exit_code == 0
    assert result.stderr.count("similarities beside its own") == 2


def test_the_command_says_which_intervals_simulations_corrected(layout, monkeypatch):
    """As if components stayed what they are: of so few images no other measure is defined."""
    influenced = replace(MEASURES["svcca"], influences=MEASURES["cca_mean"].influences)
    monkeypatch.setitem(MEASURES, "svcca", influenced)
    command = ["remeasure", "-w", str(layout.root), "--measure", "svcca", "--measure", "procrustes"]
    few, done = (
        CliRunner().invoke(app, [*command, "--blocks", "5", "--simulations", n])
        for n in ("1", "50")
    )
    assert (few.exit_code, done.exit_code) == (2, 0)
    assert "1: a variance needs at least 50" in few.stderr
    ratios = "select ci_variance_ratio from staging.similarities where ci_low is not null and "
    svcca = rows(layout, f"{ratios} measure = 'svcca'")["ci_variance_ratio"]
    said = re.findall(r"(\d+) intervals of canonical \w+ corrected, (\d+) left", done.stderr)
    corrected, left = (sum(map(int, column)) for column in zip(*said, strict=True))
    assert 0 < corrected == (svcca != 1).sum()
    assert left == (svcca == 1).sum()
    blocks = rows(layout, f"{ratios} measure = 'procrustes'")["ci_variance_ratio"]
    assert set(blocks) == {1.0}


def test_a_study_that_asks_for_more_than_its_runs_were_asked_for_says_so(layout):
    """By the study file: the identity of a run does not depend on what is measured."""
    folder = layout.root.parent
    runs = [
        RunConfig.model_validate(small_run(folder, training={"epochs": 1}, **options))
        for options in ({}, {"probing": {"keep_activations": False}, "seed": 5})
    ]
    assert unrecorded_measures(runs, layout) == []  # also of one that is undefined on few images
    more = [
        run.model_copy(
            update={"probing": run.probing.model_copy(update={"measures": ("cca_mean", "cka_rbf")})}
        )
        for run in runs
    ]
    assert [run.run_id for run in more] == [run.run_id for run in runs]
    kept, lost = unrecorded_measures(more, layout)
    assert kept.startswith("1 complete runs have no cka_rbf: `repdrift collect remeasure --measure")
    assert lost.startswith("1 complete runs have no cka_rbf and kept no activations")
    list(remeasure(layout, Wanted(measures=["cka_rbf"])))
    assert unrecorded_measures(more, layout) == [lost]


def test_runs_that_differ_in_their_seed_alone_are_compared_once(tmp_path):
    runs = [
        RunConfig.model_validate(small_run(tmp_path, training={"epochs": 1}, seed=seed))
        for seed in (0, 1)
    ]
    other = small_run(tmp_path, training={"epochs": 1, "learning_rate": 0.1}, seed=2)
    layout = Layout(tmp_path / "w")
    for config in (*runs, RunConfig.model_validate(other)):
        execute(config, layout, lambda _: None)
    how = Wanted(measures=["cka_linear_debiased"], between_seeds=True)
    (done,) = remeasure(layout, how)
    assert done.run_id == runs[1].run_id
    found = rows(layout, "from marts.final_similarities").filter(reference="run")
    assert found["reference_run_id"].unique().to_list() == [runs[0].run_id]
    x, y = (
        kept_activations(layout.run(run.run_id), epoch=1, token="mean", probe="source")
        for run in reversed(runs)
    )
    value = found.filter(probe="source", layer="blocks.3")["value"].item()
    expected = cka_linear_debiased(x.layers["blocks.3"], y.layers["blocks.3"])
    assert value == pytest.approx(expected, rel=1e-9)
    with pytest.raises(CollectError, match="ask for one of them at a time"):
        list(remeasure(layout, replace(how, against="random")))


def test_a_warehouse_without_a_second_seed_says_so(layout):
    with pytest.raises(CollectError, match="differs in its seed alone"):
        list(remeasure(layout, Wanted(measures=["cka_linear"], between_seeds=True)))
