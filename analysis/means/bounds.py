"""The range that a score or a similarity has by definition, and intervals that stay inside it.

A parameter that lies in a range is covered by an interval exactly when it is covered by the part of
the interval in that range: cutting takes nothing from the coverage, and leaves out only values that
nobody believed.
"""

import math
from collections.abc import Mapping, Sequence

import polars as pl

_INF = math.inf
FRACTION, SIGNED = (0.0, 1.0), (-1.0, 1.0)
RANGES: Mapping[str, tuple[float, float]] = {
    "accuracy": FRACTION,
    "balanced_accuracy": FRACTION,
    "auc": FRACTION,
    "auc_ovr_weighted": FRACTION,
    "auc_ovr_macro": FRACTION,
    "map_macro": FRACTION,
    "recall_macro": FRACTION,
    "f1_macro": FRACTION,
    "kappa_quadratic": SIGNED,
    "ece_width_15": FRACTION,
    "ece_mass_15": FRACTION,
    "ece_classwise_15": FRACTION,
    "ece_debiased_15": FRACTION,
    "ece_smooth": FRACTION,
    "brier": (0.0, 2.0),
    "nll": (0.0, _INF),
    "loss": (0.0, _INF),
    "cka_linear": FRACTION,
    "cka_linear_debiased": SIGNED,
    "cka_rbf": FRACTION,
    "cka_minibatch": SIGNED,
    "cca_mean": FRACTION,
    "cca_mean_juodelyte": FRACTION,
    "cca_mean_juodelyte_images": FRACTION,
    "cca_yanai": FRACTION,
    "svcca": FRACTION,
    "pwcca": FRACTION,
    "procrustes": (0.0, math.sqrt(2)),
    "angular_cka": (0.0, math.pi / 2),
    "rsa": SIGNED,
    "mutual_knn": FRACTION,
    "knn_jaccard": FRACTION,
    "linear_predictivity": FRACTION,
    "mean_representation": SIGNED,
    "prediction_similarity": FRACTION,
    "prediction_similarity_independent_juodelyte": FRACTION,
}


def score_range(name: str) -> tuple[float, float]:
    """Smallest and largest value that the expected value of a score can have.

    Parameters
    ----------
    name : str
        Score, similarity measure, or ``gain_difference:<score>``, ``gain_ratio:<score>`` of one.

    Returns
    -------
    tuple of float
        Infinite where there is no bound, or none is declared.

    Notes
    -----
    The ranges of similarity measures are those that `collect.measures.registry` declares.

    Examples
    --------
    >>> score_range("auc"), score_range("gain_difference:auc"), score_range("gain_ratio:auc")
    ((0.0, 1.0), (-1.0, 1.0), (-1.0, inf))
    """
    kind, _, score = name.rpartition(":")
    low, high = RANGES.get(score, (-_INF, _INF))
    if kind == "gain_difference":
        return low - high, high - low
    if kind == "gain_ratio":  # value / scratch - 1, of scores that cannot be negative
        return (-1.0 if low == 0 else -_INF), _INF
    return low, high


def within_range(
    rows: pl.DataFrame,
    *,
    name: str,
    ends: Sequence[tuple[str, str]] = (("ci_low", "ci_high"),),
) -> pl.DataFrame:
    """Cut intervals at the range of what they are about.

    Parameters
    ----------
    rows : DataFrame
        One interval per row, or several.
    name : str
        Column with the score or the measure.
    ends : sequence of tuple of str
        Columns with the ends of each interval.

    Returns
    -------
    DataFrame
        The same rows; with ``is_cut``, whether an end was moved (null where there is no interval).
    """
    names = rows[name].unique().to_list()
    if not names:
        return rows.with_columns(is_cut=pl.lit(None, pl.Boolean))
    ranges = [score_range(one) for one in names]
    lowest, highest = (
        pl.col(name).replace_strict(names, [one[i] for one in ranges], return_dtype=pl.Float64)
        for i in (0, 1)
    )
    moved = [(pl.col(low) < lowest) | (pl.col(high) > highest) for low, high in ends]
    columns = [column for pair in ends for column in pair]
    return rows.with_columns(
        pl.any_horizontal(moved).alias("is_cut"),
        *(pl.col(column).clip(lowest, highest) for column in columns),
    )
