"""Printed tables are recomputed digit by digit, and what does not agree is explained."""

import io

import polars as pl
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from typer.testing import CliRunner

from analysis.cli import app
from analysis.printed.audit import KINDS, audit
from analysis.printed.checks import KEYS
from analysis.printed.files import load_tables
from analysis.printed.numbers import Printed, explains, rounding
from warehouse.connection import connect
from warehouse.errors import AnalysisError
from warehouse.ingest import ingest
from warehouse.layout import Layout
from warehouse.views import read_view


@pytest.fixture(scope="module")
def findings():
    """Audit the printed tables of the three papers."""
    return audit(*load_tables())


def found(findings, kind, table, states=""):
    return findings.filter(
        pl.col("kind") == kind,
        pl.col("printed_table") == table,
        pl.col("states").str.contains(states, literal=True),
    )


def test_brackets_of_pales_table_3_are_differences_and_five_of_twenty_are_wrong(findings):
    rows = found(findings, "derived", "pales2024_table3", "difference in points")
    wrong = rows.filter(~pl.col("is_consistent"))
    assert len(rows) == 20
    assert wrong.select("table_row", "table_column").rows() == [
        ("SEEM linear", "DDSM"),
        ("BLIP linear", "APTOS2019"),
        ("BLIP linear", "DDSM"),
        ("BLIP linear", "ISIC2019"),
        ("BLIP linear", "CheXpert"),
    ]


def test_the_row_that_was_subtracted_instead_is_named(findings):
    rows = found(findings, "derived", "pales2024_table3", "difference in points")
    blip = rows.filter(pl.col("table_row") == "BLIP linear")
    assert all("difference to BLIP DeiT-B" in text for text in blip["explanation"])
    seem = rows.filter(~pl.col("is_consistent"), pl.col("table_row") == "SEEM linear")
    assert seem["explanation"].to_list() == ["no row explains it"]


def test_as_percentages_most_brackets_are_impossible(findings):
    rows = found(findings, "derived", "pales2024_table3", "Percentage gain")
    assert rows["is_consistent"].sum() == 6


def test_no_baseline_gives_the_largest_gain_that_the_text_states(findings):
    rows = found(findings, "largest_gain", "pales2024_table2")
    assert not rows["is_consistent"].any()
    nearest = rows.filter(pl.col("explanation") == "as a difference")["found"].to_list()
    assert nearest == ["8.40", "3.60", "4.20"]


def test_text_of_juodelyte_names_the_wrong_best_network_for_chest(findings):
    rows = found(findings, "best", "juodelyte2023_table2")
    wrong = rows.filter(~pl.col("is_consistent")).row(0, named=True)
    assert len(rows) == 7
    assert (wrong["table_column"], wrong["found"]) == ("chest", "RadImageNet no freeze")
    assert wrong["p_value"] > 0.5


def test_text_of_zu_is_contradicted_by_its_table(findings):
    scratch = found(findings, "greater", "zu2025_table1", "Scratch")
    full = found(findings, "greater", "zu2025_table1", "Full")
    assert (len(scratch), (~scratch["is_consistent"]).sum()) == (23, 4)
    assert (len(full), (~full["is_consistent"]).sum()) == (10, 3)
    assert found(findings, "repeated", "zu2025_table1")["printed"].to_list() == ["72.68"]


def test_tables_and_text_of_pales_huix_count_other_images_of_isic(findings):
    rows = found(findings, "same", "pales2024_sizes")
    wrong = rows.filter(~pl.col("is_consistent")).row(0, named=True)
    assert rows["is_consistent"].to_list().count(True) == 3
    assert (wrong["table_column"], wrong["printed"], wrong["found"]) == (
        "ISIC2019",
        "25333",
        "25331",
    )


def test_images_that_do_not_exist_are_found(findings):
    rows = found(findings, "sum_at_most", "zu2025_sizes").filter(~pl.col("is_consistent"))
    assert rows["table_column"].to_list() == ["MedFM-Chest", "MedFM-Colon", "MedFM-Endo"]


