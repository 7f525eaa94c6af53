"""A small warehouse in memory: the real schema, rows shaped as collect and analysis leave them."""

import json
import shutil
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import polars as pl
import pytest
from matplotlib import rc_context

from reports.rendering import Report, render
from reports.style import RC
from warehouse.layout import Layout
from warehouse.schema import migrate
from warehouse.shard_views import create_shard_views
from warehouse.tables import table as declared

if TYPE_CHECKING:
    from selenium.webdriver import Chrome

LAYERS = ("conv1", "block1", "block4")
DATASETS = ("breast", "chest", "knee_50%")
MEASURE = "cca_mean_juodelyte"
OUTCOME = "gain_ratio:auc"


@pytest.fixture(autouse=True)
def _house_style() -> Iterator[None]:
    with rc_context(RC):
        yield


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """Three datasets, two networks in two adaptations and one from scratch, five folds."""
    with duckdb.connect() as connection:
        fill(connection)
        yield connection


@pytest.fixture(scope="module")
def filled() -> Iterator[duckdb.DuckDBPyConnection]:
    """Fill the same warehouse once for the tests of a module; they take it as ``small``."""
    with duckdb.connect() as connection:
        fill(connection)
        yield connection


@pytest.fixture
def small(filled: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """Return the small warehouse; what a test inserts is gone after it."""
    filled.begin()
    yield filled
    filled.rollback()


@pytest.fixture(scope="session")
def report() -> Report:
    """Return the report of that warehouse; made once, because figures take seconds."""
    with duckdb.connect() as connection:
        fill(connection)
        return render(connection)


@pytest.fixture(scope="session")
def browser() -> "Iterator[Chrome]":
    """Debian's Chromium without a window."""
    webdriver = pytest.importorskip("selenium.webdriver", reason="needs selenium")
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if binary is None or driver is None:
        pytest.skip("needs chromium and chromedriver (apt: chromium chromium-driver)")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.add_argument("--window-size=1200,1000")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(executable_path=driver)
    chrome = webdriver.Chrome(options=options, service=service)
    yield chrome
    chrome.quit()


@pytest.fixture
def opened(browser: "Chrome", report: Report, tmp_path: Path) -> "Chrome":
    """Open the page from disk."""
    path = tmp_path / "index.html"
    path.write_bytes(report.files["index.html"])
    browser.get_log("browser")
    browser.get_log("performance")
    browser.get(path.as_uri())
    return browser


def fill(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the schema and insert the rows."""
    rng = np.random.default_rng(20261122)
    migrate(connection, Path(":memory:"))
    create_shard_views(connection, Layout(Path("no-such-warehouse")))
    runs = _runs(rng)
    insert(connection, "raw.runs", runs.drop("auc"))
    insert(connection, "raw.scores", _scores(runs))
    insert(connection, "raw.similarities", _similarities(runs, rng))
    points = connection.sql("from marts.similarity_by_outcome order by all").pl()
    analysis = {
        "analysis_id": ["a1"],
        "name": ["all"],
        "query": ["from raw.runs"],
        "parameters": [json.dumps({"level": 0.95})],
        "n_runs": [len(runs)],
        "data_hash": ["0"],
        "code_version": ["0.1.0"],
    }
    insert(connection, "results.analyses", pl.DataFrame(analysis))
    insert(connection, "results.intervals", _intervals(runs))
    insert(connection, "results.regressions", _regressions(points))


def insert(connection: duckdb.DuckDBPyConnection, table: str, rows: pl.DataFrame) -> None:
    """Append rows by column name; missing columns stay null, but for what one study shares."""
    shared = {"study": "juodelyte2023", "variant": "", "pooling": "mean", "head": "linear"}
    types = declared(table).types if table.startswith("results.") else {}
    missing = {name: shared[name] for name in shared if name in types and name not in rows.columns}
    rows = rows.with_columns(pl.lit(value).alias(name) for name, value in missing.items())
    connection.register("new_rows", rows)
    connection.execute(f"insert into {table} by name from new_rows")
    connection.unregister("new_rows")


def _runs(rng: np.random.Generator) -> pl.DataFrame:
    cells = [("ImageNet", "full"), ("ImageNet", "head_then_full"), ("RadImageNet", "full")]
    cells += [("RadImageNet", "head_then_full"), ("random", "scratch")]
    rows = [
        {
            "run_id": f"{dataset[:3]}-{pretraining}-{adaptation}-{fold}",
            "study": "juodelyte2023",
            "origin": "juodelyte2023",
            "status": "imported",
            "backbone": "resnet50",
            "pretraining": pretraining,
            "adaptation": adaptation,
            "pooling": "mean",
            "head": "linear",
            "dataset": dataset,
            "task": "binary",
            "fold": fold,
            "n_folds": 5,
            "shard_hash": "0",
            "auc": float(rng.uniform(0.5, 0.6 if pretraining == "random" else 0.99)),
        }
        for dataset, (pretraining, adaptation), fold in product(DATASETS, cells, range(1, 6))
    ]
    return pl.DataFrame(rows)


def _intervals(runs: pl.DataFrame) -> pl.DataFrame:
    cell = [
        "origin",
        "study",
        "dataset",
        "backbone",
        "pretraining",
        "adaptation",
        "pooling",
        "head",
    ]
    cells = runs.group_by(cell, maintain_order=True).agg(
        estimate=pl.col("auc").mean(), sd=pl.col("auc").std(), n_runs=pl.len(), run_ids="run_id"
    )
    return cells.with_columns(
        analysis_id=pl.lit("a1"),
        split=pl.lit("test"),
        confidence_source=pl.lit("head"),
        token=pl.lit("mean"),
        n_neighbours=0,
        score=pl.lit("auc"),
        uncertainty=pl.lit("fold"),
        method=pl.lit("nadeau_bengio"),
        level=0.95,
        ci_low=pl.col("estimate") - 2 * pl.col("sd"),
        ci_high=pl.col("estimate") + 2 * pl.col("sd"),
    )


def _scores(runs: pl.DataFrame) -> pl.DataFrame:
    return runs.select(
        "run_id",
        split=pl.lit("test"),
        confidence_source=pl.lit("head"),
        token=pl.lit("mean"),
        n_neighbours=0,
        score=pl.lit("auc"),
        value="auc",
    )


def _similarities(runs: pl.DataFrame, rng: np.random.Generator) -> pl.DataFrame:
    tuned = runs.filter(pl.col("adaptation") != "scratch").select("run_id")
    layers = pl.DataFrame({"layer": LAYERS, "depth": range(len(LAYERS))})
    noise = pl.Series(rng.normal(0, 0.02, len(tuned) * len(LAYERS)))
    return tuned.join(layers, how="cross").select(
        "run_id",
        "layer",
        token=pl.lit("spatial"),
        reference=pl.lit("pretrained"),
        reference_layer="layer",
        probe=pl.lit("target"),
        measure=pl.lit(MEASURE),
        value=0.9 - 0.1 * pl.col("depth") + noise,
        null_mean=0.1,
    )


def _regressions(points: pl.DataFrame) -> pl.DataFrame:
    key = [
        "origin",
        "study",
        "backbone",
        "pretraining",
        "adaptation",
        "pooling",
        "head",
        "layer",
        "token",
        "probe",
    ]
    key += ["measure", "outcome"]
    rows = []
    chosen = points.filter(outcome=OUTCOME)
    for values, group in chosen.group_by(key, maintain_order=True):
        x, y = group["similarity"].to_numpy(), group["outcome_value"].to_numpy()
        design = np.column_stack([np.ones_like(x), x])
        inverse = np.linalg.inv(design.T @ design)
        beta = inverse @ design.T @ y
        residual = y - design @ beta
        error = np.sqrt(np.diag(inverse) * (residual @ residual) / (len(x) - 2))
        r_squared = 1 - (residual @ residual) / ((y - y.mean()) @ (y - y.mean()))
        for method, factor in (("ols", 1.0), ("cluster_cr1", 1.7), ("wild_cluster", 1.7)):
            for term in range(1 if method == "wild_cluster" else 0, 2):
                half = 2.1 * factor * error[term]
                rows.append(
                    dict(zip(key, values, strict=True))
                    | {
                        "analysis_id": "a1",
                        "method": method,
                        "status": "fitted",
                        "term": ("intercept", "similarity")[term],
                        "estimate": beta[term],
                        "std_error": factor * error[term],
                        "ci_low": beta[term] - half,
                        "ci_high": beta[term] + half,
                        "level": 0.95,
                        "p_value": 0.04 * factor,
                        "p_adjusted": 0.4 if method == "cluster_cr1" else None,
                        "family": "gain on similarity" if method == "cluster_cr1" else None,
                        "family_size": 10 if method == "cluster_cr1" else None,
                        "r_squared": r_squared,
                        "n_runs": len(x),
                        "n_clusters": 3,
                        "run_ids": group["run_id"].to_list(),
                    }
                )
    return pl.DataFrame(rows, infer_schema_length=None)
