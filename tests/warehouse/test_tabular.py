"""Published result files become runs as a mapping file says, and what does not fit is named."""

import csv
import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import get_args

import polars as pl
import pytest
from typer.testing import CliRunner

from collect.configuration.sections import Adaptation
from repdrift import app
from warehouse.check import findings
from warehouse.connection import connect
from warehouse.errors import WarehouseError
from warehouse.importers.imported import land
from warehouse.importers.mapping import read_mapping, shipped_mappings
from warehouse.importers.tabular import read_tables
from warehouse.importers.vocabulary import ADAPTATIONS
from warehouse.ingest import ingest
from warehouse.layout import Layout
from warehouse.views import read_view

LONG = """
name = "lab"
description = "two networks"

[run]
study = "pilot"
backbone = "resnet18"
pretraining = "{weights}"
adaptation = { text = "{frozen}", values = { yes = "linear", no = "full" } }
pooling = "mean"
head = "linear"
dataset = "knee"
task = "binary"
fold = "{fold}"
n_folds = 2
n_train = "{n}"

[[rows]]
files = "*.csv"
table = "scores"
match = { text = "{what}", pattern = 'test_(?P<score>acc|auc)' }

[rows.columns]
split = "test"
confidence_source = "head"
token = "mean"
n_neighbours = 0
score = { text = "{score}", values = { acc = "accuracy", auc = "auc" } }
value = { text = "{percent}", divide_by = 100 }
"""
CSV = """weights,frozen,fold,n,what,percent
imagenet,no,1,80,test_acc,75
imagenet,no,1,80,test_auc,81.5
imagenet,yes,2,90,test_acc,50
"""


@pytest.fixture
def read(tmp_path):
    """Read one CSV through a mapping, each given as text."""

    def read_text(mapping=LONG, rows=CSV):
        (tmp_path / "lab.toml").write_text(mapping)
        (tmp_path / "logged.csv").write_text(rows)
        return read_tables(tmp_path, read_mapping(str(tmp_path / "lab.toml")))

    return read_text


def test_columns_come_from_texts_patterns_values_and_units(read):
    imported = read()
    assert imported.unmapped == ()
    scores = imported.tables["scores"].join(imported.runs, on="run_id").sort("fold", "score")
    assert scores.select(
        "origin",
        "study",
        "status",
        "pretraining",
        "adaptation",
        "fold",
        "n_train",
        "score",
        "value",
    ).rows() == [
        ("lab", "pilot", "imported", "imagenet", "full", 1, 80, "accuracy", 0.75),
        ("lab", "pilot", "imported", "imagenet", "full", 1, 80, "auc", 0.815),
        ("lab", "pilot", "imported", "imagenet", "linear", 2, 90, "accuracy", 0.5),
    ]


def test_parquet_and_csv_give_the_same(read, tmp_path):
    from_csv = read()
    (tmp_path / "logged.csv").rename(tmp_path / "logged.txt")
    pl.read_csv(tmp_path / "logged.txt").write_parquet(tmp_path / "logged.parquet")
    (tmp_path / "lab.toml").write_text(LONG.replace("*.csv", "*.parquet"))
    from_parquet = read_tables(tmp_path, read_mapping(str(tmp_path / "lab.toml")))
    assert from_parquet.runs.equals(from_csv.runs)
    assert from_parquet.tables["scores"].equals(from_csv.tables["scores"])


def test_wide_columns_become_rows_and_empty_cells_are_counted(read):
    wide = (
        LONG[: LONG.index("[[rows]]")].replace('"{n}"', "80")
        + """
[[rows]]
files = "*.csv"
table = "similarities"
wide = { columns = ["conv1", "block1"], into = "layer" }

[rows.columns]
layer = "{layer}"
reference_layer = "{layer}"
token = "spatial"
reference = "pretrained"
probe = "target"
measure = "cka_linear"
value = "{cell}"
"""
    )
    imported = read(wide, "weights,frozen,fold,conv1,block1\nin,no,1,0.9,0.5\nin,no,2,0.8,\n")
    assert imported.unmapped == ("logged.csv: 1 cells without a value",)
    assert imported.tables["similarities"].select("layer", "value").sort("value").rows() == [
        ("block1", 0.5),
        ("conv1", 0.8),
        ("conv1", 0.9),
    ]