def test_differences_come_with_welch_where_spreads_are_printed(findings):
    rows = found(findings, "greater", "juodelyte2023_table2", "significantly better")
    assert (rows["p_value"] < 0.05).all()
    assert found(findings, "greater", "zu2025_table1")["p_value"].null_count() == 33


@pytest.mark.parametrize(
    ("exact", "printed", "expected"),
    [
        (8.849485, "8.8", "as printed"),
        (8.849485, "8.9", "rounded twice"),
        (0.6483, "0.7", "rounded twice"),
        (0.6483, "0.8", "different"),
        (-0.25, "-0.3", "as printed"),
        (0.25, "0.2", "as printed"),  # a tie may go either way
        (12.0, "12", "as printed"),
    ],
)
def test_rounding(exact, printed, expected):
    assert rounding(exact, printed) == expected


@pytest.mark.parametrize(
    ("derived", "definition", "expected"),
    [("1.4", "difference", True), ("1.3", "difference", True), ("1.2", "difference", False)],
)
def test_a_derived_number_may_come_from_any_unprinted_digits(derived, definition, expected):
    # 0.908 - 0.894 lies in (1.3, 1.5) hundredths.
    value, base = Printed("0.908"), Printed("0.894")
    assert explains(Printed(derived), value, base, definition, scale=100) == expected


def test_printed_number_keeps_its_digits():
    number = Printed("-0.50")
    assert (number.digits, [float(end) for end in number.interval]) == (2, [-0.505, -0.495])


GREATER = {"kind": "greater", "table": "t", "states": "", "larger": ["a"], "smaller": ["b"]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "sums"}, "unknown kind of check 'sums'"),
        ({"table": "mine"}, "check greater of mine: no table 'mine'; there are t"),
        ({"larger": ["c"]}, "check greater of t: no row 'c'; there are a, b"),
        ({"columns": ["xx"]}, r"no column 'xx'; did you mean x\?"),
        ({"colums": ["x"]}, r"no key 'colums'; did you mean columns\?"),
        ({"larger": "a"}, "larger = 'a' is no list"),
        ({"every_pair": 1}, "every_pair = 1 is no bool"),
        ({"kind": "best"}, "no key 'larger'"),
        ({"kind": "repeated", "states": None}, "states = None is no str"),
    ],
)
def test_refuses(change, message):
    cells = {"row": ["a", "b"], "column": "x", "value": "1", "sd": "", "n": "", "bracket": ""}
    tables = {"t": pl.DataFrame(cells)}
    assert len(audit(tables, [GREATER])) == 1
    with pytest.raises(ValueError, match=message):
        audit(tables, [GREATER | change])


@pytest.mark.parametrize(
    ("check", "message"),
    [
        ({"kind": "best"}, "best is missing"),
        ({"kind": "bracket_sign", "rows": ["a"], "sign": "plus"}, r"'plus' is none of \+, -"),
        ({"kind": "sum_at_most"}, "no row 'train'"),
    ],
)
def test_refuses_a_check_that_lacks_what_its_kind_needs(check, message):
    tables = {"t": pl.DataFrame({"row": ["a"], "column": ["x"]})}
    with pytest.raises(ValueError, match=message):
        audit(tables, [{"table": "t", "states": ""} | check])


def test_every_kind_of_check_declares_its_keys():
    assert KEYS.keys() == KINDS.keys()


def test_command_prints_problems_and_writes_all_rows(findings, tmp_path):
    ingest(Layout(tmp_path))
    outcome = CliRunner().invoke(app, ["audit", "-w", str(tmp_path), "--problems"])
    assert outcome.exit_code == 0, outcome.output
    printed = pl.read_csv(io.StringIO(outcome.stdout))
    assert not printed["is_consistent"].any()
    with connect(tmp_path) as con:
        written = read_view(con, "results.audits")
    assert len(written) == len(findings)
    assert (~written["is_consistent"]).sum() == len(printed)


