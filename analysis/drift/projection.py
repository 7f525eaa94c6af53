"""Whether a number predicts what a network scores on a dataset it was never fine-tuned on.

The number is similarity, or what the network scored before it was fine-tuned.

Every dataset is left out in turn. The prediction from the others is held against the trivial one,
their mean; and intervals are calibrated by dataset, because runs of one dataset err together.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from analysis.regression.least_squares import Floats
from analysis.regression.stacking import Model
from analysis.testing.constancy import is_constant

MIN_DATASETS = 3
COLUMNS: dict[str, pl.DataType] = {
    "status": pl.String(),
    "reason": pl.String(),
    "n_datasets": pl.Int64(),
    "n_runs": pl.Int64(),
    "mean_error": pl.Float64(),
    "trivial_error": pl.Float64(),
    "skill": pl.Float64(),
    "n_better": pl.Int64(),
    "level": pl.Float64(),
    "max_level": pl.Float64(),
    "half_width": pl.Float64(),
    "trivial_half_width": pl.Float64(),
    "coverage": pl.Float64(),
    "run_ids": pl.List(pl.String()),
}


def project(
    points: pl.DataFrame, model: Model, *, by: Sequence[str], level: float = 0.8
) -> pl.DataFrame:
    """Predict the outcome on each dataset from the others, with conformal intervals.

    Parameters
    ----------
    points : DataFrame
        One row per run in each group.
    model : Model
        Columns, with a predictor.
    by : sequence of str
        Columns that name a group.
    level : float, default 0.8
        Wanted coverage of the interval of *all* runs of a new dataset.

    Returns
    -------
    DataFrame
        One row per group. ``mean_error, trivial_error``: root mean squared error of the line and of
        the mean, datasets left out and counting the same; ``skill = 1 - (mean_error /
        trivial_error)^2`` (at most 0: it predicts nothing); ``n_better``: datasets on which
        the line is better.
        ``half_width``: predictions plus or minus it hold for a new dataset with the level;
        ``coverage``: share of datasets whose runs all lie inside when it is calibrated on the
        others.
        ``max_level = n / (n + 1)`` is the highest level that ``n`` datasets can promise; above it
        the widths are null, the status is ``abstains`` and the reason says so. Groups with fewer
        than three datasets are ``undefined``.

    Notes
    -----
    Split by dataset: the score of a dataset is the largest absolute residual of its runs under the
    fit without it, and the width the ``ceil((n + 1) level)``-th smallest of them. Exact when
    datasets are exchangeable, but for the fits differing by one dataset (jackknife rather than
    jackknife+).

    References
    ----------
    .. [1] Barber et al. (2021), Ann. Statist. 49, https://doi.org/10.1214/20-AOS1965
    .. [2] Dunn, Wasserman and Ramdas (2023), JASA 118, "Distribution-free prediction sets for
       two-layer hierarchical models".
    """
    rows = []
    points = points.drop_nulls(model.columns)
    for key, group in points.group_by(by, maintain_order=True):
        ids = group[model.run_id].cast(pl.String).sort().to_list()
        rows.append(
            dict(zip(by, key, strict=True))
            | _projected(group, model, level)
            | {"n_runs": len(group), "level": level, "run_ids": ids}
        )
    schema = {name: points.schema[name] for name in by} | COLUMNS
    return pl.DataFrame(rows, schema=schema, orient="row").sort(by, nulls_last=True)


def _projected(group: pl.DataFrame, model: Model, level: float) -> dict[str, object]:
    names = model.columns
    x, y = (group[name].cast(pl.Float64).to_numpy() for name in names)
    _, datasets = np.unique(group[model.cluster].cast(pl.String).to_numpy(), return_inverse=True)
    n = int(datasets.max()) + 1
    head: dict[str, object] = {"n_datasets": n, "max_level": n / (n + 1)}
    if n < MIN_DATASETS:
        reason = f"{n} datasets are too few to leave one out; at least {MIN_DATASETS}"
        return head | {"status": "undefined", "reason": reason}
    if is_constant(x.min(), x.max()):
        return head | {"status": "undefined", "reason": "the predictor is constant"}
    if is_constant(y.min(), y.max()):
        return head | {"status": "undefined", "reason": "the outcome is constant"}
    if is_constant(y.min(), y.max()):
        return head | {"status": "undefined", "reason": "the outcome is constant"}
    residuals = left_out_residuals(x, y, datasets)
    trivial = left_out_residuals(np.zeros(len(x)), y, datasets)
    squares, trivial_squares = (_dataset_means(r**2, datasets) for r in (residuals, trivial))
    head |= {
        "mean_error": float(np.sqrt(squares.mean())),
        "trivial_error": float(np.sqrt(trivial_squares.mean())),
        "skill": float(1 - squares.mean() / trivial_squares.mean()),
        "n_better": int((squares < trivial_squares).sum()),
    }
    largest, trivial_largest = (_dataset_largest(r, datasets) for r in (residuals, trivial))
    half_width = conformal_half_width(largest, level)
    if half_width is None:
        reason = f"{n} datasets promise at most {n / (n + 1):.3f}, not {level}"
        return head | {"status": "abstains", "reason": reason}
    return head | {
        "status": "fitted",
        "half_width": half_width,
        "trivial_half_width": conformal_half_width(trivial_largest, level),
        "coverage": _left_out_coverage(largest, level),
    }


def left_out_residuals(x: Floats, y: Floats, datasets: np.ndarray) -> Floats:
    """Residuals of every run under the line through the runs of the other datasets.

    Where the others do not vary in x, and for the trivial predictor (x all 0), the line is their
    mean. Each dataset has the same weight.

    Parameters
    ----------
    x, y : float array of shape (n_runs,)
        Predictor and outcome.
    datasets : int array of shape (n_runs,)
        Dataset of each run, from 0.
    """
    weights = 1.0 / np.bincount(datasets)[datasets]
    residuals = np.empty(len(y))
    for left_out in range(int(datasets.max()) + 1):
        rest = datasets != left_out
        w = weights[rest] / weights[rest].sum()
        mean_x, mean_y = w @ x[rest], w @ y[rest]
        spread = w @ (x[rest] - mean_x) ** 2
        varies = not is_constant(x[rest].min(), x[rest].max())
        slope = w @ ((x[rest] - mean_x) * (y[rest] - mean_y)) / spread if varies else 0.0
        residuals[~rest] = y[~rest] - mean_y - slope * (x[~rest] - mean_x)
    return residuals


def conformal_half_width(scores: Floats, level: float) -> float | None:
    """Width that covers a new score with the level, from exchangeable ones; None if none can.

    Examples
    --------
    >>> conformal_half_width(np.array([3.0, 1.0, 2.0]), 0.75), conformal_half_width(np.ones(3), 0.8)
    (3.0, None)
    """
    rank = int(np.ceil((len(scores) + 1) * level - 1e-9))
    return float(np.sort(scores)[rank - 1]) if rank <= len(scores) else None


def _left_out_coverage(scores: Floats, level: float) -> float | None:
    """Share of datasets inside the width that the others give; None where the others abstain."""
    inside = []
    for i in range(len(scores)):
        width = conformal_half_width(np.delete(scores, i), level)
        if width is None:
            return None
        inside.append(scores[i] <= width)
    return float(np.mean(inside))


def _dataset_means(values: Floats, datasets: np.ndarray) -> Floats:
    return np.bincount(datasets, weights=values) / np.bincount(datasets)


def _dataset_largest(residuals: Floats, datasets: np.ndarray) -> Floats:
    largest = np.zeros(int(datasets.max()) + 1)
    np.maximum.at(largest, datasets, np.abs(residuals))
    return largest
