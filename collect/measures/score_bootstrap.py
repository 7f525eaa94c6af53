"""Bootstrap intervals of every score of a prediction, over images or patients."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from collect.measures.calibration_bootstrap import calibration_intervals
from collect.measures.error_intervals import ScoreInterval, expanded_level, gap_interval
from collect.measures.forecasts import check_probabilities
from collect.measures.representation import units
from collect.measures.weighted_calibration import classwise_gaps, weighted_calibration_scores
from collect.measures.weighted_task import weighted_task_scores

MOST_UNDEFINED = 0.01  # share of resamples that may lack a class
BLOCK = 4_000_000  # weights at a time: 32 MB, or as much as the probabilities take
RANGE = {"kappa_quadratic": (-1.0, 1.0), "brier": (0.0, 2.0)}


class ScoreIntervals(dict[str, ScoreInterval]):
    """Intervals by score.

    Attributes
    ----------
    undefined : dict of str to str
        Scores without an interval, with the reason.
    n_units : int
        Images, or groups, that were resampled.
    """

    def __init__(self, n_units: int) -> None:
        super().__init__()
        self.undefined: dict[str, str] = {}
        self.n_units = n_units


def score_intervals(
    task: str,
    probabilities: Tensor,
    labels: Tensor,
    *,
    groups: Tensor | None = None,
    n_resamples: int = 1000,
    level: float = 0.95,
) -> ScoreIntervals:
    """Intervals of all task and calibration scores of the same predictions.

    Parameters
    ----------
    task, probabilities, labels
        As in :func:`~collect.measures.task.task_scores`.
    groups : Tensor of shape (n_samples,), optional
        Patient of each image, any integers: whole patients are resampled.
    n_resamples : int, default 1000
        Resamples.
    level : float, default 0.95
        Coverage.

    Returns
    -------
    ScoreIntervals
        Of the scores that are defined on all images. One is left out when more than 1 % of the
        resamples lack a class that it needs; a few are not counted.

    Raises
    ------
    ValueError
        If there are fewer than 4 images or groups, the level or the number of resamples makes no
        interval, or probabilities, labels and groups do not fit each other.

    Notes
    -----
    Expanded percentile intervals [3]_, but for the calibration errors: what noise adds to those is
    allowed for by :func:`~collect.measures.error_intervals.error_interval`. The debiased error
    estimates the same as ``ece_width_15``, and so has the same interval; it may lie outside, as may
    any of the others. How often intervals cover the truth is in docs/measures.md.

    Resampling draws from a generator of its own with a fixed seed: the same images are drawn for
    every network that predicts them. 1,000 resamples of 1,000 images and two classes take about a
    second; 50,000 images and 1,000 classes about a minute and 4 GB. At worst, time grows as
    ``n_samples * n_resamples * n_classes``.

    References
    ----------
    .. [1] Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapters 8 and 13.
    .. [2] Field and Welsh (2007), "Bootstrapping clustered data", JRSS B 69.
    .. [3] Hesterberg (2015), "What teachers should know about the bootstrap", The American
       Statistician 69.
    """
    if not 0 < level < 1 or n_resamples < 2:
        raise ValueError(f"level = {level}, n_resamples = {n_resamples}: no interval")
    p, y = probabilities.detach().double().cpu(), labels.detach().cpu()
    check_probabilities(p, y)
    unit, n_units = units(len(y), None if groups is None else groups.cpu())
    if n_units < 4:
        raise ValueError(f"{n_units} images: at least 4 are needed")
    found: dict[str, list[Tensor]] = {}
    gaps = []
    block = max(BLOCK, p.numel())
    for weights in _weights(unit, n_units, n_resamples, block):
        scores = {
            **weighted_task_scores(task, p, y, weights),
            **weighted_calibration_scores(p, y, weights),
        }
        for name, values in scores.items():
            found.setdefault(name, []).append(values)
        gaps.append(classwise_gaps(p, y, weights))
    intervals = ScoreIntervals(n_units)
    expanded = expanded_level(level, n_units)
    for name, parts in found.items():
        value, *resampled = torch.cat(parts).tolist()
        defined = np.array([each for each in resampled if each == each])
        n_undefined = n_resamples - len(defined)
        if n_undefined > MOST_UNDEFINED * n_resamples:
            intervals.undefined[name] = (
                f"{n_undefined} of {n_resamples} resamples lack a class that it needs"
            )
        else:
            intervals[name] = _percentiles(name, value, defined, expanded)
    intervals.update(calibration_intervals(p, y, groups=unit, n_resamples=n_resamples, level=level))
    intervals["ece_classwise_15"] = gap_interval(torch.cat(gaps, dim=1).T, level=expanded)
    plain = intervals["ece_width_15"]
    intervals["ece_debiased_15"] = replace(
        intervals["ece_debiased_15"], ci_low=plain.ci_low, ci_high=plain.ci_high
    )
    return intervals


def _weights(unit: Tensor, n_units: int, n_resamples: int, block: int) -> Iterator[Tensor]:
    """How often each image occurs: first once each, then in the resamples, block by block."""
    rng = np.random.default_rng(0)
    yield torch.ones(len(unit), 1, dtype=torch.float64)
    step = max(1, block // len(unit))
    for start in range(0, n_resamples, step):
        size = min(step, n_resamples - start)
        draws = rng.multinomial(n_units, np.full(n_units, 1 / n_units), size=size)
        yield torch.from_numpy(draws.T.astype(np.float64))[unit]


def _percentiles(
    name: str, value: float, resampled: NDArray[np.float64], level: float
) -> ScoreInterval:
    low, high = np.quantile(resampled, [(1 - level) / 2, (1 + level) / 2])
    lowest, highest = RANGE.get(name, (0.0, np.inf if name == "nll" else 1.0))
    return ScoreInterval(
        value=value,
        std_error=float(resampled.std(ddof=1)),
        ci_low=float(np.clip(low, lowest, highest)),
        ci_high=float(np.clip(high, lowest, highest)),
        n_resamples=len(resampled),
    )
