"""Reliability diagrams: bins, counts and intervals of the predictions that runs kept, analysed."""

import numpy as np
import polars as pl
import pytest
import torch
from scipy import stats

from analysis.analyses import ANALYSES
from analysis.computing import STUDIES, analysis_tables
from analysis.settings import Settings
from collect.measures.calibration import expected_calibration_error, reliability_diagram
from reports.exhibits import reliability
from reports.store import read
from tests.reports.building import GROUP, add_runs, built, drawn, figure_of, rows, segments
from tests.reports.conftest import insert
from warehouse.views import read_view

N = 400


def add_predictions(
    con, probabilities: np.ndarray, labels: np.ndarray, **columns: pl.Series | int
) -> None:
    """Keep predictions of run v1 at its selected epoch; one image a patient unless told."""
    is_multi = labels.ndim == 2
    said = pl.DataFrame(
        {
            "sample_id": [f"i{i:04d}" for i in range(len(labels))],
            "label": pl.Series(
                [None] * len(labels) if is_multi else labels.tolist(), dtype=pl.Int32
            ),
            "labels": pl.Series(
                labels.tolist() if is_multi else [None] * len(labels), dtype=pl.List(pl.UInt8)
            ),
            "probabilities": pl.Series(probabilities.tolist(), dtype=pl.List(pl.Float32)),
        }
    ).with_columns(
        run_id=pl.lit("v1"),
        epoch=2,
        split=pl.lit("test"),
        confidence_source=pl.lit("head"),
        token=pl.lit("cls"),
        n_neighbours=0,
        group_id=pl.lit(None, pl.String),
    )
    said = said.with_columns(**columns)
    add_runs(con, {"run_id": "v1", "pretraining": "imagenet", "adaptation": "full"})
    con.execute("drop view predictions")
    con.register("said", said)
    con.execute("create temporary table predictions as from said")
    con.unregister("said")


def analysed(con) -> pl.DataFrame:
    """Analyse the predictions as they are now, and return what a report reads."""
    (analysis,) = [one for one in ANALYSES if one.name == "reliability"]
    rows = con.sql(analysis.query).pl()
    tables = analysis_tables(analysis, rows, read_view(con, STUDIES), Settings())
    con.execute("delete from results.reliability")
    for name, found in tables.items():
        insert(con, f"results.{name}", found.with_columns(analysis_id=pl.lit("a1")))
    return read(con, "reliability")


