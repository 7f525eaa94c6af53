"""From predictions of runs, or logged agreement, to rows of results."""

from itertools import combinations

import polars as pl

from analysis.dimensions import CELL, RUNS, network_name
from analysis.drift.agreement import agreement_intervals
from analysis.means.intervals import mean_intervals
from analysis.settings import Settings

MIN_IMAGES = 10
LOGGED = ("prediction_similarity", "prediction_similarity_independent_juodelyte")


def agreement_rows(predictions: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Agreement of every pair of networks that share a fold and a seed, over its images.

    Patients are resampled whole where they are known.
    """
    named = predictions.with_columns(network=network_name())
    rows: list[dict[str, object]] = []
    unit = [*RUNS, "dataset", "fold", "seed"]
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
        n_resamples=settings.n_resamples,
        seed=settings.seed,
    )
    estimate = found.estimate
    return {
        "first": first["network"][0],
        "second": second["network"][0],
        "method": "bootstrap",
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


def logged_agreement_rows(similarities: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Agreement that was logged per fold, with the baseline of the 2023 code, over folds."""
    logged = similarities.filter(pl.col("measure").is_in(LOGGED))
    if logged.is_empty():
        return pl.DataFrame(schema=_ROW)
    index = [*CELL, "reference_pretraining", "reference_adaptation"]
    fold = ["run_id", "reference_run_id", "fold", "n_folds", "seed", "n_train", "n_test"]
    wide = logged.pivot("measure", index=[*index, *fold], values="value").drop_nulls(LOGGED)
    observed, baseline = LOGGED
    wide = wide.with_columns(excess=pl.col(observed) - pl.col(baseline))
    means, excess = (
        mean_intervals(wide, by=index, value=name, level=settings.level)
        for name in (observed, "excess")
    )
    ids = wide.group_by(index).agg(
        independent_one_model=pl.col(baseline).mean(),
        run_ids=pl.col("run_id").append(pl.col("reference_run_id")).unique().sort(),
    )
    joined = means.join(excess, on=index, nulls_equal=True, suffix="_excess").drop("run_ids")
    joined = joined.join(ids, on=index, nulls_equal=True)
    return joined.select(
        *RUNS,
        "dataset",
        fold=pl.lit(None, pl.Int32),
        seed=pl.lit(None, pl.Int32),
        first=network_name(),
        second=network_name("reference_pretraining", "reference_adaptation"),
        method="method",
        observed="estimate",
        observed_low="ci_low",
        observed_high="ci_high",
        independent_one_model="independent_one_model",
        excess="estimate_excess",
        excess_low="ci_low_excess",
        excess_high="ci_high_excess",
        level="level",
        run_ids="run_ids",
    )


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
_ROW: dict[str, pl.DataType] = {
    "origin": pl.String(),
    "study": pl.String(),
    "dataset": pl.String(),
    "fold": pl.Int32(),
    "seed": pl.Int32(),
} | _COLUMNS
