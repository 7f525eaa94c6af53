r"""Intervals of calibration errors: which true error would often look like the one observed.

Every calibration error is a sum of absolute gaps, so it is too large on a sample: where confidence
and frequency agree, noise makes a gap. Resamples are larger still, and how much depends on the true
gaps. So the observed error is compared with what samples of *other* forecasters would show: of
those that are less (or more) miscalibrated, with gaps as near to the observed ones as their error
allows, and noise as the resamples have it.
"""

import math
from dataclasses import dataclass

import torch
from scipy.stats import norm
from scipy.stats import t as student_t
from torch import Tensor

_STEPS = 40
_CLEAR = 2.0  # standard deviations from which the sign of a gap is taken for true
_REACHED = 1e-6  # share of the error to which a crossing is sought
_NEGLIGIBLE = 1e-6  # share of the largest variance: no gap is taken to be surer


@dataclass(frozen=True)
class ScoreInterval:
    """How sure a score is on its images.

    Attributes
    ----------
    value : float
        On all images.
    std_error : float
        Standard deviation over the resamples.
    ci_low, ci_high : float
        Interval, cut at the range of the score.
    n_resamples : int
        Resamples on which the score is defined.
    """

    value: float
    std_error: float
    ci_low: float
    ci_high: float
    n_resamples: int


def expanded_level(level: float, n_units: int) -> float:
    """Level at which quantiles of resamples of few units cover as often as asked.

    Resamples spread less than samples by ``sqrt((n - 1) / n)``, and quantiles know nothing of the
    degrees of freedom: for 40 units, 95 % becomes 95.9 %.

    Parameters
    ----------
    level : float
        Coverage, in (0, 1).
    n_units : int
        Images or patients that are resampled.

    References
    ----------
    .. [1] Hesterberg (2015), "What teachers should know about the bootstrap", The American
       Statistician 69: the expanded percentile interval.

    Examples
    --------
    >>> round(expanded_level(0.95, 40), 4)
    0.9595
    """
    width = student_t.ppf((1 + level) / 2, n_units - 1) * math.sqrt(n_units / (n_units - 1))
    return float(2 * norm.cdf(width) - 1)


def gap_interval(gaps: Tensor, errors: Tensor | None = None, *, level: float) -> ScoreInterval:
    """Calibration error with its interval.

    Parameters
    ----------
    gaps : Tensor of shape (1 + n_resamples, n_gaps)
        Of the sample, then of its resamples, as :func:`error_interval` has them.
    errors : Tensor of shape (1 + n_resamples,), optional
        The errors, if they are not the absolute sums.
    level : float
        Coverage.
    """
    errors = gaps.abs().sum(dim=1) if errors is None else errors
    low, high = error_interval(gaps[0], gaps[1:], level=level)
    return ScoreInterval(
        float(errors[0]), float(errors[1:].std()), low, min(1.0, high), len(errors) - 1
    )


def error_interval(gaps: Tensor, resampled: Tensor, *, level: float) -> tuple[float, float]:
    r"""Interval of a sum of absolute gaps.

    Downwards, the gaps nearest to the observed ones, in units of their variances v, whose absolute
    sum is a given error are

    .. math:: \mathrm{sign}(g_b) \max(0, |g_b| - \lambda v_b)

    Upwards each is moved by :math:`\lambda v_b` in the direction of its sign; within two standard
    deviations of 0, in that of the sum of all: what is wrong in one direction everywhere varies
    most. Each resample's noise is added, and the error is sought at which the sum is as large as
    the observed one; the interval lies between the quantiles of these errors.

    Parameters
    ----------
    gaps : Tensor of shape (n_gaps,)
        Observed, weighted so that their absolute sum is the error; float64.
    resampled : Tensor of shape (n_resamples, n_gaps)
        The same in resamples of the images or patients.
    level : float
        Coverage.

    Returns
    -------
    tuple of float
        Lower and upper end, from 0. The lower end is 0 where a calibrated forecaster would show
        as large an error in more than ``(1 - level) / 2`` of the samples.

    Notes
    -----
    Costs ``O(n_resamples * n_gaps)`` time, sixty times.

    References
    ----------
    .. [1] Chuang and Lai (2000), "Hybrid resampling methods for confidence intervals", Statistica
       Sinica 10.
    """
    noise, spread = resampled - gaps, resampled.var(dim=0)
    if not bool(spread.any()):
        return (float(gaps.abs().sum()),) * 2
    variances = spread.clamp(min=_NEGLIGIBLE * float(spread.amax()))
    low = _smaller_errors(gaps, noise, variances)
    high = torch.maximum(low, _larger_errors(gaps, noise, variances))
    return float(low.quantile((1 - level) / 2)), float(high.quantile((1 + level) / 2))


def _smaller_errors(gaps: Tensor, noise: Tensor, variances: Tensor) -> Tensor:
    """Error at which each noise begins to show one as large as the observed, (n_resamples,)."""
    size, sign, error = gaps.abs(), gaps.sign(), gaps.abs().sum()

    def true_gaps(shrinkage: Tensor) -> Tensor:
        return (size - shrinkage[:, None] * variances).clamp(min=0)

    def is_as_large(shrinkage: Tensor) -> Tensor:
        return torch.addcmul(noise, true_gaps(shrinkage), sign).abs().sum(dim=1) >= error

    none = noise.new_full((len(noise),), float((size / variances).amax()))
    much = noise.new_full((len(noise),), -2 * float(error / variances.sum()))
    is_never_less = is_as_large(none)
    for _ in range(_STEPS):
        middle = (none + much) / 2
        as_large = is_as_large(middle)
        much, none = torch.where(as_large, middle, much), torch.where(as_large, none, middle)
    return torch.where(is_never_less, 0.0, true_gaps(much).sum(dim=1))


def _larger_errors(gaps: Tensor, noise: Tensor, variances: Tensor) -> Tensor:
    """Error from which each noise shows only larger ones than the observed, (n_resamples,).

    The sum is convex in the step, so Newton's steps from above stop at its last crossing.
    """
    is_clear = gaps.abs() > _CLEAR * variances.sqrt()
    direction = torch.where(is_clear, gaps.sign(), gaps.sum().sign()) * variances
    error = gaps.abs().sum()
    step = 2 * (error + noise.abs().sum(dim=1).amax()) / variances.sum()
    steps = step.repeat(len(noise))
    for _ in range(_STEPS // 2):
        seen = noise + gaps + steps[:, None] * direction
        excess, slope = seen.abs().sum(dim=1) - error, seen.sign() @ direction
        falls = (excess > _REACHED * error) & (slope > 0)
        if not bool(falls.any()):
            break
        steps = torch.where(falls, steps - excess / slope, steps)
    reached = (steps > 0) & (excess <= _REACHED * error)
    return torch.where(reached, (gaps + steps[:, None] * direction).abs().sum(dim=1), 0.0)
