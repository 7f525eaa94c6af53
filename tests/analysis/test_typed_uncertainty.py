"""A table shows intervals of one kind, and says how to get another."""

import io

import polars as pl
import pytest
from typer.testing import CliRunner

from analysis.analyses import ANALYSES
from analysis.cli import app
from analysis.settings import Settings
from analysis.steps.uncertainty import similarity_rows
from analysis.store import run_analyses
from warehouse.errors import AnalysisError
from warehouse.uncertainty import MixedUncertaintyError, require_one_kind


@pytest.fixture(scope="module")
def warehouse(made_warehouse):
    """Return the made warehouse with intervals over folds and over test images."""
    own = [a for a in ANALYSES if a.name in {"intervals", "test samples"}]
    list(run_analyses(made_warehouse, Settings(), analyses=own))
    return made_warehouse


def printed(*words):
    """Return the rows that a command prints, or raise what it raises."""
    outcome = CliRunner().invoke(app, [str(word) for word in words])
    if outcome.exception:
        raise outcome.exception
    return pl.read_csv(io.StringIO(outcome.stdout))


def test_kinds_side_by_side_are_refused_in_one_line_with_the_way_out(warehouse):
    with pytest.raises(
        MixedUncertaintyError,
        match=r"^intervals would mix intervals over fold and test_sample in one column: choose one "
        r"with --uncertainty, or take them all with --allow-mixed$",
    ):
        printed("intervals", "-w", warehouse)


def test_one_kind_is_printed(warehouse):
    rows = printed("intervals", "-w", warehouse, "--uncertainty", "test_sample")
    assert rows["uncertainty"].unique().to_list() == ["test_sample"]
    assert set(rows["unit"]) == {"group"}
    narrower = printed(
        *("intervals", "-w", warehouse, "--uncertainty", "fold", "--dataset", "eye"),
        *("--score", "accuracy"),
    )
    assert narrower.select("dataset", "score", "uncertainty").unique().rows() == [
        ("eye", "accuracy", "fold")
    ]


def test_a_choice_with_one_kind_left_needs_no_word(warehouse):
    rows = printed("intervals", "-w", warehouse, "--score", "accuracy")  # no test sample of it
    assert set(rows["uncertainty"]) == {"fold"}


def test_the_mixture_is_printed_when_it_is_asked_for(warehouse):
    rows = printed("intervals", "-w", warehouse, "--allow-mixed")
    assert set(rows["uncertainty"]) == {"fold", "test_sample"}


def test_what_is_not_there_is_said(warehouse):
    with pytest.raises(AnalysisError, match="no row has dataset = 'nose'; there are bone, eye, "):
        printed("intervals", "-w", warehouse, "--dataset", "nose")


def test_forgetting_prints_other_queries_unless_told_otherwise(warehouse):
    rows = printed("forgetting", "-w", warehouse)
    assert set(rows["uncertainty"]) == {"test_sample"}
    change = rows.filter(dataset="eye", adaptation="full", quantity="change").row(0, named=True)
    assert change["accuracy_before"] == pytest.approx(48 / 60)
    assert change["estimate"] == pytest.approx(-13 / 60)
    assert change["ci_low"] < change["estimate"] < change["ci_high"] < 0
    total = printed("forgetting", "-w", warehouse, "--uncertainty", "total")
    assert set(total["method"]) == {"sum"}
    every = printed("forgetting", "-w", warehouse, "--allow-mixed")
    assert set(every["uncertainty"]) == {"fold", "test_sample", "total"}


def test_forgetting_says_what_it_needs(published_warehouse):
    with pytest.raises(AnalysisError, match=r"no run in .* kept votes on source images before"):
        printed("forgetting", "-w", published_warehouse)


@pytest.mark.parametrize("kinds", [[], ["fold"], ["seed", "seed"]])
def test_one_kind_or_none_passes(kinds):
    require_one_kind(kinds, table="scores", way_out="")


def test_three_kinds_are_named():
    with pytest.raises(MixedUncertaintyError, match="over fold, seed and stimulus in one column"):
        require_one_kind(["stimulus", "seed", "fold", "seed"], table="scores", way_out="")
    require_one_kind(["fold", "seed"], table="scores", way_out="", allow_mixed=True)


def test_similarities_on_a_shared_probe_have_stimulus_runs_and_total():
    runs = pl.DataFrame(
        {
            **{"origin": "repdrift", "study": "s", "dataset": "knee", "backbone": "tiny"},
            **{"pretraining": "imagenet", "adaptation": "full", "pooling": "cls"},
            **{"head": "linear", "layer": "last", "token": "cls", "measure": "cka_linear_debiased"},
            **{"reference": "pretrained", "reference_layer": "last"},
            "probe": ["source"] * 3 + ["target"] * 3,
            "run_id": list("abcabc"),
            "fold": [1, 2, 3] * 2,
            "n_folds": 3,
            "n_blocks": pl.Series([None] * 6, dtype=pl.Int32),
            "variant": "",
            **dict.fromkeys(("seed", "n_train", "n_test"), 0),
            "value": [0.5, 0.6, 0.7] * 2,
            "ci_low": [0.4, 0.5, 0.6] * 2,
            "ci_high": [0.55, 0.65, 0.75] * 2,
            "n_images": 200,
        }
    ).with_columns(n_train=200, n_test=100)
    rows = similarity_rows(runs, Settings())
    found = {
        probe: sorted(own.select("uncertainty", "method").rows())
        for (probe,), own in rows.group_by("probe")
    }
    over_folds = ("fold", "nadeau_bengio")
    # Every fold's target probe is its own: the interval over folds holds the stimuli already.
    assert found == {
        "source": [over_folds, ("stimulus", "jackknife_bound"), ("total", "sum")],
        "target": [over_folds, ("stimulus", "jackknife_independent")],
    }
    error = rows.filter(uncertainty="stimulus", probe="source")["std_error"].item()
    assert error == pytest.approx(0.1 / 1.959963984540054, rel=1e-12)  # the longer side
    own = rows.filter(uncertainty="stimulus", probe="target")["std_error"].item()
    assert own == pytest.approx(error / 3**0.5, rel=1e-12)
