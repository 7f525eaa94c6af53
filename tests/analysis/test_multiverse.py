"""The multiverse: a declared grid of choices, every combination fitted, and one test of all."""

import io
import json
from dataclasses import asdict, replace

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from polars.testing import assert_frame_equal
from typer.testing import CliRunner

from analysis.cli import app
from analysis.grids import DEFAULT_GRID, load_grid
from analysis.recomputation import recomputed
from analysis.regression.fits import METHODS, regress
from analysis.regression.grid import Grid, UnknownChoiceError, read_grid
from analysis.regression.multiverse import joint_test, specification_curve, specifications
from analysis.regression.signs import standardised_statistics
from analysis.regression.stacking import Model, stack
from analysis.regression.wild import sign_vectors
from tests.analysis.documented import documented_rates
from tests.analysis.gain_designs import DESIGNS, N_DATASETS, STATISTICS, rejections
from warehouse.connection import connect
from warehouse.errors import ChoiceError
from warehouse.lineage import AnalysisState
from warehouse.views import read_view


def gains(rng, *, slope, clusters=8, layers=3):
    n = clusters * 5
    frames = []
    scratch = 0.5 + 0.1 * np.repeat(rng.uniform(size=clusters), 5) + 0.01 * rng.normal(size=n)
    shared = 0.05 * np.repeat(rng.normal(size=clusters), 5)
    base = rng.uniform(size=n)
    for layer in range(layers):
        similarity = 0.7 * base + 0.3 * rng.uniform(size=n)
        score = scratch + 0.2 + slope * base + shared + 0.01 * rng.normal(size=n)
        frames.append(
            pl.DataFrame(
                {
                    "question": "q",
                    "layer": f"layer{layer}",
                    "measure": "cka",
                    "dataset": np.repeat(np.arange(clusters), 5).astype(str),
                    "run_id": [str(i) for i in range(n)],
                    "similarity": similarity,
                    "outcome_value": score,
                    "scratch_value": scratch,
                }
            )
        )
    return pl.concat(frames)


def test_every_combination_of_choices_is_one_specification(rng):
    curve = specification_curve(gains(rng, slope=-0.3), DEFAULT_GRID, by=["question"])
    ols = curve.filter(pl.col("method") == "ols")
    assert len(ols) == 3 * 3 * 2  # layers, gains, rules for outliers
    assert ols.sort("estimate")["rank"].to_list() == list(range(1, 19))


def test_ancova_specification_is_the_regression_with_a_covariate(rng):
    points = gains(rng, slope=-0.3, layers=1)
    grid = replace(DEFAULT_GRID, gains=("ancova",), outliers=("kept",))
    ours = specification_curve(points, grid, by=["question"])
    covariate = regress(
        points, Model(controls=("scratch_value",)), by=["layer"], methods=grid.standard_errors
    ).filter(pl.col("term") == "similarity")
    numbers = ["estimate", "ci_low", "p_value"]
    assert_allclose(ours.select(numbers), covariate.select(numbers), rtol=1e-9)


def test_no_points_are_no_specifications(rng):
    points = gains(rng, slope=0.0).head(0)
    assert specification_curve(points, DEFAULT_GRID, by=["question"]).is_empty()
    assert joint_test(points, DEFAULT_GRID, by=["question"]).is_empty()


def test_questions_do_not_lend_each_other_their_scratch_or_their_outliers(rng):
    hard, easy = gains(rng, slope=-0.3), gains(rng, slope=0.4)
    easy = easy.with_columns(pl.col("outcome_value", "scratch_value") + 2, question=pl.lit("easy"))
    together = specification_curve(pl.concat([hard, easy]), DEFAULT_GRID, by=["question"])
    for name, points in (("q", hard), ("easy", easy)):
        alone = specification_curve(points, DEFAULT_GRID, by=["question"])
        mine = together.filter(pl.col("question") == name)
        assert mine["estimate"].to_list() == pytest.approx(alone["estimate"].to_list(), rel=1e-9)
        assert mine["n_runs"].to_list() == alone["n_runs"].to_list()


