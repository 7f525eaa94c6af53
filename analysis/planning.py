"""From scores and points to rows of results: variation, power, prediction, the multiverse."""

from typing import Any

import polars as pl

from analysis.comparing import COMPARED, all_comparisons, compared_networks
from analysis.comparisons import Comparison
from analysis.dimensions import HIGHER_IS_BETTER, NETWORK, REPRESENTATION
from analysis.multiverse import joint_test, specification_curve
from analysis.power import minimal_detectable_effect, units_needed
from analysis.projection import project
from analysis.settings import Settings
from analysis.sloping import with_pooled_adaptations
from analysis.stacking import Model
from analysis.variance import variance_components

UNITS = {"nadeau_bengio": "fold", "t": "seed", "t_datasets": "dataset"}
QUESTION = [*NETWORK, "token", "probe", "score"]


def variance_rows(scores: pl.DataFrame, _settings: Settings) -> pl.DataFrame:
    """Variance of every score over datasets, folds and seeds, per network."""
    networks = compared_networks(scores)
    by = ["origin", "network", *COMPARED[1:]]
    return variance_components(networks, by=by, nested=("dataset", "fold"))


def detectable_rows(scores: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Effects that every comparison could have found, and what the wanted one needs."""
    drawn_once = Comparison(level=settings.level, n_draws=1, n_resamples=1)  # draws are not used
    rows = all_comparisons(scores, drawn_once).filter(pl.col("std_error") > 0)
    kept = [*COMPARED, *_NAMES]
    found = [_detectable(row, settings) for row in rows.iter_rows(named=True)]
    schema = {name: rows.schema[name] for name in kept} | _DETECTABLE
    return pl.DataFrame(found, schema=schema, orient="row")


def _detectable(row: dict[str, Any], settings: Settings) -> dict[str, object]:
    error, df, n = row["std_error"], row["df"], row["n_pairs"]
    # What the standard error holds beyond sd / sqrt(n) is shared by folds: more do not average it
    # out.
    sd = row["sd"] or error * n**0.5
    shared = max((error / sd) ** 2 - 1 / n, 0.0)
    minimal = minimal_detectable_effect(error, df, power=settings.power, level=settings.level)
    needed = units_needed(
        settings.effect, sd, power=settings.power, level=settings.level, shared=shared
    )
    return {name: row[name] for name in (*COMPARED, *_NAMES)} | {
        "power": settings.power,
        "level": settings.level,
        "minimal_effect": minimal,
        "wanted_effect": settings.effect,
        "unit": UNITS[row["method"]],
        "n_units": n,
        "n_units_needed": needed,
    }


def projection_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Prediction of every outcome on datasets left out, per network and layer."""
    pooled = with_pooled_adaptations(points)
    by = [*NETWORK, *REPRESENTATION, "outcome"]
    return project(pooled, Model(), by=by, level=settings.projection_level)


def specification_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Specification curve of every score's gain, per network."""
    return specification_curve(_questions(points), by=QUESTION, level=settings.level)


def specification_test_rows(points: pl.DataFrame, _settings: Settings) -> pl.DataFrame:
    """Joint test of every specification curve."""
    return joint_test(_questions(points), by=QUESTION)


def _questions(points: pl.DataFrame) -> pl.DataFrame:
    """Points whose outcome is a score with one from scratch beside it."""
    scores = with_pooled_adaptations(points).filter(
        pl.col("outcome").str.starts_with("score:"), pl.col("scratch_value").is_not_null()
    )
    scores = scores.with_columns(score=pl.col("outcome").str.strip_prefix("score:"))
    return scores.filter(pl.col("score").is_in(HIGHER_IS_BETTER))


_NAMES = ("dataset", "first", "second", "method", "std_error", "df")
_DETECTABLE: dict[str, pl.DataType] = {
    "power": pl.Float64(),
    "level": pl.Float64(),
    "minimal_effect": pl.Float64(),
    "wanted_effect": pl.Float64(),
    "unit": pl.String(),
    "n_units": pl.Int64(),
    "n_units_needed": pl.Int64(),
}
