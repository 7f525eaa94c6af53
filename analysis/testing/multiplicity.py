"""Many tests, one promise: p-values adjusted in the family that they belong to."""

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]


def holm(p_values: npt.ArrayLike) -> Floats:
    """Adjust p-values so that the chance of one false rejection in the family stays at the level.

    Parameters
    ----------
    p_values : array_like of shape (n_tests,)
        P-values of one family, dependent in any way.

    Returns
    -------
    float array of shape (n_tests,)
        Adjusted p-values in [0, 1], never below the given ones.

    References
    ----------
    .. [1] Holm (1979), Scand. J. Statist. 6, 65-70, https://www.jstor.org/stable/4615733

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03]).tolist()
    [0.03, 0.06, 0.06]
    """
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")
    steps = p[order] * np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def benjamini_hochberg(p_values: npt.ArrayLike) -> Floats:
    """Adjust p-values so that the expected share of false rejections stays at the level.

    Parameters
    ----------
    p_values : array_like of shape (n_tests,)
        P-values of one family, independent or positively dependent.

    Returns
    -------
    float array of shape (n_tests,)
        Adjusted p-values in [0, 1], never below the given ones.

    References
    ----------
    .. [1] Benjamini and Hochberg (1995), JRSS B 57,
       https://doi.org/10.1111/j.2517-6161.1995.tb02031.x

    Examples
    --------
    >>> benjamini_hochberg([0.01, 0.04, 0.03, 0.5]).round(4).tolist()
    [0.04, 0.0533, 0.0533, 0.5]
    """
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")[::-1]
    steps = p[order] * len(p) / np.arange(len(p), 0, -1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(np.minimum.accumulate(steps), 1.0)
    return adjusted


def step_down_max_t(drawn: npt.ArrayLike, observed: npt.ArrayLike) -> Floats:
    """Adjust by the largest statistic of a joint null, step by step (Romano and Wolf).

    The largest observed statistic is held against the largest of all tests in every draw, the next
    one against the largest of all but the first, and so on: what is found already no longer stands
    in the way of the rest. Tests that hang together are drawn together, so that less is lost than
    with Holm.

    Parameters
    ----------
    drawn : array_like of shape (n_draws, n_tests)
        Statistics under the null, larger is more extreme; those of a row were drawn together.
    observed : array_like of shape (n_tests,)
        Statistics seen; a draw counts where it is at least as large.

    Returns
    -------
    float array of shape (n_tests,)
        Adjusted p-values: never below the share of draws of the test alone, never above the
        single-step value, which holds each test against the largest of all. Where the statistics
        seen are among the draws, no p-value is below ``1 / n_draws``.

    Raises
    ------
    ValueError
        If the draws do not have one column per test.

    Notes
    -----
    The chance of one false rejection in the family stays at the level if what is drawn for tests
    whose null is true does not depend on whether that of the others is (subset pivotality [1]_).

    References
    ----------
    .. [1] Westfall and Young (1993), Resampling-Based Multiple Testing, Wiley.
    .. [2] Romano and Wolf (2005), J. Am. Stat. Assoc. 100,
       https://doi.org/10.1198/016214504000000539
    .. [3] Romano and Wolf (2016), Statistics & Probability Letters 113,
       https://doi.org/10.1016/j.spl.2016.02.012 (adjusted p-values)

    Examples
    --------
    The second statistic reaches the largest of both in three draws, its own in two.

    >>> drawn = [[3.0, 2.0], [1.0, 2.5], [2.0, 0.5], [0.5, 1.0]]
    >>> step_down_max_t(drawn, observed=drawn[0]).tolist()
    [0.25, 0.5]
    """
    t, seen = np.asarray(drawn, dtype=np.float64), np.asarray(observed, dtype=np.float64)
    if t.ndim != 2 or t.shape[1:] != seen.shape:
        raise ValueError(f"draws of shape {t.shape} do not have a column for each of {seen.shape}")
    order = np.argsort(-seen, kind="stable")
    largest_left = np.maximum.accumulate(t[:, order[::-1]], axis=1)[:, ::-1]
    steps = (largest_left >= seen[order]).mean(axis=0)
    adjusted = np.empty_like(seen)
    adjusted[order] = np.maximum.accumulate(steps)
    return adjusted


def adjust(
    tests: pl.DataFrame,
    *,
    family: Sequence[str],
    p_value: str = "p_value",
    others: Sequence[str] = (),
) -> pl.DataFrame:
    """Name the family of every p-value, count it, and adjust in it.

    Parameters
    ----------
    tests : DataFrame
        One row per test. A row without a p-value belongs to no family.
    family : sequence of str
        Columns whose values name a family; its members differ in the other columns.
    p_value : str, default "p_value"
        Column that is adjusted.
    others : sequence of str
        Columns with p-values of other tests of the same rows, each adjusted in the same family.

    Returns
    -------
    DataFrame
        The tests in their order, with ``family, family_size``, ``p_adjusted`` (Holm: no false
        rejection), ``p_false_discovery`` (Benjamini and Hochberg: few among many), and for each of
        ``others`` its Holm-adjusted value as ``<name>_adjusted``.

    Examples
    --------
    >>> tests = pl.DataFrame({"layer": ["a", "b"], "method": "ols", "p_value": [0.03, 0.04]})
    >>> rows = adjust(tests, family=["method"])
    >>> rows.select("family", "family_size", "p_adjusted", "p_false_discovery").rows()
    [('method=ols', 2, 0.06, 0.04), ('method=ols', 2, 0.06, 0.04)]
    """
    name = pl.concat_str(
        [pl.format("{}={}", pl.lit(column), pl.col(column).cast(pl.String)) for column in family],
        separator=", ",
        ignore_nulls=True,
    )
    known = pl.any_horizontal(pl.col(p_value, *others).is_not_null())
    named = tests.with_columns(family=pl.when(known).then(name))
    return named.with_columns(
        family_size=pl.when(pl.col("family").is_not_null())
        .then(pl.len().over("family"))
        .cast(pl.Int64),
        p_adjusted=_adjusted(p_value, holm),
        p_false_discovery=_adjusted(p_value, benjamini_hochberg),
        **{f"{other}_adjusted": _adjusted(other, holm) for other in others},
    )


def _adjusted(p_value: str, by: Callable[[Floats], Floats]) -> pl.Expr:
    """Adjust a column family by family; rows without a p-value stay without."""

    def values(p_values: pl.Series) -> pl.Series:
        known = p_values.is_not_null()
        found = np.full(len(p_values), np.nan)
        found[known.to_numpy()] = by(p_values.drop_nulls().to_numpy())
        return pl.Series(found, nan_to_null=True)

    return pl.col(p_value).map_batches(values, return_dtype=pl.Float64).over("family")


def _checked(p_values: npt.ArrayLike) -> Floats:
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not np.all((p >= 0) & (p <= 1)):
        raise ValueError(f"p-values must be numbers in [0, 1] in one dimension, not {p_values!r}")
    return p
