"""From predictions of runs, or logged agreement, to rows of results."""

from itertools import combinations

import polars as pl

from analysis.dimensions import RUNS, network_name
from analysis.drift.agreement_intervals import agreement_intervals
from analysis.settings import Settings
from analysis.steps.agreement_over_runs import over_runs

MIN_IMAGES = 10
PAIR = (*RUNS, "dataset", "first", "second")


def agreement_rows(predictions: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Agreement of every pair of networks: on the images of each fold and seed, and over them.

    Patients count whole where they are known.
    """
    images = _over_images(predictions, settings)
    means = over_runs(images, by=PAIR, values=("observed", "excess", "kappa"), level=settings.level)
    baselines = images.group_by(PAIR).agg(pl.col("independent", "independent_one_model").mean())
    rows = pl.concat([images, means.join(baselines, on=PAIR)], how="diagonal")
    return rows.select(*RUNS, "dataset", "fold", "seed", *_COLUMNS)


def _over_images(predictions: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Return a row per pair of networks, fold and seed, with the size of its split."""
    named = predictions.with_columns(network=network_name())
    rows: list[dict[str, object]] = []
    split = ["n_folds", "n_train", "n_test"]
    unit = [*RUNS, "dataset", "fold", "seed", *split]
    for key, group in named.group_by(unit, maintain_order=True):
        runs = group.sort("network", "run_id").partition_by("run_id", maintain_order=True)
        for first, second in combinations(runs, 2):
            row = _pair(first, second, settings)
            if row:
                rows.append(dict(zip(unit, key, strict=True)) | row)
    schema = {name: named.schema[name] for name in unit} | _COLUMNS
    pairs = pl.DataFrame(rows, schema=schema, orient="row")
    return pairs.unique([*unit, "first", "second"], keep="first", maintain_order=True)


def _pair(
    first: pl.DataFrame, second: pl.DataFrame, settings: Settings
) -> dict[str, object] | None:
    images = first.join(second, on="sample_id", suffix="_second").sort("sample_id")
    if len(images) < MIN_IMAGES or first["network"][0] == second["network"][0]:
        return None
    patients = images["group_id"] if images["group_id"].null_count() == 0 else images["sample_id"]
    if patients.n_unique() < MIN_IMAGES:
        return None
    found = agreement_intervals(
        images["is_correct"].to_numpy(),
        images["is_correct_second"].to_numpy(),
        clusters=patients.to_numpy(),
        level=settings.level,
        n_draws=settings.n_resamples,
        seed=settings.seed,
    )
    estimate = found.estimate
    return {
        "first": first["network"][0],
        "second": second["network"][0],
        "method": "jeffreys",
        "observed": estimate.observed,
        "observed_low": found.observed[0],
        "observed_high": found.observed[1],
        "independent": estimate.independent,
        "independent_one_model": estimate.independent_one_model,
        "excess": estimate.observed - estimate.independent,
        "excess_low": found.excess[0],
        "excess_high": found.excess[1],
        "kappa": None if estimate.kappa != estimate.kappa else estimate.kappa,
        "kappa_low": None if found.kappa[0] != found.kappa[0] else found.kappa[0],
        "kappa_high": None if found.kappa[1] != found.kappa[1] else found.kappa[1],
        "level": settings.level,
        "n_images": found.n_images,
        "run_ids": [first["run_id"][0], second["run_id"][0]],
    }


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
