"""A line by Huber's M-estimator: runs far from it count for less."""

from dataclasses import dataclass

import numpy as np

from analysis.regression.least_squares import Floats

HUBER_K = 1.345
_MAD_OF_NORMAL = 0.6744897501960817  # median absolute deviation of a standard normal
_TOLERANCE, _MAX_STEPS = 1e-10, 200


@dataclass(frozen=True)
class HuberLine:
    """Slope of a robust line.

    Attributes
    ----------
    slope, std_error : float
        Slope and its asymptotic standard error.
    scale : float
        Spread of the residuals: median absolute deviation over that of a standard normal.
    """

    slope: float
    std_error: float
    scale: float


def huber_line(x: Floats, y: Floats) -> HuberLine:
    """Line through points by iteratively reweighted least squares with Huber's weights, k = 1.345.

    Parameters
    ----------
    x, y : float array of shape (n,)
        Predictor, not constant, and outcome.

    Returns
    -------
    HuberLine
        Its standard error is asymptotic: with few runs it is far too small.

    Raises
    ------
    ValueError
        If half of the points or more lie on one line, so that the residuals have no scale.

    Notes
    -----
    Covariance H1 of Huber with his correction for small samples, as R's ``rlm`` and statsmodels.
    Stops when the deviance moves by less than 1e-10, or after 200 steps.

    References
    ----------
    .. [1] Huber (1981), Robust Statistics, Wiley, equation 6.6.7.
    """
    n = len(x)
    x = x - x.mean()
    slope, residuals = _weighted_line(x, y, np.ones(n))
    exact = 1e-12 * float(np.abs(y).max())
    scale, deviance = _scale(residuals, exact), np.inf
    for _ in range(_MAX_STEPS):
        size = np.abs(residuals) / scale
        slope, residuals = _weighted_line(x, y, np.minimum(1.0, HUBER_K / np.maximum(size, 1e-300)))
        scale, before = _scale(residuals, exact), deviance
        deviance = _deviance(residuals, scale)
        if abs(before - deviance) <= _TOLERANCE:
            break
    standardised = np.abs(residuals) / scale
    inside = float(np.mean(standardised <= HUBER_K))
    correction = 1 + 2 / n * (1 - inside) / inside
    spread = float((np.minimum(standardised, HUBER_K) ** 2).sum()) / (n - 2)
    std_error = correction * scale * np.sqrt(spread / (x @ x)) / inside
    return HuberLine(slope, float(std_error), scale)


def _weighted_line(x: Floats, y: Floats, weights: Floats) -> tuple[float, Floats]:
    """Slope and residuals of a weighted least-squares line."""
    share = weights / weights.sum()
    from_x, from_y = x - share @ x, y - share @ y
    slope = float(share @ (from_x * from_y) / (share @ from_x**2))
    return slope, from_y - slope * from_x


def _scale(residuals: Floats, exact: float) -> float:
    scale = float(np.median(np.abs(residuals))) / _MAD_OF_NORMAL
    if scale <= exact:
        raise ValueError("half of the runs lie on one line: no error to learn from")
    return scale


def _deviance(residuals: Floats, scale: float) -> float:
    """Sum of Huber's loss over the standardised residuals."""
    size = np.abs(residuals) / scale
    return float(np.where(size <= HUBER_K, size**2 / 2, HUBER_K * (size - HUBER_K / 2)).sum())
