"""Lines through the runs of all datasets but some, from the moments of each dataset."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from analysis.regression.least_squares import Floats, Ints
from analysis.testing.constancy import is_constant


@dataclass(frozen=True)
class Lines:
    """Several lines; each predicts an outcome from a predictor.

    Attributes
    ----------
    intercepts, slopes : float array of shape (n_lines,)
        A slope is 0 where the predictor does not vary.
    """

    intercepts: Floats
    slopes: Floats

    def at(self, x: Floats) -> Floats:
        """Predictions of every line, of shape (n_lines, len(x))."""
        return self.intercepts[:, None] + self.slopes[:, None] * x


@dataclass(frozen=True)
class DatasetMoments:
    """Means of every dataset, from which lines through any of them follow.

    Attributes
    ----------
    means : float array of shape (n_datasets, 4)
        Of x, y, x squared, x times y, with x and y taken from their means over all runs.
    ends : float array of shape (n_datasets, 2)
        Smallest and largest x.
    centre : tuple of float
        Means of x and y over all runs.
    """

    means: Floats
    ends: Floats
    centre: tuple[float, float]

    @classmethod
    def of(cls, x: Floats, y: Floats, datasets: Ints) -> Self:
        """Take the moments of runs, whose datasets are numbered from 0."""
        centre = (float(x.mean()), float(y.mean()))
        u, v = x - centre[0], y - centre[1]
        counts = np.bincount(datasets)
        sums = [np.bincount(datasets, weights=column) for column in (u, v, u * u, u * v)]
        ends = np.array([[np.inf, -np.inf]] * len(counts))
        np.minimum.at(ends[:, 0], datasets, x)
        np.maximum.at(ends[:, 1], datasets, x)
        return cls(np.column_stack(sums) / counts[:, None], ends, centre)

    def without(self, dataset: int) -> Self:
        """Moments of the other datasets, numbered anew."""
        means, ends = (np.delete(rows, dataset, axis=0) for rows in (self.means, self.ends))
        return type(self)(means, ends, self.centre)

    def left_out_lines(self) -> Lines:
        """Least-squares lines, one per dataset, through the other ones.

        Each dataset has the same weight. Where the others do not vary in x, and for the trivial
        predictor (x all 0), the line is their mean.
        """
        kept = ~np.eye(len(self.means), dtype=bool)
        weights = kept / kept.sum(axis=1, keepdims=True)
        x, y, xx, xy = (weights @ self.means).T
        low = np.where(kept, self.ends[:, 0], np.inf).min(axis=1)
        high = np.where(kept, self.ends[:, 1], -np.inf).max(axis=1)
        slopes = np.divide(
            xy - x * y, xx - x * x, out=np.zeros(len(x)), where=~is_constant(low, high)
        )
        return Lines(self.centre[1] + y - slopes * (self.centre[0] + x), slopes)


def left_out_residuals(x: Floats, y: Floats, datasets: Ints, lines: Lines) -> Floats:
    """Residuals of every run under the line that leaves out its dataset, from 0.

    Parameters
    ----------
    x, y : float array of shape (n_runs,)
        Predictor and outcome.
    datasets : int array of shape (n_runs,)
        Dataset of each run.
    lines : Lines
        As `DatasetMoments.left_out_lines` gives them.
    """
    return y - lines.intercepts[datasets] - lines.slopes[datasets] * x
