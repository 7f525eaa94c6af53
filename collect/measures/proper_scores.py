"""Proper scores: smallest on average for whoever states the true probabilities."""

import torch
from torch import Tensor

from collect.measures.forecasts import check_probabilities


def brier_score(probabilities: Tensor, labels: Tensor) -> float:
    r"""Brier score: squared distance between probabilities and what came true.

    .. math:: \frac{1}{n} \sum_i \sum_c (p_{ic} - [y_i = c])^2

    as Brier (1950) has it, summed over classes; for multi-label the mean over images and labels.

    Parameters
    ----------
    probabilities, labels : Tensor
        As in :func:`~collect.measures.forecasts.forecasts`.

    Returns
    -------
    float
        In [0, 2] for one class per image (twice the score of the positive class when there are
        two classes), in [0, 1] for multi-label.

    Raises
    ------
    ValueError
        As :func:`~collect.measures.forecasts.forecasts`.

    References
    ----------
    .. [1] Brier (1950), "Verification of forecasts expressed in terms of probability", Monthly
       Weather Review 78.

    Examples
    --------
    >>> brier_score(torch.tensor([[0.5, 0.5], [1.0, 0.0]]), torch.tensor([0, 0]))
    0.25
    """
    check_probabilities(probabilities, labels)
    p = probabilities.double()
    if labels.ndim == 2:
        return float((p - labels.double()).square().mean())
    truth = torch.nn.functional.one_hot(labels.long(), p.shape[1])
    return float((p - truth).square().sum(dim=1).mean())


def negative_log_likelihood(probabilities: Tensor, labels: Tensor) -> float:
    r"""Mean of minus the natural logarithm of the probability of what came true, in nats.

    Parameters
    ----------
    probabilities, labels : Tensor
        As in :func:`~collect.measures.forecasts.forecasts`. Multi-label: the mean over images and
        labels, of presence and of absence.

    Returns
    -------
    float
        At least 0.

    Raises
    ------
    ValueError
        As :func:`~collect.measures.forecasts.forecasts`, and if something that came true had
        probability 0 (votes of k-NN often say so): the likelihood is infinite.

    Examples
    --------
    >>> round(negative_log_likelihood(torch.tensor([[0.5, 0.5]]), torch.tensor([0])), 6)
    0.693147
    """
    check_probabilities(probabilities, labels)
    p = probabilities.double()
    if labels.ndim == 2:
        likelihood = torch.where(labels.bool(), p, 1 - p)
    else:
        likelihood = p.gather(1, labels.long()[:, None])
    n_impossible = int((likelihood == 0).sum())
    if n_impossible:
        raise ValueError(f"{n_impossible} forecasts gave what came true the probability 0")
    return float(-likelihood.log().mean())