def test_command_takes_a_table_of_ones_own(tmp_path):
    (tmp_path / "mine.csv").write_text("row,column,value,sd,n,bracket\na,x,1.0,,,\nb,x,2.0,,,\n")
    (tmp_path / "checks.toml").write_text(
        '[[check]]\nkind = "greater"\ntable = "mine"\nstates = "a > b"\nlarger = ["a"]\n'
        'smaller = ["b"]\n'
    )
    outcome = CliRunner().invoke(app, ["audit", str(tmp_path)])
    assert outcome.stdout.splitlines()[1].startswith("mine,greater,a > b,a > b,x,1.0,2.0,false")


HEAD = "row,column,value,sd,n,bracket\n"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({}, "has no checks.toml"),
        ({"checks.toml": "", "t.csv": "row,column\na,b\n"}, "lacks the column 'bracket'"),
        ({"checks.toml": "[[check"}, "Expected"),
        ({"checks.toml": ""}, "no check: each begins with a line [[check]]"),
        ({"checks.toml": "", "t.csv": HEAD + "a,x,1.0,,,\nb,x,1.o,,,\n"}, "line 3: value = '1.o'"),
        ({"checks.toml": "", "t.csv": HEAD + "a,x,1.0,,2.5,\n"}, "n = '2.5' is no whole number"),
        ({"checks.toml": "", "t.csv": HEAD + "a,x\n"}, "value = None is no number"),
        ({"checks.toml": "", "t.csv": HEAD + "a,x,1,,,\na,x,2,,,\n"}, "line 3: a second cell of"),
    ],
    ids=["no file", "no column", "no toml", "no check", "value", "n", "cut off", "twice"],
)
def test_command_refuses_a_folder_without_tables(tmp_path, files, message):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    outcome = CliRunner().invoke(app, ["audit", str(tmp_path)])
    assert isinstance(outcome.exception, AnalysisError)
    assert message in str(outcome.exception)


def test_command_refuses_a_folder_that_is_not_there(tmp_path):
    outcome = CliRunner().invoke(app, ["audit", str(tmp_path / "none")])
    assert isinstance(outcome.exception, AnalysisError)
    assert str(outcome.exception) == f"no folder {tmp_path / 'none'}"


def test_every_printed_cell_is_written_as_it_stands(tmp_path):
    ingest(Layout(tmp_path))
    assert CliRunner().invoke(app, ["audit", "-w", str(tmp_path)]).exit_code == 0
    tables, _ = load_tables()
    with connect(tmp_path) as con:
        rows = read_view(con, "results.printed_numbers")
    assert len(rows) == sum(len(table) for table in tables.values())
    cell = rows.filter(printed_table="pales2024_table3", table_row="SAM linear").row(0, named=True)
    assert (cell["printed"], cell["bracket"], cell["sd"]) == ("0.908", "1.4", None)


def test_what_welch_does_not_tell_from_the_highest_is_found_from_the_printed_cells(findings):
    rows = found(findings, "highest", "pales2024_table2")
    assert len(rows) == 4 * 12  # 13 networks, one of them the highest of each target
    kappa = rows.filter(table_column="APTOS2019")
    assert set(kappa["table_row"].str.split(" > ").list.first()) == {"DINOv2 linear"}
    by_hand = stats.ttest_ind_from_stats(0.909, 0.009, 5, 0.886, 0.004, 5, equal_var=False)
    row = kappa.filter(table_row="DINOv2 linear > DINOv1")
    assert row["p_value"].item() == pytest.approx(by_hand.pvalue, rel=1e-9)
    is_told, *_ = multipletests(rows["p_value"].to_numpy(), alpha=0.05, method="holm")
    assert rows["is_consistent"].to_list() == is_told.tolist()
    assert not kappa["is_consistent"].any()  # not even 0.909 from 0.886