def three_classes(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return overconfident probabilities in 32 bit, some on the edge of a bin, and labels."""
    probabilities = rng.dirichlet([0.6, 0.6, 0.6], N).astype(np.float32)
    probabilities[:3] = [[0.4, 0.3, 0.3], [0.6, 0.2, 0.2], [1.0, 0.0, 0.0]]
    return probabilities, rng.integers(0, 3, N)


@pytest.mark.parametrize("several", [False, True], ids=["one class", "several labels"])
def test_bins_are_those_of_the_calibration_error(con, rng, several):
    probabilities, labels = three_classes(rng)
    if several:
        labels = (rng.random((N, 3)) < probabilities).astype(int)
    add_predictions(con, probabilities, labels)
    bins = analysed(con)
    said, true = torch.tensor(probabilities), torch.tensor(labels)
    expected = reliability_diagram(said, true)
    np.testing.assert_array_equal(bins["n_forecasts"], expected.count)
    np.testing.assert_allclose(bins["lower"], expected.lower, rtol=1e-6)  # edges are 32 bit there
    np.testing.assert_allclose(bins["confidence"], expected.confidence, rtol=1e-12)
    np.testing.assert_allclose(bins["accuracy"], expected.frequency, rtol=1e-12)
    ece = expected_calibration_error(said, true)
    np.testing.assert_allclose(bins["ece"], [ece] * len(bins), rtol=1e-10)


def test_intervals_of_one_image_a_patient_are_those_of_wilson(con, rng):
    add_predictions(con, *three_classes(rng))
    bins = analysed(con)
    assert len(bins) > 5
    for row in bins.iter_rows(named=True):
        n = row["n_forecasts"]
        right = round(row["accuracy"] * n)
        wilson = stats.binomtest(right, n).proportion_ci(0.95, method="wilson")
        assert (row["ci_low"], row["ci_high"]) == pytest.approx(tuple(wilson), rel=1e-9, abs=1e-12)


def test_images_of_one_patient_count_as_little_as_they_are_alike(con):
    # Each patient ten times the same image: by hand, with G patients of r images each, all right
    # or all wrong, n_effective = r G (G - 1) / (r G - 1), hardly more than G - 1.
    probabilities = np.tile(np.array([0.9, 0.1], np.float32), (200, 1))
    labels = np.repeat([0] * 12 + [1] * 8, 10)
    patients = pl.Series([f"p{i // 10}" for i in range(200)])
    add_predictions(con, probabilities, labels, group_id=patients)
    (row,) = analysed(con).iter_rows(named=True)
    assert (row["n_forecasts"], row["n_patients"]) == (200, 20)
    assert row["n_effective"] == pytest.approx(200 * 19 / 199, rel=1e-12)
    assert row["ci_low"] < stats.binomtest(12, 20).proportion_ci(method="wilson").low


def test_a_patient_of_two_runs_is_one_patient(con, rng):
    probabilities, labels = three_classes(rng)
    add_predictions(con, probabilities, labels)
    once = analysed(con)
    add_runs(con, {"run_id": "v2", "pretraining": "imagenet", "adaptation": "full", "seed": 1})
    con.execute("insert into predictions select * replace ('v2' as run_id) from predictions")
    twice = analysed(con)
    np.testing.assert_allclose(twice["accuracy"], once["accuracy"], rtol=1e-12)
    assert twice["n_forecasts"].to_list() == (2 * once["n_forecasts"]).to_list()
    assert twice["n_patients"].to_list() == once["n_patients"].to_list()
    # The same verdicts once more tell nothing more: n (n - 1) / (n - 1/2) of 2 n are worth about n.
    worth, alone = twice["n_effective"].to_numpy(), once["n_effective"].to_numpy()
    is_mixed = ~np.isin(once["accuracy"].to_numpy(), [0.0, 1.0])
    np.testing.assert_allclose(
        worth[is_mixed], (alone * (alone - 1) / (alone - 0.5))[is_mixed], rtol=1e-9
    )


def test_a_bin_that_is_always_right_counts_patients(con):
    probabilities = np.tile(np.array([0.9, 0.1], np.float32), (40, 1))
    patients = pl.Series([f"p{i // 10}" for i in range(40)])
    add_predictions(con, probabilities, np.zeros(40, int), group_id=patients)
    (row,) = analysed(con).iter_rows(named=True)
    wilson = stats.binomtest(4, 4).proportion_ci(method="wilson")
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(tuple(wilson), rel=1e-9)


def test_only_the_epoch_that_stands_for_the_run_counts(con, rng):
    add_predictions(con, *three_classes(rng), epoch=1)
    assert analysed(con).is_empty()
    con.execute("update raw.runs set selected_epoch = 1 where run_id = 'v1'")
    assert analysed(con)["n_forecasts"].sum() == N


def add_calibration(con, rng: np.random.Generator) -> None:
    """Keep predictions of a run and insert the mean of its calibration error."""
    add_predictions(con, *three_classes(rng))
    analysed(con)
    interval = GROUP | {
        "origin": "repdrift",
        "study": "s",
        "dataset": "breast",
        "backbone": "vit",
        "pretraining": "imagenet",
        "adaptation": "full",
        "pooling": "cls",
        "head": "linear",
        "token": "cls",
        "score": "ece_width_15",
        "uncertainty": "fold",
        "method": "nadeau_bengio",
        "n_runs": 1,
        "run_ids": ["v1"],
        "estimate": 0.2,
    }
    insert(con, "results.intervals", rows(interval))


def test_the_diagram_shows_bins_intervals_and_both_calibration_errors(con, rng):
    add_calibration(con, rng)
    (artefact,) = built(con, reliability.EXHIBIT)
    bins = read(con, "reliability")
    figure = figure_of(artefact)
    axis, strip = figure.axes
    lines = {str(line.get_label()): drawn(line) for line in axis.lines}
    np.testing.assert_allclose(lines["vit · imagenet"], bins.select("confidence", "accuracy"))
    (intervals,) = axis.collections
    ends = np.asarray([ends[:, 1] for ends in segments(intervals)])
    np.testing.assert_allclose(ends, bins.select("ci_low", "ci_high"))
    shares = segments(strip.collections[0])
    np.testing.assert_allclose([part[0, 1] for part in shares], bins["n_forecasts"] / N)
    (printed,) = [text.get_text() for text in axis.texts]
    assert printed == f"ECE {bins['ece'][0]:.3f}\nn 400, 1 run"
    np.testing.assert_allclose(lines["calibrated"][:, 0], lines["calibrated"][:, 1])
