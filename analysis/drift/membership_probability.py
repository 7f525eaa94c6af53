"""How surely the runs of a network belong to the similarity space, on other images too."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import special

from analysis.drift.membership import Divergence
from analysis.means.intervals import effective_runs
from analysis.means.shares import share_intervals
from analysis.regression.least_squares import Floats

_ROUNDING = 1e-12
_Z = 1.959963984540054  # half-width of a 95 % interval over the standard error
_SHIFTS = {"similar": (1, 0), "dissimilar": (-1, 0), "better": (0, 1), "worse": (0, -1)}


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
    """Probability that a run of a set, drawn anew with its images, belongs to the similarity space.

    Parameters
    ----------
    points : DataFrame
        One row per run: columns of ``by``, ``run_id, fold, n_folds, probe, similarity,
        similarity_low, similarity_high`` (95 % interval over images, or null), ``similarity_floor,
        outcome_value, reference_score, n_train, n_test``.
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
        level, n_runs, n_effective, run_ids``. Where no noise is known the probability is the share
        of members.

    Notes
    -----
    The mean over infinitely many draws of a run and of its images, in closed form: similarity is
    normal about the one seen with the error of its interval, the score with that of a share of
    ``n_test`` images (which an AUC or a kappa is not), independently given the run. What is seen
    varies by its images already, so that they count twice: probabilities lie between the true one
    and one half. The reference counts as known.

    The interval joins [1]_ that of a share of as many runs as the folds are worth with the images:
    runs that all saw the same ones (the source probe; seeds of one split) would all move together,
    and the probability is taken again with every similarity, and every score, at the ends of its
    own interval.

    References
    ----------
    .. [1] Zou and Donner (2008), Statistics in Medicine 27, https://doi.org/10.1002/sim.3095
    """
    points = points.drop_nulls(["similarity", "outcome_value", "reference_score"])
    points = without_floor(points) if space.corrects_floor else points
    quantile = float(special.ndtri((1 + level) / 2))
    chances = {"probability": _chances(points, space, (0.0, 0.0))} | {
        name: _chances(points, space, (quantile * similarity, quantile * score))
        for name, (similarity, score) in _SHIFTS.items()
    }
    one_split = pl.col("fold").n_unique() == 1
    sets = (
        points.with_columns(pl.Series(name, values) for name, values in chances.items())
        .group_by(by, maintain_order=True)
        .agg(
            pl.col(list(chances)).mean(),
            n_runs=pl.len().cast(pl.Int64),
            n_effective=effective_runs(),
            run_ids=pl.col("run_id").cast(pl.String).sort(),
            _shares_probe=one_split | (pl.col("probe") != "target").all(),
            _shares_test=one_split,
        )
        .sort(by, nulls_last=True)
    )
    low, high = share_intervals(
        sets["probability"].clip(0.0, 1.0), sets["n_effective"], level=level
    )
    sets = sets.with_columns(low=pl.Series(low), high=pl.Series(high))
    ci_low, ci_high = _ends()
    return sets.with_columns(
        eta=pl.lit(space.eta),
        epsilon=pl.lit(space.epsilon),
        divergence=pl.lit(space.divergence),
        corrects_floor=pl.lit(space.corrects_floor),
        level=pl.lit(level),
        ci_low=ci_low,
        ci_high=ci_high,
    ).select(*by, *_PROBABILITY)


def _ends() -> tuple[pl.Expr, pl.Expr]:
    """Both ends: each is as far from the probability as its three parts together."""
    middle, low, high = pl.col("probability"), pl.col("low"), pl.col("high")
    for shared, names in (
        ("_shares_probe", ("similar", "dissimilar")),
        ("_shares_test", ("better", "worse")),
    ):
        least = pl.min_horizontal(middle, *names)
        most = pl.max_horizontal(middle, *names)
        joined_low = middle - ((middle - low) ** 2 + (middle - least) ** 2).sqrt()
        joined_high = middle + ((high - middle) ** 2 + (most - middle) ** 2).sqrt()
        low = pl.when(shared).then(joined_low).otherwise(low)
        high = pl.when(shared).then(joined_high).otherwise(high)
    return low.clip(0.0, 1.0), high.clip(0.0, 1.0)


def _chances(points: pl.DataFrame, space: Space, shifts: tuple[float, float]) -> Floats:
    """Probability that each run is a member on other images, moved by shifts in standard errors."""
    width = points["similarity_high"] - points["similarity_low"]
    error = (width.cast(pl.Float64) / (2 * _Z)).fill_null(0.0).to_numpy()
    score = points["outcome_value"].to_numpy()
    images = points["n_test"].cast(pl.Float64).fill_null(np.inf).to_numpy()
    score_error = np.sqrt(np.clip(score * (1 - score), 0, None) / images)
    similarity = points["similarity"].to_numpy() + shifts[0] * error
    gap = points["reference_score"].to_numpy() - score - shifts[1] * score_error
    similar = _at_most(1 - similarity, space.eta, error)
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
    "n_effective": pl.Float64(),
    "run_ids": pl.List(pl.String()),
}