def test_the_outcome_is_a_choice_that_the_joint_test_can_range_over(rng):
    points = pl.concat(
        gains(rng, slope=slope, layers=2).with_columns(score=pl.lit(score))
        for score, slope in (("auc", -0.3), ("accuracy", -0.2))
    )
    row = joint_test(points, DEFAULT_GRID, by=["question"], choices=["score"]).row(0, named=True)
    assert row["n_specifications"] == 2 * 2 * 3 * 2  # scores, layers, gains, rules for outliers
    assert row["n_negative"] == 24
    assert row["p_median"] <= 0.05


def test_of_one_specification_it_is_the_test_of_its_slope(rng):
    points = gains(rng, slope=-0.02, layers=1, clusters=6)
    grid = replace(DEFAULT_GRID, gains=("ancova",), outliers=("kept",))
    row = joint_test(points, grid, by=["question"]).row(0, named=True)
    stacked = stack(points, Model(controls=("scratch_value",)), ["question"])
    statistics = standardised_statistics(stacked, 0, sign_vectors(6))
    assert_allclose(row["median_statistic"], statistics[0], rtol=1e-9)
    expected = (statistics >= statistics[0] * (1 - 1e-9)).mean()
    assert row["p_median"] == row["p_largest"] == expected


def test_joint_test_finds_a_slope(rng):
    found = joint_test(gains(rng, slope=-0.3), DEFAULT_GRID, by=["question"]).row(0, named=True)
    assert found["p_median"] <= 0.05
    assert found["n_negative"] == found["n_specifications"] == 18


def test_the_shipped_grid_is_the_documented_one():
    assert asdict(DEFAULT_GRID) == {
        "gains": ("difference", "ratio", "ancova"),
        "outliers": ("kept", "fences"),
        "standard_errors": ("ols", "cluster_cr1", "cluster_cr3"),
        **dict.fromkeys(("layers", "measures", "outcomes"), ()),
    }


def test_every_standard_error_can_be_chosen_and_the_outcome_itself(rng):
    points = gains(rng, slope=-0.3, layers=1)
    grid = Grid(gains=("none",), outliers=("kept",), standard_errors=METHODS)
    curve = specification_curve(points, grid, by=["question"])
    by_hand = regress(points, Model(), by=["layer"], methods=METHODS)
    by_hand = by_hand.filter(pl.col("term") == "similarity")
    numbers = ["estimate", "p_value"]
    assert_allclose(
        curve.sort("method").select(numbers), by_hand.sort("method").select(numbers), rtol=1e-9
    )


def test_the_outcome_itself_needs_no_run_from_scratch(rng):
    points = gains(rng, slope=-0.3, layers=1).with_columns(scratch_value=pl.lit(None, pl.Float64))
    grid = replace(DEFAULT_GRID, gains=("none", "ratio"))
    assert set(specifications(points, grid, by=["question"])["gain"]) == {"none"}


def test_a_grid_takes_the_layers_and_measures_that_it_names(rng):
    points = gains(rng, slope=-0.3).with_columns(score=pl.lit("auc"))
    few = replace(DEFAULT_GRID, layers=("layer2", "layer0"), outcomes=("auc",))
    assert set(few.chosen(points)["layer"]) == {"layer0", "layer2"}
    assert len(DEFAULT_GRID.chosen(points)) == len(points)
    with pytest.raises(
        UnknownChoiceError, match=r"^layers: there is no 'layer9'; did you mean lay"
    ):
        replace(few, layers=("layer9",)).chosen(points)
    with pytest.raises(UnknownChoiceError, match=r"^outcomes: there is no 'x'; known are auc$"):
        replace(few, outcomes=("x",)).chosen(points)


CHOICES = 'gains = ["ratio"]\noutliers = ["kept"]\nstandard_errors = ["ols"]\n'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (CHOICES + 'layer = ["late"]', "key: there is no 'layer'; did you mean layers?"),
        (CHOICES.replace("ratio", "ratios"), "gains: there is no 'ratios'; did you mean ratio?"),
        (
            CHOICES.replace("ols", "cr3"),
            "standard_errors: there is no 'cr3'; did you mean cluster_cr3?",
        ),
        (CHOICES.replace("kept", "fence"), "outliers: there is no 'fence'; did you mean fences?"),
        (CHOICES.replace('["ratio"]', "[]"), "gains = []: expected a list of names, at least 1"),
        (CHOICES + 'layers = "late"', "layers = 'late': expected a list of names"),
        (CHOICES + "layers = 3", "layers = 3: expected a list of names"),
        (CHOICES.removeprefix('gains = ["ratio"]'), "gains is missing: choose of none, differ"),
    ],
)
def test_refuses_what_is_no_grid_in_one_line(text, message):
    with pytest.raises(UnknownChoiceError) as refused:
        read_grid(text)
    assert str(refused.value).startswith(message)


