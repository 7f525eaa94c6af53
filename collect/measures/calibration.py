"""How far predicted confidence is from observed frequency, bin by bin."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from collect.measures.forecasts import Scores, forecasts
from collect.measures.proper_scores import brier_score, negative_log_likelihood
from collect.measures.smooth_calibration import smooth_calibration_error

Scheme = Literal["width", "mass"]


@dataclass(frozen=True)
class ReliabilityDiagram:
    """Bins of a reliability diagram that hold at least one forecast.

    Attributes
    ----------
    lower, upper : Tensor of shape (n_bins,)
        Edges; a bin holds ``lower < confidence <= upper``, the first also its lower edge.
    confidence, frequency : Tensor of shape (n_bins,)
        Mean confidence and observed frequency of being right, float64.
    count : Tensor of shape (n_bins,)
        Forecasts in the bin.
    """

    lower: Tensor
    upper: Tensor
    confidence: Tensor
    frequency: Tensor
    count: Tensor


def bin_of(confidence: Tensor, n_bins: int, scheme: Scheme) -> tuple[Tensor, Tensor]:
    """Bin of each forecast, and the edges of the bins.

    Returns
    -------
    tuple of Tensor of shape (n_forecasts,) and (n_bins + 1,)
        Index of the bin, and the edges. Bin i holds ``edges[i] < confidence <= edges[i + 1]``, the
        first also its lower edge: 0 and 1 are inside, and a confidence on an edge is in the bin
        below. Edges are rounded to the dtype of the confidence, so 0.2 in float32 is on the edge
        0.2.
    """
    if n_bins < 1:
        raise ValueError(f"n_bins = {n_bins}: at least 1")
    if scheme == "width":
        edges = torch.arange(n_bins + 1, dtype=torch.float64) / n_bins
    else:
        last = (torch.arange(n_bins + 1) * len(confidence)).div(n_bins).ceil().long() - 1
        edges = confidence.sort().values[last.clamp(min=0).to(confidence.device)]
    edges = edges.to(confidence)
    return torch.bucketize(confidence.contiguous(), edges[1:-1].contiguous()), edges


def reliability_diagram(
    probabilities: Tensor, labels: Tensor, *, n_bins: int = 15, scheme: Scheme = "width"
) -> ReliabilityDiagram:
    """Mean confidence and observed frequency per bin.

    Parameters
    ----------
    probabilities, labels : Tensor
        As in :func:`~collect.measures.forecasts.forecasts`.
    n_bins : int, default 15
        Bins over [0, 1].
    scheme : {'width', 'mass'}
        Bins of equal width, or of equally many forecasts (equal confidences stay together, so
        there may be fewer bins than asked for).

    Returns
    -------
    ReliabilityDiagram
        Only the bins that hold a forecast.

    Raises
    ------
    ValueError
        As :func:`~collect.measures.forecasts.forecasts`.
    """
    confidence, correct = forecasts(probabilities, labels)
    index, edges = bin_of(confidence, n_bins, scheme)
    count = torch.bincount(index, minlength=n_bins)
    used = count > 0
    sums = [
        torch.bincount(index, weights=values.double(), minlength=n_bins)[used]
        for values in (confidence, correct)
    ]
    return ReliabilityDiagram(
        lower=edges[:-1][used],
        upper=edges[1:][used],
        confidence=sums[0] / count[used],
        frequency=sums[1] / count[used],
        count=count[used],
    )


def expected_calibration_error(
    probabilities: Tensor, labels: Tensor, *, n_bins: int = 15, scheme: Scheme = "width"
) -> float:
    r"""ECE: mean gap between confidence and observed frequency, bins weighted by their count.

    .. math:: \sum_b \frac{n_b}{n} \left| \mathrm{acc}_b - \mathrm{conf}_b \right|

    Parameters
    ----------
    probabilities, labels : Tensor
        As in :func:`~collect.measures.forecasts.forecasts`; for one class per image the
        confidence is the largest probability.
    n_bins, scheme
        As in :func:`reliability_diagram`; conf is the mean confidence in the bin, not its centre.

    Returns
    -------
    float
        In [0, 1], 0 when every bin is calibrated.

    Raises
    ------
    ValueError
        As :func:`~collect.measures.forecasts.forecasts`.

    Notes
    -----
    Biased upwards for few samples per bin, even for a perfectly calibrated forecaster.

    References
    ----------
    .. [1] Guo et al. (2017), "On calibration of modern neural networks", ICML.
       https://arxiv.org/abs/1706.04599

    Examples
    --------
    >>> probabilities = torch.tensor([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1], [0.9, 0.1]])
    >>> round(expected_calibration_error(probabilities, torch.tensor([0, 0, 0, 1])), 6)
    0.15
    """
    diagram = reliability_diagram(probabilities, labels, n_bins=n_bins, scheme=scheme)
    gaps = (diagram.frequency - diagram.confidence).abs()
    return float((diagram.count * gaps).sum() / diagram.count.sum())


def classwise_calibration_error(
    probabilities: Tensor, labels: Tensor, *, n_bins: int = 15
) -> float:
    """ECE of the probability of each class on its own, averaged over classes (or labels).

    Parameters
    ----------
    probabilities, labels : Tensor
        As in :func:`~collect.measures.forecasts.forecasts`.
    n_bins : int, default 15
        Bins of equal width.

    Returns
    -------
    float
        In [0, 1].

    Raises
    ------
    ValueError
        As :func:`~collect.measures.forecasts.forecasts`.

    References
    ----------
    .. [1] Kull et al. (2019), "Beyond temperature scaling", NeurIPS, eq. 2.
       https://arxiv.org/abs/1910.12656

    Examples
    --------
    >>> probabilities = torch.tensor([[0.9, 0.1]]).repeat(4, 1)
    >>> round(classwise_calibration_error(probabilities, torch.tensor([0, 0, 0, 1])), 6)
    0.15
    """
    forecasts(probabilities, labels)
    truth = (
        labels
        if labels.ndim == 2
        else labels[:, None] == torch.arange(probabilities.shape[1], device=labels.device)
    )
    errors = [
        expected_calibration_error(probabilities[:, c : c + 1], truth[:, c : c + 1], n_bins=n_bins)
        for c in range(probabilities.shape[1])
    ]
    return sum(errors) / len(errors)


def debiased_calibration_error(probabilities: Tensor, labels: Tensor, *, n_bins: int = 15) -> float:
    r"""ECE minus its bias when the frequency of each bin is a normal deviate.

    .. math:: 2\,\mathrm{ECE} - \sum_b \frac{n_b}{n}\,\mathbb{E}\left|\mathcal{N}\left(
        \mathrm{acc}_b - \mathrm{conf}_b,
        \mathrm{acc}_b (1 - \mathrm{acc}_b) / n_b\right)\right|

    with the mean of the folded normal distribution in closed form instead of by simulation.

    Parameters
    ----------
    probabilities, labels : Tensor
        As in :func:`~collect.measures.forecasts.forecasts`.
    n_bins : int, default 15
        Bins of equal width.

    Returns
    -------
    float
        At most the ECE; below 0 for some calibrated forecasters, since it is not clamped.

    Raises
    ------
    ValueError
        As :func:`~collect.measures.forecasts.forecasts`.

    References
    ----------
    .. [1] Kumar, Liang and Ma (2019), "Verified uncertainty calibration", NeurIPS, section 5.
       https://arxiv.org/abs/1909.10155

    Examples
    --------
    >>> probabilities = torch.tensor([[0.9, 0.1]]).repeat(4, 1)
    >>> round(debiased_calibration_error(probabilities, torch.tensor([0, 0, 0, 1])), 4)
    0.0874
    """
    diagram = reliability_diagram(probabilities, labels, n_bins=n_bins)
    gap, frequency = (diagram.frequency - diagram.confidence).abs(), diagram.frequency
    sd = (frequency * (1 - frequency) / diagram.count).sqrt()
    z = torch.where(sd > 0, gap / sd.clamp(min=torch.finfo(sd.dtype).tiny), torch.inf)
    density = torch.exp(-0.5 * z.square()) * math.sqrt(2 / math.pi)
    expected = torch.where(sd > 0, sd * density + gap * torch.erf(z / math.sqrt(2)), gap)
    return float((diagram.count * (2 * gap - expected)).sum() / diagram.count.sum())


def calibration_scores(probabilities: Tensor, labels: Tensor) -> Scores:
    """Every calibration score by its name in the warehouse.

    Parameters
    ----------
    probabilities, labels : Tensor
        As in :func:`~collect.measures.forecasts.forecasts`.

    Returns
    -------
    Scores
        ``ece_width_15``, ``ece_mass_15``, ``ece_classwise_15``, ``ece_debiased_15``,
        ``ece_smooth``, ``brier``, and ``nll`` unless something that came true had probability 0.

    Raises
    ------
    ValueError
        As :func:`~collect.measures.forecasts.forecasts`.
    """
    scores = Scores()
    scores["ece_width_15"] = expected_calibration_error(probabilities, labels)
    scores["ece_mass_15"] = expected_calibration_error(probabilities, labels, scheme="mass")
    scores["ece_classwise_15"] = classwise_calibration_error(probabilities, labels)
    scores["ece_debiased_15"] = debiased_calibration_error(probabilities, labels)
    scores["ece_smooth"] = smooth_calibration_error(probabilities, labels)
    scores["brier"] = brier_score(probabilities, labels)
    try:
        scores["nll"] = negative_log_likelihood(probabilities, labels)
    except ValueError as error:
        scores.undefined["nll"] = str(error)
    return scores
