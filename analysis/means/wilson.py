"""Wilson's interval of a fraction: it stays in [0, 1] and does not collapse at its ends."""

import polars as pl
from scipy import special


def wilson_ends(fraction: pl.Expr, n: pl.Expr, *, level: float = 0.95) -> tuple[pl.Expr, pl.Expr]:
    """Interval of a fraction for every row of a frame.

    Parameters
    ----------
    fraction : Expr
        In [0, 1].
    n : Expr
        Trials, more than 0; what they are worth where they depend on each other.
    level : float, default 0.95
        Coverage.

    Returns
    -------
    tuple of Expr
        Lower and upper end, named low and high; exactly 0 or 1 where the fraction is.

    References
    ----------
    .. [1] Wilson (1927), JASA 22, https://doi.org/10.1080/01621459.1927.10502953

    Examples
    --------
    >>> runs = pl.DataFrame({"fraction": [0.0], "n": [5]})
    >>> runs.select(wilson_ends(pl.col("fraction"), pl.col("n"))).row(0)[1]
    0.43448246478317476
    """
    square = float(special.ndtri((1 + level) / 2)) ** 2
    centre = (fraction * n + square / 2) / (n + square)
    half = ((fraction * (1 - fraction) * n + square / 4) * square).sqrt() / (n + square)
    low = pl.when(fraction <= 0).then(0.0).when(fraction > 0).then(centre - half)
    high = pl.when(fraction >= 1).then(1.0).when(fraction < 1).then(centre + half)
    return low.alias("low"), high.alias("high")