def test_names_the_rows_that_it_could_not_map(read):
    imported = read(rows=CSV + "imagenet,no,1,80,train_acc,99\n")
    assert imported.unmapped == (
        "logged.csv: 1 rows fit no [[rows]], the first is row 4: 'train_acc'",
    )


def test_importing_again_changes_nothing_and_other_numbers_are_not_taken(read, layout):
    first = land(layout, read())
    assert (first.n_new, first.n_known, first.problems) == (2, 0, ())
    again = land(layout, read())
    assert (again.n_new, again.n_known, again.problems) == (0, 2, ())
    other = land(layout, read(rows=CSV.replace("81.5", "81.6")))
    assert (other.n_new, other.n_known) == (0, 1)
    assert re.fullmatch(
        r"run \w+ is in the warehouse with other rows: remove .*", other.problems[0]
    )


@pytest.mark.parametrize(
    ("mapping", "rows", "message"),
    [
        (LONG, CSV.replace("what", "metric"), "has no column 'what', which the mapping reads"),
        (LONG, CSV.replace("yes", "partly"), "logged.csv: adaptation has no entry for 'partly'"),
        (LONG, CSV.replace("50", "half"), r"logged.csv: value is not (a number|Float64)"),
        (LONG, CSV.replace("81.5,", "").replace("90", "91").replace("80,test_auc", "79,test_auc"),
         "two rows say different things about one run: n_train is 80 and 79"),
        (LONG.replace("*.csv", "*.tsv"), CSV, r"has no file \*\.tsv, which lab reads"),
        (LONG.replace("'test_(?P<score>acc|auc)'", "'(?P<score>.*'"), CSV, "lab.toml: missing \\)"),
        (LONG.replace("head = ", "haed = "), CSV, "unknown key 'haed' for raw.runs"),
        (LONG.replace('"scores"', '"metrics"'), CSV, r"number 1: table 'metrics' is none"),
        (LONG.replace("description", "about"), CSV, "unknown key 'about' at the top"),
        (LONG.replace("divide_by = 100", "divide_by = 0"), CSV, "divide_by = 0 is no number to"),
        (LONG.replace(", divide_by = 100", ""), CSV,
         r"accuracy = 75.0 is no fraction in \[0, 1\] \(3 such rows\): for percentages, write "
         "divide_by = 100 for value in the mapping"),
        (LONG, CSV.replace("50", "-50"), "accuracy = -0.5 is no fraction"),
        (LONG, CSV.replace("50", "inf"), "accuracy = inf is no fraction"),
        (LONG, CSV.replace(",50", ","), r"logged\.csv: 1 of 3 rows have no value"),
        (LONG.replace('"*.csv"', '""'), CSV, "files = '' is no pattern of files in a directory"),
        (LONG.replace('"*.csv"', '"/*.csv"'), CSV, r"files = '/\*.csv' is no pattern of files"),
        (LONG.replace('"mean"\nhead', "mean\nhead"), CSV, "is no TOML"),
    ],
)  # fmt: skip
def test_refuses(read, mapping, rows, message):
    with pytest.raises(WarehouseError, match=message):
        read(mapping, rows)


def test_a_score_of_a_run_that_diverged_comes_in_as_it_is(read):
    imported = read(rows=CSV.replace("81.5", "nan"))
    assert sorted(map(str, imported.tables["scores"]["value"])) == ["0.5", "0.75", "nan"]


def test_a_loss_is_no_fraction(read):
    imported = read(LONG.replace('acc = "accuracy"', 'acc = "nll"'), CSV.replace(",75", ",750"))
    assert 7.5 in imported.tables["scores"].filter(score="nll")["value"]


def test_refuses_percentages_in_printed_tables(tmp_path):
    printed = Path(__file__).parents[2] / "analysis" / "published"
    shipped = (printed.parents[1] / "warehouse/importers/mappings/zu2025.toml").read_text()
    (tmp_path / "mine.toml").write_text(shipped.replace(", divide_by = 100", ""))
    with pytest.raises(WarehouseError, match="write divide_by = 100 for mean in the mapping"):
        read_tables(printed, read_mapping(str(tmp_path / "mine.toml")))


