"""The similarity space as a surface and a probability, and over several datasets at once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import special

from analysis.drift.membership import Divergence, divergence_from, wilson_interval
from analysis.regression.least_squares import Floats

ETAS = tuple(round(0.1 * i, 1) for i in range(11))
EPSILONS = (0.0, 0.01, 0.05, 0.1)
_ROUNDING = 1e-12
_Z = 1.959963984540054  # half-width of a 95 % interval over the standard error


@dataclass(frozen=True)
class Space:
    """Thresholds of the similarity space and how similarity is read.

    Attributes
    ----------
    eta, epsilon : float
        M >= 1 - eta and A <= epsilon.
    divergence : {"absolute", "shortfall"}
        How A is taken.
    corrects_floor : bool
        Whether similarity is rescaled so that its value under random pairing becomes 0.
    """

    eta: float
    epsilon: float
    divergence: Divergence = "absolute"
    corrects_floor: bool = False


def without_floor(points: pl.DataFrame) -> pl.DataFrame:
    """Rescale similarity so that unrelated representations have 0 and equal ones 1.

    Parameters
    ----------
    points : DataFrame
        With ``similarity``, ``similarity_floor`` (its mean under random pairing) and, if there is
        one, its interval. Rows without a floor are left out.
    """
    scale = 1 - pl.col("similarity_floor")
    columns = ["similarity", "similarity_low", "similarity_high"]
    return points.drop_nulls("similarity_floor").with_columns(
        (pl.col(name) - pl.col("similarity_floor")) / scale for name in columns
    )


def membership_probability(
    points: pl.DataFrame, space: Space, *, by: Sequence[str], level: float = 0.95
) -> pl.DataFrame:
    """Probability that a run of a set belongs to the similarity space.

    Parameters
    ----------
    points : DataFrame
        One row per run: columns of ``by``, ``run_id, similarity, similarity_low, similarity_high``
        (95 % interval over images, or null), ``similarity_floor, outcome_value, reference_score,
        n_test``.
    space : Space
        Thresholds.
    by : sequence of str
        Columns that name a set of runs.
    level : float, default 0.95
        Coverage of the interval.

    Returns
    -------
    DataFrame
        One row per set: ``eta, epsilon, divergence, corrects_floor, probability, ci_low, ci_high,
        level, n_runs, run_ids``. Runs are resampled; similarity varies by its interval over images,
        the score as a share of ``n_test`` images. Where neither is known and runs do not differ,
        the probability is membership itself. The interval is Wilson's for as many runs: resampled
        runs that are all members would leave it no width.

    Notes
    -----
    The mean over infinitely many draws, in closed form: normal similarity and normal score, which
    are taken as independent given the run.
    """
    points = points.drop_nulls(["similarity", "outcome_value", "reference_score"])
    points = without_floor(points) if space.corrects_floor else points
    sets = (
        points.with_columns(pl.Series("_share", _chances(points, space)))
        .group_by(by)
        .agg(
            probability=pl.col("_share").mean(),
            n_runs=pl.len().cast(pl.Int64),
            run_ids=pl.col("run_id").cast(pl.String).sort(),
        )
        .sort(by, nulls_last=True)
    )
    counts = sets.select(pl.col("probability") * pl.col("n_runs"), "n_runs").iter_rows()
    ends = [wilson_interval(min(expected, n), n, level=level) for expected, n in counts]
    return sets.with_columns(
        eta=pl.lit(space.eta),
        epsilon=pl.lit(space.epsilon),
        divergence=pl.lit(space.divergence),
        corrects_floor=pl.lit(space.corrects_floor),
        level=pl.lit(level),
        ci_low=pl.Series([low for low, _ in ends], dtype=pl.Float64),
        ci_high=pl.Series([high for _, high in ends], dtype=pl.Float64),
    ).select(*by, *_PROBABILITY)


def _chances(points: pl.DataFrame, space: Space) -> Floats:
    """Probability that each run is a member on other images."""
    width = points["similarity_high"] - points["similarity_low"]
    error = (width.cast(pl.Float64) / (2 * _Z)).fill_null(0.0).to_numpy()
    score = points["outcome_value"].to_numpy()
    images = points["n_test"].cast(pl.Float64).fill_null(np.inf).to_numpy()
    score_error = np.sqrt(np.clip(score * (1 - score), 0, None) / images)
    gap = points["reference_score"].to_numpy() - score
    similar = _at_most(1 - points["similarity"].to_numpy(), space.eta, error)
    close = _at_most(gap, space.epsilon, score_error)
    if space.divergence == "absolute":
        close = close + _at_most(-gap, space.epsilon, score_error) - 1
    return np.asarray(similar * np.maximum(close, 0.0), dtype=np.float64)


def _at_most(values: Floats, threshold: float, errors: Floats) -> Floats:
    """Probability that normal numbers stay at or below a threshold; 0 or 1 without an error."""
    room = threshold - values
    known = errors <= 0
    scaled = room / np.where(known, 1.0, errors)
    return np.where(known, room >= -_ROUNDING, special.ndtr(scaled))


def membership_surface(
    points: pl.DataFrame,
    *,
    by: Sequence[str],
    unit: Sequence[str] = ("fold", "seed"),
    divergence: Divergence = "absolute",
) -> pl.DataFrame:
    """Share of members over a grid of thresholds: per dataset, in every dataset, in any.

    Parameters
    ----------
    points : DataFrame
        One row per run: columns of ``by``, ``dataset``, of ``unit``, and ``similarity,
        outcome_value, reference_score``, and where it is known ``similarity_floor``.
    by : sequence of str
        Columns that name a network and what is looked at; not the dataset.
    unit : sequence of str, default ("fold", "seed")
        What matches runs of different datasets.
    divergence : {"absolute", "shortfall"}
        How A is taken.

    Returns
    -------
    DataFrame
        One row per set and grid point: ``scope`` (``dataset``, ``intersection``: Zu et al.'s global
        space, ``union``), ``dataset`` (null for the latter two), ``eta, epsilon, fraction,
        n_units``, ``fraction_corrected`` (with the floor of each run taken for no similarity: M >=
        1 - eta (1 - floor); null where a floor is unknown), and ``is_frontier``: the smallest eta
        of this epsilon at which at least half belong.
    """
    if "similarity_floor" not in points.columns:
        points = points.with_columns(similarity_floor=pl.lit(None, pl.Float64))
    points = points.drop_nulls(["similarity", "outcome_value", "reference_score"])
    measured = points.with_columns(needed=1 - pl.col("similarity"), gap=divergence_from(divergence))
    grid = pl.DataFrame({"eta": ETAS}).join(pl.DataFrame({"epsilon": EPSILONS}), how="cross")
    room = pl.col("eta") * (1 - pl.col("similarity_floor"))
    close = pl.col("gap") <= pl.col("epsilon") + _ROUNDING
    thresholds = ["eta", "epsilon"]
    members = measured.join(grid, how="cross").with_columns(
        is_member=(pl.col("needed") <= pl.col("eta") + _ROUNDING) & close,
        is_corrected=pl.when(pl.col("similarity_floor").is_not_null()).then(
            (pl.col("needed") <= room + _ROUNDING) & close
        ),
    )
    member, corrected = pl.col("is_member"), pl.col("is_corrected")
    alone = members.group_by([*by, "dataset", *thresholds]).agg(
        fraction=member.mean(),
        fraction_corrected=_if_known(corrected, corrected.mean()),
        n_units=pl.len().cast(pl.Int64),
    )
    scopes = [alone.with_columns(scope=pl.lit("dataset"))]
    for scope, combine in (("intersection", pl.Expr.all), ("union", pl.Expr.any)):
        together = members.group_by([*by, *unit, *thresholds]).agg(
            combine(member), _if_known(corrected, combine(corrected)).alias("is_corrected")
        )
        combined = together.group_by([*by, *thresholds]).agg(
            fraction=member.mean(),
            fraction_corrected=_if_known(corrected, corrected.mean()),
            n_units=pl.len().cast(pl.Int64),
        )
        scopes.append(combined.with_columns(scope=pl.lit(scope)))
    rows = pl.concat(scopes, how="diagonal")
    sets = [*by, "scope", "dataset", "epsilon"]
    half = pl.when(pl.col("fraction") >= 0.5).then("eta").min().over(sets)
    return rows.with_columns(is_frontier=(pl.col("eta") == half).fill_null(value=False)).sort(
        [*sets, "eta"], nulls_last=True
    )


def _if_known(values: pl.Expr, found: pl.Expr) -> pl.Expr:
    return pl.when(values.is_not_null().all()).then(found)


_PROBABILITY: dict[str, pl.DataType] = {
    "eta": pl.Float64(),
    "epsilon": pl.Float64(),
    "divergence": pl.String(),
    "corrects_floor": pl.Boolean(),
    "probability": pl.Float64(),
    "ci_low": pl.Float64(),
    "ci_high": pl.Float64(),
    "level": pl.Float64(),
    "n_runs": pl.Int64(),
    "run_ids": pl.List(pl.String()),
}
