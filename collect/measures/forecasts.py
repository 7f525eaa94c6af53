"""Forecasts: probabilities with what came true, and the scores that are made of them."""

from torch import Tensor


class Scores(dict[str, float]):
    """Scores by name.

    Attributes
    ----------
    undefined : dict of str to str
        Scores that these forecasts do not define, with the reason.
    """

    def __init__(self) -> None:
        super().__init__()
        self.undefined: dict[str, str] = {}


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