def test_refuses_a_row_that_fits_two_sets(read):
    second = LONG[LONG.index("[[rows]]") :]
    with pytest.raises(WarehouseError, match=r"row 1 fits more than one \[\[rows\]\]"):
        read(LONG + second)


def test_refuses_an_unknown_mapping():
    with pytest.raises(WarehouseError, match=r"no mapping 'nobody2030'.*juodelyte2023"):
        read_mapping("nobody2030")


def test_a_printed_table_in_per_cent_comes_in_as_fractions(layout):
    printed = Path(__file__).parents[2] / "analysis" / "published"
    imported = read_tables(printed, read_mapping("zu2025"))
    assert (land(layout, imported).n_new, imported.unmapped) == (28, ())
    ingest(layout)
    with connect(layout.root) as con:
        rows = read_view(con, "marts.summaries", where={"pretraining": "random"})
    columns = ["adaptation", "dataset", "score", "mean", "sd", "n_runs"]
    assert sorted(rows.select(columns).rows())[:2] == [
        ("scratch", "APTOS2019", "accuracy", pytest.approx(0.7268), None, 20),
        ("scratch", "ISIC2018", "accuracy", pytest.approx(0.6783), None, 20),
    ]


def test_printed_means_come_in_as_summaries_and_no_mart_of_runs_counts_them(layout):
    printed = Path(__file__).parents[2] / "analysis" / "published"
    imported = read_tables(printed, read_mapping("pales2024"))
    assert (land(layout, imported).n_new, imported.unmapped) == (124, ())
    ingest(layout)
    with connect(layout.root) as con:
        isic = {"dataset": "ISIC2019", "pretraining": "dinov2"}
        rows = read_view(con, "marts.summaries", where=isic)
        columns = ["adaptation", "head", "image_size", "score", "mean", "sd", "n_runs", "source"]
        assert sorted(rows.select(columns).rows(), key=str) == [
            ("full", "linear", 1024, "recall_macro", 0.895, None, 5, "Table 3"),
            ("full", "linear", 224, "recall_macro", 0.859, 0.007, 5, "Table 2"),
            ("full", "transformer", 224, "recall_macro", 0.822, 0.011, 5, "Table 2"),
            ("linear", "linear", 224, "recall_macro", 0.569, 0.012, 5, "Table 1"),
            ("linear", "transformer", 224, "recall_macro", 0.79, 0.01, 5, "Table 1"),
        ]
        assert read_view(con, "raw.runs")["status"].unique().to_list() == ["summary"]
        for view in ("staging.runs", "marts.final_scores", "marts.gains"):
            assert read_view(con, view).is_empty()
    assert findings(layout) == []


def test_every_shipped_mapping_can_be_read():
    assert [read_mapping(name).name for name in shipped_mappings()] == shipped_mappings()


@pytest.fixture(scope="module")
def published(shared_dir, tmp_path_factory):
    """Warehouse with the published results of Juodelyte et al."""
    root = tmp_path_factory.mktemp("juodelyte2023")
    directory = str(shared_dir / "published" / "juodelyte2023")
    arguments = ["warehouse", "import", "juodelyte2023", directory, "-w", str(root)]
    result = CliRunner().invoke(app, arguments)
    assert (result.exit_code, "not mapped" in result.stderr) == (0, False), result.stderr
    return root


def test_published_files_come_in_whole(published):
    with connect(published) as con:
        counts = con.execute(
            "select count(*), count(distinct (dataset, pretraining, adaptation)), "
            "count(distinct fold) from marts.final_scores"
        ).fetchone()
        by_reference = dict(
            con.execute(
                "select reference, count(*) from raw.similarities "
                "where measure = 'cca_mean_juodelyte' group by all"
            ).fetchall()
        )
        dangling = con.execute(
            "select count(*) from raw.similarities "
            "where reference_run_id not in (select run_id from raw.runs)"
        ).fetchone()
    assert counts == (175, 35, 5)
    # Per target and fold: 4 pairs with the own start; 2 fine-tuned, 2 published and 1 random
    # network with a random one; 1 published and 4 fine-tuned pairs. Five layers each.
    assert by_reference == {"pretrained": 700, "random": 875, "run": 875}
    assert sum(by_reference.values()) == 490 * 5
    assert dangling == (0,)


