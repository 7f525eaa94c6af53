"""Runs of one network on one dataset, by what would be drawn anew: its folds, or its seeds."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from analysis.means.intervals import nadeau_bengio_factor, over_folds, test_train_ratio
from analysis.regression.least_squares import Floats


@dataclass(frozen=True)
class DrawnRuns:
    """Runs of one network on one dataset.

    Attributes
    ----------
    uncertainty : str
        What varies between units: ``fold`` or ``seed``.
    values : float array of shape (n_units, n_runs)
        One row per fold with its seeds, or per seed; NaN where a fold has fewer seeds than others.
    ratio : float
        Test images over training images of folds, which share the latter; NaN where unknown; 0 for
        seeds.
    """

    uncertainty: str
    values: Floats
    ratio: float

    @property
    def n_units(self) -> int:
        """Folds or seeds."""
        return len(self.values)

    @property
    def spread(self) -> float:
        """How much more the mean of these units varies than one of independent units.

        ``sqrt((1 / n_units + ratio) / (1 / n_units))``, as Nadeau and Bengio have it.
        """
        return float(np.sqrt(self.n_units * nadeau_bengio_factor(self.n_units, self.ratio)))


def drawn_runs(scores: pl.DataFrame, *, by: Sequence[str]) -> dict[tuple[object, ...], DrawnRuns]:
    """Gather the runs of every cell, in the order of folds and run ids.

    Parameters
    ----------
    scores : DataFrame
        One row per run: columns of ``by``; ``run_id, value, fold, n_folds, n_train, n_test``.
    by : sequence of str
        Columns that name a network on a dataset.

    Returns
    -------
    dict of tuple to DrawnRuns
        By the values of ``by``. As in `analysis.means.intervals.mean_intervals`, runs on two folds
        or more vary by fold, others by seed.
    """
    kinds = scores.group_by(by, maintain_order=True).agg(
        over_folds=over_folds(), ratio=test_train_ratio()
    )
    units = (
        scores.join(kinds, on=by, nulls_equal=True)
        .sort("fold", "run_id")
        .with_columns(unit=pl.when("over_folds").then("fold").otherwise(pl.int_range(pl.len())))
        .group_by([*by, "over_folds", "ratio", "unit"], maintain_order=True)
        .agg("value")
        .group_by([*by, "over_folds", "ratio"], maintain_order=True)
        .agg("value")
        .sort(by, nulls_last=True)
    )
    found = {}
    for *cell, is_over_folds, ratio, values in units.iter_rows():
        kind, shared = ("fold", ratio) if is_over_folds else ("seed", 0.0)
        found[tuple(cell)] = DrawnRuns(kind, _padded(values), np.nan if shared is None else shared)
    return found


def common_uncertainty(runs: Sequence[DrawnRuns]) -> str | None:
    """Kind of variation of all of these; None where one has a single unit, or they differ."""
    kinds = {one.uncertainty for one in runs}
    is_known = all(one.n_units > 1 and np.isfinite(one.ratio) for one in runs)
    return kinds.pop() if len(kinds) == 1 and is_known else None


def _padded(units: Sequence[Sequence[float]]) -> Floats:
    values = np.full((len(units), max(map(len, units))), np.nan)
    for row, unit in zip(values, units, strict=True):
        row[: len(unit)] = unit
    return values
