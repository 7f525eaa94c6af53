"""Rows of printed tables are compared as R compares them, and never beyond what is printed."""

import io
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats
from typer.testing import CliRunner

from analysis.cli import app
from analysis.computing import meta_tables
from analysis.printed.files import load_tables
from analysis.printed.meta import FEW, NO_SPREAD, compare_printed, hedges_g
from analysis.printed.summaries import Summary, meta_analysis
from warehouse.connection import connect
from warehouse.errors import AnalysisError
from warehouse.views import read_view

REFERENCE = Path(__file__).parent / "reference"
PAIR = {"first": "RadImageNet no freeze", "second": "ImageNet no freeze"}


@pytest.fixture(scope="module")
def of_r():
    """Return metafor's numbers by effect, quantity and column."""
    rows = pl.read_csv(REFERENCE / "meta_expected.csv", null_values="NA").fill_null("")
    return {tuple(row[:3]): row[3] for row in rows.iter_rows()}


@pytest.fixture(scope="module")
def ours():
    """Return our comparison of two rows of a printed table, in the order of R's script."""
    table = load_tables()[0]["juodelyte2023_table2"]
    order = [PAIR["first"], PAIR["second"]]
    cells = pl.concat(table.filter(row=name) for name in order)
    return compare_printed({"juodelyte2023_table2": cells})


@pytest.mark.parametrize("effect", ["difference", "standardised"])
def test_random_effects_means_are_those_of_metafor(ours, of_r, effect):
    row = ours.filter(method="hartung_knapp", effect=effect).row(0, named=True)
    assert row["n_columns"] == 7
    # The two searches for the maximum of the likelihood stop within this of each other.
    for (kind, quantity, column), number in of_r.items():
        if kind == effect and column == "":
            assert_allclose(row[quantity], number, rtol=2e-6, atol=1e-8, err_msg=quantity)


def test_effects_of_single_columns_are_those_of_metafor(ours, of_r):
    table = load_tables()[0]["juodelyte2023_table2"]
    welch = ours.filter(method="welch")
    assert len(welch) == 7
    for column in welch["table_column"]:
        first, second = (
            Summary(float(cell["value"]), float(cell["sd"]), int(cell["n"]))
            for cell in (
                table.filter(row=PAIR[side], column=column).row(0, named=True)
                for side in ("first", "second")
            )
        )
        g, error = hedges_g(first, second)
        expected = [of_r["standardised", name, column] for name in ("estimate", "std_error")]
        assert_allclose([g, error], expected, rtol=1e-12)
        found = welch.filter(table_column=column)["std_error"].item()
        assert_allclose(found, of_r["difference", "std_error", column], rtol=1e-12)


def test_columns_as_repeats_are_the_paired_t_test_of_r(ours, of_r):
    row = ours.filter(method="t_columns").row(0, named=True)
    for quantity in ("estimate", "p_value", "ci_low"):
        assert_allclose(row[quantity], of_r["t_columns", quantity, ""], rtol=1e-10)


def table(rows):
    """Return a printed table: strings, as they stand on paper."""
    columns = ["row", "column", "value", "sd", "n"]
    return pl.DataFrame(rows, schema=dict.fromkeys(columns, pl.String), orient="row")


def test_without_a_printed_spread_there_is_no_test_of_a_column():
    cells = table([("a", "x", "1.0", "", "5"), ("b", "x", "2.0", "0.1", "5")])
    found = compare_printed({"t": cells})
    assert found.filter(method="welch").select("status", "reason", "estimate").row(0) == (
        "undefined",
        NO_SPREAD,
        1.0,
    )
    assert set(found.filter(pl.col("method") != "welch")["reason"]) == {FEW}
    assert found["p_value"].null_count() == len(found) == found["family"].null_count()


def test_cells_without_spread_are_said_to_be_so():
    cells = table([("a", "x", "1.0", "0.0", "5"), ("b", "x", "2.0", "0.0", "5")])
    row = compare_printed({"t": cells}).filter(method="welch").row(0, named=True)
    assert row["status"] == "undefined"
    assert "some spread" in row["reason"]


