"""Whether a number predicts what a network scores on a dataset it was never fine-tuned on.

The number is similarity, or what the network scored before it was fine-tuned.

Every dataset is left out in turn. The prediction from the others is held against the trivial one,
their mean; and intervals are calibrated by dataset, because runs of one dataset err together.
"""

from collections.abc import Sequence

import numpy as np
import polars as pl

from analysis.drift.conformal import conformal, left_out_coverage
from analysis.drift.left_out_lines import DatasetMoments, left_out_residuals
from analysis.regression.least_squares import Floats, Ints
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
        ``half_width``: half the length of the interval for a new dataset (see `conformal`), on
        average over datasets; ``trivial_half_width``, that of the mean; ``coverage``: share of
        datasets whose runs all lie inside the intervals made from the others.
        ``max_level = n / (n + 1)`` is the highest level that ``n`` datasets can promise; above it
        the widths are null, the status is ``abstains`` and the reason says so. Groups with fewer
        than three datasets are ``undefined``.

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
    nothing = np.zeros(len(x))
    squares, trivial_squares = (_squared_errors(each, y, datasets) for each in (x, nothing))
    head |= {
        "mean_error": float(np.sqrt(squares.mean())),
        "trivial_error": float(np.sqrt(trivial_squares.mean())),
        "skill": float(1 - squares.mean() / trivial_squares.mean()),
        "n_better": int((squares < trivial_squares).sum()),
    }
    found = conformal(x, y, datasets, level=level)
    if found is None:
        reason = f"{n} datasets promise at most {n / (n + 1):.3f}, not {level}"
        return head | {"status": "abstains", "reason": reason}
    return head | {
        "status": "fitted",
        "half_width": float(_dataset_means(found.high - found.low, datasets).mean() / 2),
        "trivial_half_width": _trivial_half_width(y, datasets, level),
        "coverage": left_out_coverage(x, y, datasets, level=level),
    }


def _trivial_half_width(y: Floats, datasets: Ints, level: float) -> float | None:
    ends = conformal(np.zeros(len(y)), y, datasets, level=level)
    return float((ends.high - ends.low)[0] / 2) if ends else None


def _squared_errors(x: Floats, y: Floats, datasets: Ints) -> Floats:
    """Mean squared error on each dataset of the line through the others."""
    lines = DatasetMoments.of(x, y, datasets).left_out_lines()
    return _dataset_means(left_out_residuals(x, y, datasets, lines) ** 2, datasets)


def _dataset_means(values: Floats, datasets: Ints) -> Floats:
    return np.bincount(datasets, weights=values) / np.bincount(datasets)
