"""From predictions of runs to rows of results: whether two networks err together."""

from itertools import combinations

import numpy as np
import polars as pl

from analysis.dimensions import RUNS, network_name
from analysis.drift.agreement_intervals import (
    AgreementIntervals,
    agreement_intervals,
    table_intervals,
)
from analysis.means.intervals import effective_runs
from analysis.settings import Settings

MIN_IMAGES = 10
PAIR = (*RUNS, "dataset", "first", "second")
SPLIT = ("n_folds", "n_train", "n_test")
CELLS = ("both", "one", "other", "none")  # right: both, the first alone, the second alone, neither


def agreement_rows(predictions: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Agreement of every pair of networks: on the images of each fold and seed, and over them.

    Patients count whole where they are known.
    """
    images = _over_images(predictions, settings)
    runs = _over_runs(images, settings).with_columns(
        fold=pl.lit(None, images.schema["fold"]), seed=pl.lit(None, images.schema["seed"])
    )
    columns = [*RUNS, "dataset", "fold", "seed", *_COLUMNS]
    return pl.concat([images.select(columns), runs.select(columns)])


def _over_images(predictions: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Return a row per pair of networks, fold and seed, with its table and size of split."""
    named = predictions.with_columns(network=network_name())
    rows: list[dict[str, object]] = []
    unit = [*RUNS, "dataset", "fold", "seed"]
    for key, group in named.group_by(unit, maintain_order=True):
        runs = group.sort("network", "run_id").partition_by("run_id", maintain_order=True)
        for first, second in combinations(runs, 2):
            row = _pair(first, second, settings)
            if row:
                split = {name: first[name][0] for name in SPLIT}
                rows.append(dict(zip(unit, key, strict=True)) | split | row)
    schema = {name: named.schema[name] for name in (*unit, *SPLIT)} | _COLUMNS
    tables: dict[str, pl.DataType] = dict.fromkeys(CELLS, pl.Int64())
    pairs = pl.DataFrame(rows, schema=schema | tables, orient="row")
    return pairs.unique([*unit, "first", "second"], keep="first", maintain_order=True)


def _over_runs(images: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Return a row per pair of networks over its folds, or its seeds, were they trained anew.

    The tables of a fold are averaged over its seeds. Pairs with one run each have no row.
    """
    fold = pl.when(pl.col("fold").n_unique().over(PAIR) > 1).then("fold").otherwise("seed")
    rows = []
    for key, pair in images.with_columns(_unit=fold).group_by(PAIR, maintain_order=True):
        tables = pair.group_by("_unit", maintain_order=True).agg(pl.col(CELLS).mean())
        if len(tables) < 2:
            continue
        found = table_intervals(
            tables.select(CELLS).to_numpy().astype(np.float64),
            worth=pair.select(effective_runs()).item() / len(tables),
            level=settings.level,
            n_draws=settings.n_resamples,
            seed=settings.seed,
        )
        kind = "folds" if pair["fold"].n_unique() > 1 else "seeds"
        ids = pair["run_ids"].explode().unique().sort().to_list()
        own = {"method": f"jeffreys_{kind}", "n_images": None, "run_ids": ids}
        rows.append(dict(zip(PAIR, key, strict=True)) | _numbers(found, settings.level) | own)
    schema = {name: images.schema[name] for name in PAIR} | _COLUMNS
    return pl.DataFrame(rows, schema=schema, orient="row")


def _pair(
    first: pl.DataFrame, second: pl.DataFrame, settings: Settings
) -> dict[str, object] | None:
    images = first.join(second, on="sample_id", suffix="_second").sort("sample_id")
    if len(images) < MIN_IMAGES or first["network"][0] == second["network"][0]:
        return None
    patients = images["group_id"] if images["group_id"].null_count() == 0 else images["sample_id"]
    if patients.n_unique() < MIN_IMAGES:
        return None
    a, b = (images[name].to_numpy() for name in ("is_correct", "is_correct_second"))
    found = agreement_intervals(
        a,
        b,
        clusters=patients.to_numpy(),
        level=settings.level,
        n_draws=settings.n_resamples,
        seed=settings.seed,
    )
    cells = (a & b, a & ~b, ~a & b, ~a & ~b)
    return {
        "first": first["network"][0],
        "second": second["network"][0],
        "method": "jeffreys",
        "run_ids": [first["run_id"][0], second["run_id"][0]],
        **_numbers(found, settings.level),
        **{name: int(cell.sum()) for name, cell in zip(CELLS, cells, strict=True)},
    }


def _numbers(found: AgreementIntervals, level: float) -> dict[str, object]:
    """Estimates and intervals as columns; null where undefined."""
    estimate = found.estimate
    numbers = {
        "observed": estimate.observed,
        "observed_low": found.observed[0],
        "observed_high": found.observed[1],
        "independent": estimate.independent,
        "independent_one_model": estimate.independent_one_model,
        "excess": estimate.observed - estimate.independent,
        "excess_low": found.excess[0],
        "excess_high": found.excess[1],
        "kappa": estimate.kappa,
        "kappa_low": found.kappa[0],
        "kappa_high": found.kappa[1],
    }
    defined: dict[str, object] = {
        name: None if np.isnan(value) else value for name, value in numbers.items()
    }
    return defined | {"level": level, "n_images": found.n_images}


_COLUMNS: dict[str, pl.DataType] = {
    "first": pl.String(),
    "second": pl.String(),
    "method": pl.String(),
    "observed": pl.Float64(),
    "observed_low": pl.Float64(),
    "observed_high": pl.Float64(),
    "independent": pl.Float64(),
    "independent_one_model": pl.Float64(),
    "excess": pl.Float64(),
    "excess_low": pl.Float64(),
    "excess_high": pl.Float64(),
    "kappa": pl.Float64(),
    "kappa_low": pl.Float64(),
    "kappa_high": pl.Float64(),
    "level": pl.Float64(),
    "n_images": pl.Int64(),
    "run_ids": pl.List(pl.String()),
}
