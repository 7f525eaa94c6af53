"""The similarity space as a surface over its thresholds, on one dataset and on several."""

from collections.abc import Sequence

import polars as pl

from analysis.drift.membership import Divergence, belongs, divergence_from
from analysis.means.intervals import effective_runs
from analysis.means.shares import share_intervals

ETAS = tuple(round(0.1 * i, 1) for i in range(11))
EPSILONS = (0.0, 0.01, 0.05, 0.1)
THRESHOLDS = ("eta", "epsilon")


def membership_surface(
    points: pl.DataFrame,
    *,
    by: Sequence[str],
    divergence: Divergence = "absolute",
    level: float = 0.95,
) -> pl.DataFrame:
    """Share of members over a grid of thresholds: per dataset, in every dataset, in any.

    Parameters
    ----------
    points : DataFrame
        One row per run: columns of ``by``, ``dataset, fold, n_folds, seed, n_train, n_test,
        similarity, outcome_value, reference_score``, and where it is known ``similarity_floor``.
    by : sequence of str
        Columns that name a network and what is looked at; not the dataset.
    divergence : {"absolute", "shortfall"}
        How A is taken.
    level : float, default 0.95
        Coverage.

    Returns
    -------
    DataFrame
        One row per set and grid point: ``scope`` (``dataset``, ``intersection``: Zu et al.'s global
        space, ``union``), ``dataset`` (null for the latter two), ``eta, epsilon, fraction, ci_low,
        ci_high`` (binomial, for ``n_effective`` runs: see
        `analysis.means.intervals.effective_runs`), ``level, n_units, n_effective``,
        ``fraction_corrected`` (with the floor of each run taken for no similarity: M >= 1 - eta
        (1 - floor); null where a floor is unknown), and ``is_frontier``: the smallest eta of this
        epsilon at which at least half belong.

    Notes
    -----
    Runs of different datasets are matched by fold and seed. A fold and seed that is missing on a
    dataset is left out of intersection and union, which have no row where none is left: it would be
    held to fewer datasets than the others.
    """
    if "similarity_floor" not in points.columns:
        points = points.with_columns(similarity_floor=pl.lit(None, pl.Float64))
    points = points.drop_nulls(["similarity", "outcome_value", "reference_score"])
    unit = [*by, "fold", "seed"]
    n_datasets = pl.col("dataset").n_unique()
    matched = points.filter(n_datasets.over(unit) == n_datasets.over(by))
    sizes = (pl.col("n_folds").max(), pl.col("n_train", "n_test").mean())
    rows = [_shares(_on_grid(points, divergence), points, [*by, "dataset"], "dataset")]
    members = _on_grid(matched, divergence)
    for scope, combine in (("intersection", pl.Expr.all), ("union", pl.Expr.any)):
        corrected = pl.col("is_corrected")
        joint = members.group_by([*unit, *THRESHOLDS], maintain_order=True).agg(
            combine(pl.col("is_member")),
            _if_known(corrected, combine(corrected)).alias("is_corrected"),
        )
        rows.append(
            _shares(joint, matched.group_by(unit, maintain_order=True).agg(sizes), by, scope)
        )
    sets = [*by, "scope", "dataset", "epsilon"]
    half = pl.when(pl.col("fraction") >= 0.5).then("eta").min().over(sets)
    surface = pl.concat(rows, how="diagonal")
    ci_low, ci_high = share_intervals(surface["fraction"], surface["n_effective"], level=level)
    return surface.with_columns(
        is_frontier=(pl.col("eta") == half).fill_null(value=False),
        ci_low=pl.Series(ci_low),
        ci_high=pl.Series(ci_high),
        level=pl.lit(level),
    ).sort([*sets, "eta"], nulls_last=True)


def _on_grid(points: pl.DataFrame, divergence: Divergence) -> pl.DataFrame:
    """Return whether each run is a member at each point of the grid."""
    grid = pl.DataFrame({"eta": ETAS}).join(pl.DataFrame({"epsilon": EPSILONS}), how="cross")
    measured = points.with_columns(needed=1 - pl.col("similarity"), gap=divergence_from(divergence))
    floor = pl.col("similarity_floor")
    is_member, is_corrected = (
        belongs(pl.col("needed"), pl.col("gap"), room, pl.col("epsilon"))
        for room in (pl.col("eta"), pl.col("eta") * (1 - floor))
    )
    return measured.join(grid, how="cross").with_columns(
        is_member=is_member, is_corrected=pl.when(floor.is_not_null()).then(is_corrected)
    )


def _shares(
    members: pl.DataFrame, units: pl.DataFrame, sets: Sequence[str], scope: str
) -> pl.DataFrame:
    """Share of members among the units of each set, and what the units are worth."""
    corrected = pl.col("is_corrected")
    shares = members.group_by([*sets, *THRESHOLDS], maintain_order=True).agg(
        fraction=pl.col("is_member").mean(),
        fraction_corrected=_if_known(corrected, corrected.mean()),
        n_units=pl.len().cast(pl.Int64),
    )
    worth = units.group_by(sets, maintain_order=True).agg(n_effective=effective_runs())
    return shares.join(worth, on=list(sets), nulls_equal=True).with_columns(scope=pl.lit(scope))


def _if_known(values: pl.Expr, found: pl.Expr) -> pl.Expr:
    return pl.when(values.is_not_null().all()).then(found)
