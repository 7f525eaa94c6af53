"""How far predicted confidence is from observed frequency."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

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


def forecasts(probabilities: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Confidences and whether they came true.

    Parameters
    ----------
    probabilities : Tensor of shape (n_samples, n_classes)
        Predicted probabilities: rows sum to 1 for one class per image; each in [0, 1] for
        multi-label.
    labels : Tensor of shape (n_samples,) or (n_samples, n_classes)
        Class of each image, or 0 and 1 per label.

    Returns
    -------
    tuple of Tensor of shape (n_forecasts,)
        One class per image: the largest probability (the first of equal ones) and whether that
        class is right. Multi-label: every (image, label) is a forecast, the probability of the
        label and whether the image has it. Both in the dtype of ``probabilities``.

    Raises
    ------
    ValueError
        If shapes do not fit, a probability is outside [0, 1] or not finite, rows do not sum to 1,
        or a label is outside the classes.
    """
    check_probabilities(probabilities, labels)
    if labels.ndim == 2:
        return probabilities.flatten(), labels.flatten().to(probabilities.dtype)
    confidence, predicted = probabilities.max(dim=1)
    return confidence, (predicted == labels).to(probabilities.dtype)


def check_probabilities(probabilities: Tensor, labels: Tensor) -> None:
    """Refuse what is no forecast: see :func:`forecasts`."""
    if probabilities.ndim != 2 or 0 in probabilities.shape:
        raise ValueError(
            f"probabilities have shape {tuple(probabilities.shape)}: expected (n_samples, "
            "n_classes), both at least 1"
        )
    n_samples, n_classes = probabilities.shape
    if tuple(labels.shape) not in ((n_samples,), (n_samples, n_classes)):
        raise ValueError(
            f"labels have shape {tuple(labels.shape)} and probabilities ({n_samples}, {n_classes})"
        )
    if not bool(((probabilities >= 0) & (probabilities <= 1)).all()):
        raise ValueError("probabilities are not all in [0, 1]: pass the softmax, not the logits")
    top = n_classes if labels.ndim == 1 else 2
    if not bool(((labels >= 0) & (labels < top)).all()):
        raise ValueError(f"labels are not all in 0 .. {top - 1}")
    if labels.ndim == 1 and not bool(((probabilities.sum(dim=1) - 1).abs() < 1e-3).all()):
        raise ValueError("probabilities of some rows do not sum to 1")


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
    return torch.bucketize(confidence, edges[1:-1].contiguous()), edges


def reliability_diagram(
    probabilities: Tensor, labels: Tensor, *, n_bins: int = 15, scheme: Scheme = "width"
) -> ReliabilityDiagram:
    """Mean confidence and observed frequency per bin.

    Parameters
    ----------
    probabilities, labels : Tensor
        As in :func:`forecasts`.
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
        As :func:`forecasts`.
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
        As in :func:`forecasts`; for one class per image the confidence is the largest probability.
    n_bins, scheme
        As in :func:`reliability_diagram`; conf is the mean confidence in the bin, not its centre.

    Returns
    -------
    float
        In [0, 1], 0 when every bin is calibrated.

    Raises
    ------
    ValueError
        As :func:`forecasts`.

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


def calibration_scores(probabilities: Tensor, labels: Tensor) -> dict[str, float]:
    """Every calibration score by its name in the warehouse.

    Parameters
    ----------
    probabilities, labels : Tensor
        As in :func:`forecasts`.

    Returns
    -------
    dict of str to float
        Score name to value.

    Raises
    ------
    ValueError
        As :func:`forecasts`.
    """
    return {"ece_width_15": expected_calibration_error(probabilities, labels)}
