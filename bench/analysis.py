"""Statistics at scale: many small regressions, resampling, and a whole analysis of 10,000 runs.

Each row says what was measured, against what, their ratio, and the goal. Peers are timed on a
part of the work and scaled up, as the row says; their numbers must be ours.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import statsmodels.api as sm
from scipy import stats

from analysis.means.bootstrap import bca_intervals, cluster_totals
from analysis.regression.clustered import Clusters, classical, cr1, hc3
from analysis.regression.least_squares import Floats, fit_groups
from analysis.regression.wild import bootstrap_p_value, cluster_sums, sign_vectors
from analysis.settings import Settings
from analysis.store import run_analyses
from warehouse.connection import connect
from warehouse.ingest import ingest
from warehouse.layout import Layout

N_GROUPS, N_POINTS, N_CLUSTERS = 10_000, 35, 7
N_TIMED = 500  # groups of the statsmodels loop that are timed, then scaled to all
N_RESAMPLES, N_IMAGES, N_SCORES = 10_000, 1_500, 64
WILD_LIMIT_S = 0.05
RUN_LIMIT_S = 120.0
N_DATASETS, N_NETWORKS, N_SEEDS, N_FOLDS = 10, 10, 4, 5
ADAPTATIONS = ("full", "head_then_full", "linear", "freeze_first_k", "scratch")
EPOCHS = (0, 5, 10)
N_LAYERS, SCORES = 6, ("accuracy", "auc", "ece_width_15")


class Measured(NamedTuple):
    """One line of the table that `make bench` prints."""

    what: str
    against: str
    ratio: float
    goal: str


def rows() -> list[Measured]:
    """Measure regressions, bootstrap, wild bootstrap and `analysis run`."""
    return [_regressions(), _bootstrap(), _wild(), _analysis_run()]


def _seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Shortest of several times."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def _regressions() -> Measured:
    rng = np.random.default_rng(0)
    n = N_GROUPS * N_POINTS
    design = np.column_stack([np.ones(n), rng.normal(size=n)])
    outcome = rng.normal(size=n)
    sizes = np.full(N_GROUPS, N_POINTS)
    width = N_POINTS // N_CLUSTERS
    clusters = Clusters(np.arange(0, n, width), np.repeat(np.arange(N_GROUPS), N_CLUSTERS))
    codes = np.repeat(np.arange(N_CLUSTERS), width)

    def ours() -> Floats:
        fits = fit_groups(design, outcome, sizes)
        covariances = [classical(fits), hc3(fits), cr1(fits, clusters)]
        return np.sqrt(np.diagonal(covariances, axis1=2, axis2=3))

    def theirs() -> Floats:
        found = []
        for group in range(N_TIMED):
            part = slice(group * N_POINTS, (group + 1) * N_POINTS)
            model = sm.OLS(outcome[part], design[part])
            found.append(
                [
                    model.fit().bse,
                    model.fit(cov_type="HC3").bse,
                    model.fit(cov_type="cluster", cov_kwds={"groups": codes}).bse,
                ]
            )
        return np.array(found)

    np.testing.assert_allclose(ours()[:, :N_TIMED].transpose(1, 0, 2), theirs(), rtol=1e-10)
    ratio = _seconds(theirs, 1) * N_GROUPS / N_TIMED / _seconds(ours)
    return Measured(
        f"{N_GROUPS:,} regressions of {N_POINTS} points: OLS, HC3, CR1",
        f"statsmodels in a loop ({N_TIMED} timed)",
        ratio,
        ">= 30",
    )


def _bootstrap() -> Measured:
    values = np.random.default_rng(1).normal(size=(N_IMAGES, N_SCORES))
    sums, sizes = cluster_totals(values, np.arange(N_IMAGES))

    def ours() -> object:
        return bca_intervals(sums, sizes, n_resamples=N_RESAMPLES)

    def theirs() -> object:
        return stats.bootstrap((values,), np.mean, n_resamples=N_RESAMPLES, batch=100, axis=0)

    return Measured(
        f"{N_RESAMPLES:,} BCa resamples of {N_SCORES} scores on {N_IMAGES:,} images",
        "scipy.stats.bootstrap",
        _seconds(theirs, 1) / _seconds(ours),
        ">= 10",
    )


def _wild() -> Measured:
    rng = np.random.default_rng(2)
    n, n_clusters = 1000, 12
    design = np.column_stack([np.ones(n), rng.normal(size=n)])
    outcome = rng.normal(size=n)
    starts = np.linspace(0, n, n_clusters, endpoint=False).astype(np.int64)
    clusters = Clusters(starts, np.zeros(n_clusters, dtype=np.int64))

    def test() -> float:
        fits = fit_groups(design, outcome, np.array([n]))
        return bootstrap_p_value(cluster_sums(fits, clusters, 0), sign_vectors(n_clusters))

    seconds = _seconds(test)
    return Measured(
        "wild bootstrap: 4,096 sign vectors of 12 clusters, 1,000 points",
        f"{1000 * WILD_LIMIT_S:.0f} ms",
        seconds / WILD_LIMIT_S,
        "<= 1",
    )


def _analysis_run() -> Measured:
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory)
        n_runs = fill(root)
        start = time.perf_counter()
        for _ in run_analyses(root, Settings()):
            pass
        seconds = time.perf_counter() - start
    return Measured(
        f"analysis run on {n_runs:,} runs", f"{RUN_LIMIT_S:.0f} s", seconds / RUN_LIMIT_S, "<= 1"
    )


def fill(root: Path, n_networks: int = N_NETWORKS) -> int:
    """Fill a warehouse with made-up runs, straight into its tables; return their number."""
    ingest(Layout(root))
    runs, scores, similarities = _frames(n_networks)
    with connect(root, read_only=False) as con:
        for name, frame in (("runs", runs), ("scores", scores), ("similarities", similarities)):
            con.register("made", frame.to_arrow())
            con.execute(f"insert into raw.{name} by name select * from made")  # noqa: S608
            con.unregister("made")
    return len(runs)


def _frames(n_networks: int) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    def column(name: str, values: object) -> pl.DataFrame:
        return pl.DataFrame({name: values})

    grid = column("dataset", [f"dataset{i:02}" for i in range(N_DATASETS)])
    for name, values in (
        ("pretraining", [f"weights{i:02}" for i in range(n_networks)]),
        ("adaptation", list(ADAPTATIONS)),
        ("fold", list(range(1, N_FOLDS + 1))),
        ("seed", list(range(N_SEEDS))),
    ):
        grid = grid.join(column(name, values), how="cross")
    rng = np.random.default_rng(3)
    runs = grid.with_columns(
        run_id=pl.format("{}", pl.int_range(pl.len())).str.zfill(16),
        study=pl.lit("made"),
        origin=pl.lit("repdrift"),
        status=pl.lit("complete"),
        backbone=pl.concat_str(pl.lit("net"), pl.col("pretraining").str.tail(2)),
        n_blocks=pl.when(pl.col("adaptation") == "freeze_first_k").then(4),
        pooling=pl.lit("mean"),
        head=pl.lit("linear"),
        task=pl.lit("binary"),
        n_folds=pl.lit(N_FOLDS),
        selected_epoch=pl.lit(EPOCHS[-1]),
        n_train=pl.lit(400),
        n_test=pl.lit(100),
        shard_hash=pl.lit(""),
    )
    steps = runs.select("run_id").join(column("epoch", list(EPOCHS)), how="cross")
    scores = steps.join(column("score", list(SCORES)), how="cross").with_columns(
        split=pl.lit("test"),
        confidence_source=pl.lit("head"),
        token=pl.lit("mean"),
        n_neighbours=pl.lit(0),
    )
    similarities = steps.join(
        column("layer", [f"block{i}" for i in range(N_LAYERS)]), how="cross"
    ).with_columns(
        reference_layer=pl.col("layer"),
        token=pl.lit("mean"),
        reference=pl.lit("pretrained"),
        probe=pl.lit("target"),
        measure=pl.lit("cka_linear_debiased"),
        null_mean=pl.lit(0.0),
    )
    return (
        runs,
        scores.with_columns(value=pl.Series(rng.uniform(0.4, 0.9, size=len(scores)))),
        similarities.with_columns(value=pl.Series(rng.uniform(size=len(similarities)))),
    )
