"""Whether two networks err on the same images more than their accuracies make them."""

from dataclasses import dataclass
from typing import TypeVar

from analysis.regression.least_squares import Floats

Share = TypeVar("Share", float, Floats)


@dataclass(frozen=True)
class Agreement:
    """Prediction similarity of two networks on the same images.

    Attributes
    ----------
    observed : float
        Share of images that both get right or both get wrong (Mania et al.).
    independent : float
        The share to expect if errors were independent: ``a b + (1 - a)(1 - b)`` with both
        accuracies.
    independent_one_model : float
        The same with the first accuracy twice, as the code of Juodelyte et al. (2023) has it.
    kappa : float
        Error consistency ``(observed - independent) / (1 - independent)``; 0 is chance, 1 the same
        errors. NaN where both are always right.
    """

    observed: float
    independent: float
    independent_one_model: float
    kappa: float


def independent_share(right: Share, other_right: Share) -> Share:
    """Share of images on which networks agree if their errors have nothing in common."""
    return right * other_right + (1 - right) * (1 - other_right)


def agreement(accuracy: float, other_accuracy: float, observed: float) -> Agreement:
    """Relate the observed agreement of two networks to their accuracies.

    Parameters
    ----------
    accuracy, other_accuracy : float
        Shares of images that each gets right.
    observed : float
        Share of images that both get right or both get wrong.

    Returns
    -------
    Agreement

    References
    ----------
    .. [1] Mania et al. (2019), "Model similarity mitigates test set overuse", NeurIPS.
    .. [2] Geirhos et al. (2020), "Beyond accuracy: quantifying trial-by-trial behaviour ...",
       NeurIPS.

    Examples
    --------
    >>> found = agreement(0.9, 0.6, 0.62)
    >>> round(found.independent, 2), round(found.independent_one_model, 2), round(found.kappa, 3)
    (0.58, 0.82, 0.095)
    """
    a, b = accuracy, other_accuracy
    independent, one_model = independent_share(a, b), independent_share(a, a)
    kappa = (observed - independent) / (1 - independent) if independent < 1 else float("nan")
    return Agreement(observed, independent, one_model, kappa)