def test_refuses_files_that_cannot_be_read(tmp_path):
    with pytest.raises(ChoiceError, match=r"absent\.toml"):
        load_grid(tmp_path / "absent.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("gains = [", encoding="utf-8")
    with pytest.raises(ChoiceError, match=r"broken\.toml: "):
        load_grid(broken)


def command(warehouse, *words):
    """Return the rows that the command prints, or raise what it raises."""
    done = CliRunner().invoke(app, ["multiverse", "-w", str(warehouse), *map(str, words)])
    if done.exception:
        raise done.exception
    return pl.read_csv(io.StringIO(done.stdout))


def test_one_command_runs_a_grid_records_it_and_a_trace_repeats_it(made_warehouse, tmp_path):
    file = tmp_path / "grid.toml"
    chosen = {
        "gains": ["none", "difference"],
        "outliers": ["kept"],
        "standard_errors": ["cluster_cr3", "wild_cluster"],
        "layers": ["late"],
        "outcomes": ["auc", "calibration_error"],
    }
    file.write_text("\n".join(f"{key} = {json.dumps(value)}" for key, value in chosen.items()))
    tests = command(made_warehouse, "--grid", file)
    assert set(tests["score"]) == {"auc", "calibration_error", "any score"}
    sizes = dict(tests.filter(adaptation="full").select("score", "n_specifications").iter_rows())
    assert sizes == {"auc": 2, "calibration_error": 1, "any score": 3}
    curve = command(made_warehouse, "--grid", file, "--curve")
    assert set(curve["method"]) == {"cluster_cr3", "wild_cluster"}
    assert set(curve["layer"]) == {"late"}
    with connect(made_warehouse) as con:
        [row] = read_view(con, "results.analyses", where={"name": "specification tests"}).rows(
            named=True
        )
        names = ("analysis_id", "name", "query", "parameters", "code_version")
        state = AnalysisState(**{name: row[name] for name in names}, is_stale=False)
        again = recomputed(state, lambda query: con.sql(query).pl())
        written = read_view(con, "results.specification_tests").drop("analysis_id")
    assert json.loads(state.parameters)["grid"] == chosen | {"measures": []}
    found = again["specification_tests"].select(written.columns)
    keys = ["adaptation", "score"]
    assert_frame_equal(found.sort(keys), written.sort(keys), check_dtypes=False)


def test_a_layer_that_no_run_has_is_named(made_warehouse, tmp_path):
    file = tmp_path / "grid.toml"
    file.write_text(CHOICES + 'layers = ["lat"]')
    with pytest.raises(
        ChoiceError, match=r"^specifications: layers: there is no 'lat'; did you mean late\?$"
    ):
        command(made_warehouse, "--grid", file)


@pytest.mark.parametrize(("clusters", "level"), [(5, 1 / 16), (8, 0.05)])
def test_joint_tests_keep_their_level(rng, clusters, level):
    trials = 300
    null = pl.concat(
        gains(rng, slope=0.0, layers=2, clusters=clusters).with_columns(question=pl.lit(f"q{i}"))
        for i in range(trials)
    )
    rows = joint_test(null, DEFAULT_GRID, by=["question"])
    for statistic in ("p_median", "p_largest"):
        rejected = (rows[statistic] <= level).to_numpy().mean()
        assert rejected == pytest.approx(level, abs=3 * np.sqrt(level * (1 - level) / trials))


TABLE = "| similarity varies | true nulls, `p_median` |"


def test_every_design_is_documented():
    assert list(documented_rates(TABLE)) == list(DESIGNS)


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_documented_rates_are_those_of_the_designs(name):
    for place, n_datasets in enumerate(N_DATASETS):
        rates = rejections(DESIGNS[name], n_datasets, trials=1500)
        for statistic, cells in zip(STATISTICS, documented_rates(TABLE)[name][:2], strict=True):
            assert cells[place] == pytest.approx(100 * rates[statistic], abs=0.15)