def test_published_numbers_are_the_printed_digits_of_the_files(published, shared_dir):
    with (shared_dir / "published/juodelyte2023/AUC.csv").open(newline="") as stream:
        printed = sorted(float(row["AUC"]) for row in csv.DictReader(stream))
    with connect(published) as con:
        stored = con.execute("select value from raw.scores order by value").fetchall()
    assert [value for (value,) in stored] == printed


def test_table_2_of_the_paper_comes_out(published, shared_dir):
    """Means as printed; SDs as printed if they are rounded to two digits before one."""
    text = (shared_dir / "papers/juodelyte2023.txt").read_text()
    lines = re.findall(r"^([A-Z][\w-]+)\t(.*\d \u00b1 \d.*)$", text, re.MULTILINE)
    printed = {
        (name.lower(), *network): (float(mean), float(sd))
        for name, cells in lines
        for network, (mean, sd) in zip(
            [
                ("ImageNet", "full"),
                ("ImageNet", "head_then_full"),
                ("RadImageNet", "full"),
                ("RadImageNet", "head_then_full"),
                ("random", "scratch"),
            ],
            re.findall(r"(\d+\.\d) \u00b1 (\d+\.\d)", cells),
            strict=True,
        )
    }
    with connect(published) as con:
        rows = con.execute(
            "select dataset, pretraining, adaptation, 100 * avg(value), 100 * stddev_samp(value) "
            "from marts.final_scores group by all"
        ).fetchall()
    computed = {
        (dataset, pretraining, adaptation): (_half_up(mean, 1), _half_up(_half_up(sd, 2), 1))
        for dataset, pretraining, adaptation, mean, sd in rows
    }
    assert len(printed) == 35
    assert computed == printed


def _half_up(value, digits):
    return float(Decimal(repr(value)).quantize(Decimal(10) ** -digits, ROUND_HALF_UP))


def test_the_database_can_be_made_anew_from_the_runs(published):
    query = "from raw.scores order by all"
    with connect(published) as con:
        before = con.sql(query).pl()
    Layout(published).database.unlink()
    assert ingest(Layout(published)).n_new == 280
    with connect(published) as con:
        assert con.sql(query).pl().equals(before)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'split = "test"',
            'split = "tst"',
            r"logged\.csv: split is 'tst', not train or validation or test or source: correct",
        ),
        ('task = "binary"', 'task = "binray"', r"task is 'binray', not binary or multiclass or"),
        ('source = "head"', 'source = "haed"', r"confidence_source is 'haed', not head or knn"),
        (
            'fold = "{fold}"',
            'fold = { text = "{fold}", values = { 1 = 0, 2 = 1 } }',
            r"there is a fold 0 of 2: folds count from 1 to n_folds; number them anew",
        ),
        ("n_folds = 2", "n_folds = 1", r"there is a fold 2 of 1"),
        ("test_(", "tset_(", r"no row is mapped; logged\.csv: 3 rows fit no \[\[rows\]\]"),
    ],
)
def test_what_ingest_would_refuse_or_check_would_find_is_refused_before_a_run_is_written(
    read, old, new, message
):
    assert LONG.count(old) == 1
    with pytest.raises(WarehouseError, match=message):
        read(LONG.replace(old, new))


def test_an_adaptation_that_repdrift_does_not_make_is_taken_and_told(read):
    imported = read(LONG.replace('yes = "linear"', 'yes = "linaer"'))
    (line,) = imported.unmapped
    assert line.startswith("adaptation 'linaer', which is none that repdrift makes (none, full,")
    assert set(imported.runs["adaptation"]) == {"full", "linaer"}


def test_adaptations_are_those_of_study_files():
    assert get_args(Adaptation) == ADAPTATIONS


def test_rows_of_a_run_that_is_there_without_a_column_they_need_are_refused(read, tmp_path):
    layout = Layout(tmp_path / "warehouse")
    assert land(layout, read()).n_new == 2
    with pytest.raises(WarehouseError, match=r"in the warehouse: raw\.scores needs .* token"):
        land(layout, read(LONG.replace('token = "mean"\n', "")))