def test_a_family_are_all_pairs_of_a_table_under_one_method():
    rows = [
        (r, c, str(i + j * j), "0.5", "5") for i, r in enumerate("abc") for j, c in enumerate("xyz")
    ]
    found = compare_printed({"one": table(rows), "other": table(rows)})
    sizes = (
        found.filter(printed_table="one")
        .group_by("method", "effect")
        .agg(pl.col("family_size").max())
    )
    assert {tuple(row[:2]): row[2] for row in sizes.rows()} == {
        ("welch", "difference"): 9,
        ("hartung_knapp", "difference"): 3,
        ("hartung_knapp", "standardised"): 3,
        ("t_columns", "difference"): None,  # all columns differ alike: no test
    }


def test_tables_of_sizes_are_no_tables_of_scores():
    tables, _ = load_tables()
    found = meta_tables(tables, level=0.95)["meta_analyses"]
    assert set(found["printed_table"]) >= {
        "juodelyte2023_table2",
        "pales2024_table1",
        "pales2024_table2",
        "zu2025_table1",
        "zu2025_table2",
    }
    assert "zu2025_sizes" not in set(found["printed_table"])
    with pytest.raises(AnalysisError, match="no table says in its column n"):
        meta_tables({"zu2025_sizes": tables["zu2025_sizes"]}, level=0.95)


@pytest.mark.parametrize("cells", [(1, 5), (5, 1)])
def test_refuses_a_standardised_difference_of_single_runs(cells):
    with pytest.raises(ValueError, match="at least two runs each and some spread"):
        hedges_g(Summary(1.0, 1.0, cells[0]), Summary(2.0, 1.0, cells[1]))


@pytest.mark.parametrize("n_columns", [3, 7])
def test_means_over_few_columns_of_five_runs_keep_their_level(rng, n_columns):
    # No effect on average; columns differ in effect as much as runs do.
    trials = 150
    rejected = {"difference": 0, "standardised": 0}
    for _ in range(trials):
        runs = {"a": rng.normal(size=(5, n_columns))}
        runs["b"] = rng.normal(size=n_columns) + rng.normal(size=(5, n_columns))
        cells = [
            (name, str(j), repr(float(own[:, j].mean())), repr(float(own[:, j].std(ddof=1))), "5")
            for name, own in runs.items()
            for j in range(n_columns)
        ]
        found = compare_printed({"t": table(cells)}).filter(method="hartung_knapp")
        for effect, p_value in found.select("effect", "p_value").iter_rows():
            rejected[effect] += p_value < 0.05
    most = 0.05 + 3 * math.sqrt(0.05 * 0.95 / trials)
    assert max(rejected.values()) / trials < most


@pytest.mark.parametrize("n_columns", [2, 5])
def test_the_paired_t_keeps_its_level_where_unequal_errors_cost_the_weighted_mean_its_own(
    rng, n_columns
):
    trials = 600
    errors = np.array([0.2, *[1.0] * (n_columns - 1)])
    effects = rng.normal(size=(trials, n_columns)) + errors * rng.normal(size=(trials, n_columns))
    weighted = np.mean([meta_analysis(trial, errors).p_value < 0.05 for trial in effects])
    alike = np.mean(stats.ttest_1samp(effects, 0.0, axis=1).pvalue < 0.05)
    error = math.sqrt(0.05 * 0.95 / trials)
    assert 0.05 + 3 * error < weighted < 0.15 + 4 * error  # documented
    assert alike < 0.05 + 3 * error


def test_command_prints_all_columns_together_or_each(made_warehouse):
    together = CliRunner().invoke(app, ["meta", "-w", str(made_warehouse)])
    assert together.exit_code == 0, together.output
    rows = pl.read_csv(io.StringIO(together.stdout), infer_schema_length=None)
    assert set(rows["method"]) == {"hartung_knapp", "t_columns"}
    each = CliRunner().invoke(app, ["meta", "--columns"])
    single = pl.read_csv(io.StringIO(each.stdout), infer_schema_length=None)
    assert set(single["method"]) == {"welch"}
    with connect(made_warehouse) as con:
        written = read_view(con, "results.meta_analyses")
    assert len(written) == len(rows) + len(single)
