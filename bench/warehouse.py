"""The warehouse at scale: 10,000 runs with 10 million scores and similarities, on two cores.

Each row says what was measured, against what, their ratio, and the goal: at most 1 where the goal
is a limit of time or memory, at least the number where it is a share of a peer's speed.
"""

import json
import multiprocessing
import resource
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.connection import connect
from warehouse.ingest import ingest
from warehouse.layout import Layout
from warehouse.parquet import COMPRESSION_LEVEL, ParquetStream, activation_table
from warehouse.schema import sql_files
from warehouse.shard import manifest_text

N_RUNS = 10_000
N_EPOCHS, N_SCORES, N_LAYERS, N_MEASURES = 25, 20, 10, 2  # 500 scores, 500 similarities a run
INGEST_LIMIT_S = 60.0
QUERY_LIMIT_S = 1.0
MEMORY_LIMIT_MB = 1000.0
WRITE_SHARE = 0.8


class Measured(NamedTuple):
    """One line of the table that `make bench` prints."""

    what: str
    against: str
    ratio: float
    goal: str


def rows(n_runs: int = N_RUNS) -> list[Measured]:
    """Measure ingest (time, memory), every mart, and the writing of activations."""
    with tempfile.TemporaryDirectory() as directory:
        layout = Layout(Path(directory))
        _write_runs(layout, n_runs)
        ingest_s, memory_mb = _in_child(_ingest, layout)
        marts = [
            _mart_seconds(layout, file.path)
            for file in sql_files("marts")
            if not file.path.endswith("/summaries.sql")  # printed tables: a few hundred rows
        ]
    return [
        Measured(
            f"ingest {n_runs:,} runs", f"{INGEST_LIMIT_S:.0f} s", ingest_s / INGEST_LIMIT_S, "<= 1"
        ),
        Measured(
            "memory of ingest", f"{MEMORY_LIMIT_MB:.0f} MB", memory_mb / MEMORY_LIMIT_MB, "<= 1"
        ),
        *(Measured(name, f"{QUERY_LIMIT_S:.0f} s", s / QUERY_LIMIT_S, "<= 1") for name, s in marts),
        Measured(
            "write activations",
            "pyarrow write_table, same codec",
            _write_share(),
            f">= {WRITE_SHARE}",
        ),
    ]


def _ingest(layout: Layout) -> tuple[float, float]:
    started = time.perf_counter()
    report = ingest(layout)
    seconds = time.perf_counter() - started
    if report.problems or not report.n_new:
        raise RuntimeError(f"ingest took {report.n_new} runs; {report.problems[:1]}")
    return seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _in_child(function, layout):  # noqa: ANN001, ANN202 (a process of its own has a peak memory of its own)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, (layout,))


def _mart_seconds(layout: Layout, path: str) -> tuple[str, float]:
    """Seconds for one dataset's rows of a mart, aggregated as an analysis would."""
    mart = path.removesuffix(".sql").replace("/", ".")
    value = {
        "marts.gains": "gain_difference",
        "marts.similarity_by_outcome": "similarity",
        "marts.trajectories": "similarity",
    }.get(mart, "value")
    query = (
        f"select backbone, pretraining, adaptation, avg({value}), count(*) "  # noqa: S608
        f"from {mart} where dataset = 'd3' group by all"
    )
    seconds = []
    with connect(layout.root) as con:
        for _ in range(3):
            started = time.perf_counter()
            if not con.execute(query).fetchall():
                raise RuntimeError(f"{mart} has no rows")
            seconds.append(time.perf_counter() - started)
    return mart, float(np.median(seconds))


def _write_runs(layout: Layout, n_runs: int) -> None:
    """Complete runs with random numbers, without the fsync of each that a collection pays for."""
    rng = np.random.default_rng(0)
    scores, similarities = _score_frame(), _similarity_frame()
    intervals = _interval_frame(scores)
    for number in range(n_runs):
        directory = layout.run(f"{number:016x}")
        directory.mkdir(parents=True)
        for name, frame in (("scores", scores), ("similarities", similarities)):
            filled = frame.with_columns(
                run_id=pl.lit(directory.name), value=pl.Series(rng.random(len(frame)))
            )
            filled.write_parquet(directory / f"{name}.parquet", compression="zstd")
        intervals.with_columns(run_id=pl.lit(directory.name)).write_parquet(
            directory / "score_intervals.parquet", compression="zstd"
        )
        (directory / "run.json").write_text(json.dumps(_run(number)))
        (directory / "manifest.json").write_text(manifest_text(directory))


