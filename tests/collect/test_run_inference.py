"""The noise floors and intervals that a run records, and of which units they are."""

from dataclasses import replace

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from collect.configuration.probing_section import MINIMUM_OF_SIMULATIONS
from collect.measures import inference
from collect.measures.registry import MEASURES
from tests.collect.small_runs import done, record, small_run, table, write_npz

pytestmark = pytest.mark.train


def test_noise_floor_and_interval_of_every_measure_are_taken_at_the_selected_epoch(tmp_path):
    measures = ("rsa", "procrustes", "cka_linear")
    probing = {"measures": measures, "epochs": (1, 2), "n_permutations": 9, "n_blocks": 5}
    probing |= {"unit": "image"}
    path, _ = done(small_run(tmp_path, probing=probing, with_source=False), tmp_path / "w")
    selected = record(path)["selected_epoch"]
    similarities = table(path, "similarities")
    inferred = ["null_mean", "null_sd", "null_p_value", "ci_low", "ci_high", "trimmed_value"]
    at_the_end = similarities.filter(epoch=selected)
    assert set(at_the_end["measure"]) == set(measures)
    assert at_the_end.select(inferred).null_count().sum_horizontal().item() == 0
    before = similarities.filter(pl.col("epoch") != selected, pl.col("measure") == "procrustes")
    assert before.select(inferred).null_count().row(0) == (len(before),) * 6
    closed = similarities.filter(pl.col("measure") != "procrustes")
    at_once = ["ci_low", "ci_high", "top_image_influence"]
    assert closed.select(at_once).null_count().row(0) == (0, 0, 0)
    assert set(similarities["n_effective"]) == {10}
    stages = table(path, "timings").filter(stage="resample")
    assert stages["epoch"].to_list() == [selected]


@pytest.mark.parametrize("n_simulations", [0, MINIMUM_OF_SIMULATIONS])
def test_influences_give_intervals_where_layers_are_simulated(tmp_path, monkeypatch, n_simulations):
    """As if components stayed what they are: of so few images no other measure is defined."""
    influenced = replace(MEASURES["svcca"], influences=MEASURES["cca_mean"].influences)
    monkeypatch.setitem(MEASURES, "svcca", influenced)
    chance = {"n_permutations": 0, "n_blocks": 9, "n_simulations": n_simulations}
    probing = {"measures": ("svcca", "procrustes"), "epochs": "last", "probes": ("source",)}
    path, _ = done(small_run(tmp_path, probing={**probing, **chance}), tmp_path / "w")
    intervals = table(path, "similarities").filter(pl.col("ci_low").is_not_null())
    ratios = dict(intervals.group_by("measure").agg("ci_variance_ratio").iter_rows())
    assert set(ratios["procrustes"]) == {1.0}
    assert any(ratio != 1 for ratio in ratios.get("svcca", [])) == (n_simulations > 0)


def test_studies_and_measures_agree_on_how_many_simulations_are_few():
    assert inference.MINIMUM_OF_SIMULATIONS == MINIMUM_OF_SIMULATIONS


def test_resampling_changes_no_value(tmp_path):
    plain, resampled, every = (
        table(
            done(
                small_run(tmp_path, probing={"measures": ("rsa", "cka_linear"), **probing}),
                tmp_path / name,
            )[0],
            "similarities",
        )
        for name, probing in (
            ("plain", {"n_permutations": 0, "n_blocks": 0}),
            ("selected", {"n_permutations": 5, "n_blocks": 0}),
            ("every", {"n_permutations": 5, "n_blocks": 0, "resampled": "probed"}),
        )
    )
    key = ["epoch", "layer", "probe", "measure"]
    values = [rows.sort(key).select(*key, "value") for rows in (plain, resampled, every)]
    assert_frame_equal(values[0], values[1], check_exact=True)
    assert_frame_equal(values[0], values[2], check_exact=True)
    rsa = every.filter(measure="rsa")
    assert rsa["null_mean"].null_count() == 0
    assert rsa["epoch"].n_unique() == 3


def test_positions_are_paired_and_left_out_with_their_image(tmp_path):
    probing = {"tokens": ("spatial",), "measures": ("cca_mean",), "n_permutations": 5}
    probing |= {"unit": "image"}
    path, _ = done(small_run(tmp_path, probing=probing, with_source=False), tmp_path / "w")
    rows = table(path, "similarities").filter(epoch=record(path)["selected_epoch"], probe="target")
    assert (rows["n_rows"] > rows["n_images"]).any()
    assert (rows["n_images"] == 10).all()
    assert (rows["n_effective"] < rows["n_rows"]).any()
    assert (rows["n_effective"] >= rows["n_images"]).all()
    assert rows["null_mean"].null_count() == 0


def test_patients_are_units_where_the_data_name_them(tmp_path):
    probing = {"n_target": 16, "n_permutations": 9, "epochs": "last"}
    measures = ("cka_linear_debiased", "procrustes")
    path, _ = done(small_run(tmp_path, probing={**probing, "measures": measures}), tmp_path / "w")
    rows = table(path, "similarities").filter(epoch=record(path)["selected_epoch"])
    target, source = rows.filter(probe="target"), rows.filter(probe="source")
    assert (target["n_rows"] == 16).all()
    assert (target["n_images"] == 8).all()  # two images of each patient
    assert (target["n_effective"] <= 16).all()
    assert (source["n_images"] == source["n_rows"]).all()  # one of each
    assert rows["null_mean"].null_count() == 0
    assert set(rows["unit"]) == {"group"}
    assert record(path)["hyperparameters"]["probing"]["unit"] == "group"


def test_images_are_units_where_the_study_asks_for_them_or_the_data_name_no_patients(tmp_path):
    unnamed = tmp_path / "unnamed"
    unnamed.mkdir()
    write_npz(unnamed / "binary.npz", n_groups=None)
    for folder, unit in ((tmp_path, "image"), (unnamed, "group")):
        probing = {"n_target": 16, "n_permutations": 0, "epochs": "last", "unit": unit}
        path, _ = done(small_run(folder, probing=probing, with_source=False), folder / "w")
        rows = table(path, "similarities").filter(measure="cka_linear_debiased")
        assert set(rows["unit"]) == {"image"}
        assert (rows["n_images"] == 16).all()
        assert rows["null_mean"].null_count() == 0  # the closed form is of images
