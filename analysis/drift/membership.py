"""The similarity space of Zu et al.: which fine-tuned networks stay close and stay good.

A network belongs to the space when its similarity M to the pre-trained one is at least ``1 - eta``
and its score differs from the reference by A of at most ``epsilon`` (eq. 5). The paper leaves M, A
and the reference open; here each of them has a name.
"""

from collections.abc import Sequence
from typing import Literal

import polars as pl

from analysis.dimensions import TREATMENT
from analysis.means.intervals import effective_runs
from analysis.means.shares import share_intervals

Reference = Literal["best", "linear", "scratch"]
Divergence = Literal["absolute", "shortfall"]
_ROUNDING = 1e-12  # 0.9 - 0.7 is more than 0.2 in floating point

COLUMNS: dict[str, pl.DataType] = {
    "reference_policy": pl.String(),
    "divergence": pl.String(),
    "eta": pl.Float64(),
    "epsilon": pl.Float64(),
    "n_members": pl.Int64(),
    "n_runs": pl.Int64(),
    "n_effective": pl.Float64(),
    "fraction": pl.Float64(),
    "ci_low": pl.Float64(),
    "ci_high": pl.Float64(),
    "level": pl.Float64(),
    "noise_floor": pl.Float64(),
    "eta_corrected": pl.Float64(),
    "n_members_corrected": pl.Int64(),
    "fraction_corrected": pl.Float64(),
    "run_ids": pl.List(pl.String()),
}


def references(
    scores: pl.DataFrame, *, by: Sequence[str], policy: Reference = "best"
) -> pl.DataFrame:
    """Score that each run is held against, by a declared policy.

    Parameters
    ----------
    scores : DataFrame
        One row per run: columns of ``by``, ``pretraining, adaptation, n_blocks, variant,
        outcome_value``.
    by : sequence of str
        Columns within which networks are compared: dataset, backbone, score and the like.
    policy : {"best", "linear", "scratch"}
        ``best``: the highest mean over runs of any pretraining and adaptation. ``linear``: that of
        the linear probes of the same pretraining, which stand for the pre-trained network itself,
        as that has no head for the target. ``scratch``: that of the runs from scratch. Of several
        depths or variants the best counts.

    Returns
    -------
    DataFrame
        ``by``, ``reference_score``; with ``linear`` also ``pretraining``. Groups without such runs
        are missing.
    """
    chosen = scores if policy == "best" else scores.filter(pl.col("adaptation") == policy)
    cells = chosen.group_by([*by, "pretraining", *TREATMENT], maintain_order=True).agg(
        pl.col("outcome_value").mean()
    )
    keys = [*by, "pretraining"] if policy == "linear" else by
    return cells.group_by(keys, maintain_order=True).agg(
        reference_score=pl.col("outcome_value").max()
    )


def divergence_from(divergence: Divergence) -> pl.Expr:
    """Distance A of a run's score from its reference, at least 0.

    ``absolute`` is Zu et al., eq. 4, which also excludes runs that are better than the reference;
    ``shortfall`` counts only what is lost.
    """
    gap = pl.col("reference_score") - pl.col("outcome_value")
    return gap.abs() if divergence == "absolute" else gap.clip(lower_bound=0.0)


def belongs(needed: pl.Expr, gap: pl.Expr, eta: pl.Expr, epsilon: pl.Expr) -> pl.Expr:
    """Whether a run is in the space: ``needed`` is 1 - M, ``gap`` is A; either may be the limit."""
    return (needed <= eta + _ROUNDING) & (gap <= epsilon + _ROUNDING)


def membership(
    points: pl.DataFrame,
    *,
    by: Sequence[str],
    eta: float,
    epsilon: float,
    divergence: Divergence = "absolute",
    level: float = 0.95,
) -> pl.DataFrame:
    """Count the members of the similarity space in each set of runs.

    Parameters
    ----------
    points : DataFrame
        One row per run: columns of ``by``, ``run_id, fold, n_folds, n_train, n_test, similarity``
        (M), ``outcome_value`` (score), ``reference_score``, and where it is known
        ``similarity_floor`` (mean similarity under random pairing).
    by : sequence of str
        Columns that name a set of runs.
    eta, epsilon : float
        Thresholds of Zu et al., eq. 5: M >= 1 - eta and A <= epsilon.
    divergence : {"absolute", "shortfall"}
        How A is taken.
    level : float, default 0.95
        Coverage of the intervals.

    Returns
    -------
    DataFrame
        One row per set: ``eta, epsilon, n_members, n_runs, n_effective, fraction, ci_low, ci_high``
        (binomial, for as many runs as the folds are worth: see
        `analysis.means.intervals.effective_runs`), ``level, run_ids``, with the divergence; and
        with the floor taken for no similarity: ``noise_floor`` (mean), ``eta_corrected = eta (1 -
        noise_floor)``, ``n_members_corrected`` (each run by its own floor), ``fraction_corrected``,
        null where a floor is unknown.

    Raises
    ------
    ValueError
        If eta is outside [0, 1] or epsilon is negative.

    References
    ----------
    .. [1] Zu et al. (2025), eq. 3-6.

    Examples
    --------
    >>> points = pl.DataFrame(
    ...     {
    ...         "dataset": "knee",
    ...         "run_id": ["a", "b"],
    ...         **{"fold": [1, 2], "n_folds": 5, "n_train": 80, "n_test": 20},
    ...         "similarity": [0.9, 0.4],
    ...         "outcome_value": [0.80, 0.82],
    ...         "reference_score": 0.82,
    ...     }
    ... )
    >>> membership(points, by=["dataset"], eta=0.2, epsilon=0.05)["n_members"].item()
    1
    """
    if not 0 <= eta <= 1 or epsilon < 0:
        raise ValueError(f"eta = {eta} must lie in [0, 1] and epsilon = {epsilon} be at least 0")
    if "similarity_floor" not in points.columns:
        points = points.with_columns(similarity_floor=pl.lit(None, pl.Float64))
    floor = pl.col("similarity_floor")
    needed, gap = 1 - pl.col("similarity"), divergence_from(divergence)
    is_member, is_corrected = (
        belongs(needed, gap, room, pl.lit(epsilon)) for room in (pl.lit(eta), eta * (1 - floor))
    )
    known = floor.is_not_null().all()
    sets = (
        points.drop_nulls(["similarity", "outcome_value", "reference_score"])
        .group_by(by, maintain_order=True)
        .agg(
            n_members=is_member.sum().cast(pl.Int64),
            noise_floor=pl.when(known).then(floor.mean()),
            n_members_corrected=pl.when(known).then(is_corrected.sum()).cast(pl.Int64),
            n_runs=pl.len().cast(pl.Int64),
            n_effective=effective_runs(),
            run_ids=pl.col("run_id").cast(pl.String).sort(),
        )
        .sort(by, nulls_last=True)
    )
    fraction = sets["n_members"] / sets["n_runs"]
    ci_low, ci_high = share_intervals(fraction, sets["n_effective"], level=level)
    return sets.with_columns(
        fraction=fraction,
        fraction_corrected=pl.col("n_members_corrected") / pl.col("n_runs"),
        eta_corrected=eta * (1 - pl.col("noise_floor")),
        divergence=pl.lit(divergence),
        eta=pl.lit(eta),
        epsilon=pl.lit(epsilon),
        level=pl.lit(level),
        ci_low=pl.Series(ci_low),
        ci_high=pl.Series(ci_high),
    ).select(*by, *(column for column in COLUMNS if column != "reference_policy"))