def _run(number: int) -> dict[str, object]:
    cell, fold = divmod(number, 5)
    adaptation = ("full", "linear", "scratch", "head_then_full")[cell % 4]
    return {
        "run_id": f"{number:016x}",
        "study": "bench",
        "origin": "repdrift",
        "status": "complete",
        "backbone": f"b{cell // 4 % 10}",
        "pretraining": "random" if adaptation == "scratch" else "imagenet",
        "adaptation": adaptation,
        "pooling": "mean",
        "head": "linear",
        "dataset": f"d{cell // 40 % 10}",
        "task": "binary",
        "fold": fold + 1,
        "n_folds": 5,
        "seed": cell // 400,
        "selected_epoch": N_EPOCHS - 1,
        "hyperparameters": {"learning_rate": 1e-3},
    }


def _score_frame() -> pl.DataFrame:
    names = ["auc", "accuracy", "ece_width_15", "loss", *(f"s{i}" for i in range(N_SCORES - 5))]
    kinds = pl.DataFrame(
        {
            "split": ["test"] * (N_SCORES - 1) + ["source"],
            "confidence_source": ["head"] * (N_SCORES - 1) + ["knn"],
            "n_neighbours": [0] * (N_SCORES - 1) + [10],
            "score": [*names, "accuracy"],
        }
    )
    return _with_epochs(kinds.with_columns(token=pl.lit("mean"), n_samples=pl.lit(1000)))


def _interval_frame(scores: pl.DataFrame) -> pl.DataFrame:
    """One interval for each score at the selected epoch."""
    return scores.filter(epoch=N_EPOCHS - 1).select(
        *("epoch", "split", "confidence_source", "token", "n_neighbours", "score"),
        std_error=pl.lit(0.01),
        ci_low=pl.lit(0.4),
        ci_high=pl.lit(0.6),
        level=pl.lit(0.95),
        n_resamples=pl.lit(1000),
        unit=pl.lit("image"),
        n_units=pl.lit(500),
    )


def _similarity_frame() -> pl.DataFrame:
    layers = pl.DataFrame({"layer": [f"block{i}" for i in range(N_LAYERS)]})
    measures = pl.DataFrame({"measure": [f"m{i}" for i in range(N_MEASURES)]})
    return _with_epochs(
        layers.join(measures, how="cross").with_columns(
            reference_layer=pl.col("layer"),
            token=pl.lit("mean"),
            reference=pl.lit("pretrained"),
            probe=pl.lit("target"),
            null_mean=pl.lit(0.1),
            n_images=pl.lit(500),
        )
    )


def _with_epochs(kinds: pl.DataFrame) -> pl.DataFrame:
    return pl.DataFrame({"epoch": range(N_EPOCHS)}).join(kinds, how="cross")


def _write_share(n_layers: int = 13, n_images: int = 2000, n_features: int = 768) -> float:
    """Speed of ``ParquetStream`` as a share of ``pq.write_table``, median of five rounds."""
    rng = np.random.default_rng(0)
    layers = [rng.normal(size=(n_images, n_features)).astype(np.float32) for _ in range(n_layers)]
    sample_ids = [str(i) for i in range(n_images)]
    shares = []
    with tempfile.TemporaryDirectory() as directory:
        for number in range(5):
            ours = _stream_seconds(Path(directory) / f"ours{number}.parquet", layers, sample_ids)
            plain = _plain_seconds(Path(directory) / f"plain{number}.parquet", layers, sample_ids)
            shares.append(plain / ours)
    return float(np.median(shares))


def _dimensions(layer: int) -> dict[str, object]:
    return {"run_id": "r", "epoch": 0, "layer": f"block{layer}", "token": "mean", "probe": "source"}


def _stream_seconds(path: Path, layers: list[np.ndarray], sample_ids: list[str]) -> float:
    started = time.perf_counter()
    stream = ParquetStream(path)
    for number, activations in enumerate(layers):
        stream.write(activation_table(_dimensions(number), sample_ids, activations))
    stream.close()
    return time.perf_counter() - started


def _plain_seconds(path: Path, layers: list[np.ndarray], sample_ids: list[str]) -> float:
    tables = [
        activation_table(_dimensions(number), sample_ids, activations)
        for number, activations in enumerate(layers)
    ]
    whole = pa.concat_tables(tables)
    started = time.perf_counter()
    pq.write_table(
        whole,
        path,
        compression="zstd",
        compression_level=COMPRESSION_LEVEL,
        row_group_size=len(sample_ids),
        use_dictionary=[name for name in whole.column_names if name != "activation"],
        use_byte_stream_split=["activation.list.element"],
    )
    return time.perf_counter() - started


if __name__ == "__main__":
    for row in rows():
        print(f"{row.what:34}  {row.against:34}  {row.ratio:6.3f}  {row.goal}")
