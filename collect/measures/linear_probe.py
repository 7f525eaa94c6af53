"""A linear classifier on features that stay as they are."""

import warnings

import numpy as np
import torch
from torch import Tensor

from collect.measures.representation import representation

MOST_ITERATIONS = 2000
TOLERANCE = 1e-8  # of the gradient: probabilities are exact to about 1e-5


def linear_probe_probabilities(
    features: Tensor, labels: Tensor, queries: Tensor, *, n_classes: int
) -> Tensor:
    r"""Probabilities of a logistic regression, multinomial or one per label, on frozen features.

    Features are standardised by the means and deviations of ``features``; the sum of the
    log-losses is penalised by half the squared length of the weights (C = 1).

    Parameters
    ----------
    features : Tensor of shape (n_images, n_features)
        What the probe is fitted to, one row per training image.
    labels : Tensor of shape (n_images,) or (n_images, n_classes)
        Class of each image, or 0 and 1 per label.
    queries : Tensor of shape (n_queries, n_features)
        Features of other images.
    n_classes : int
        Classes or labels.

    Returns
    -------
    Tensor of shape (n_queries, n_classes)
        float64 on the CPU, in [0, 1]; rows sum to 1 unless there are labels. A class that no image
        has gets 0, a label that no or every image has gets 0 or 1.

    Raises
    ------
    ValueError
        If features are no valid representation, shapes do not fit, all images are of one class, or
        the fit does not converge.

    Notes
    -----
    Fitted by scikit-learn's L-BFGS; costs ``O(n_images * n_features * n_classes)`` an iteration.

    References
    ----------
    .. [1] Alain and Bengio (2016), "Understanding intermediate layers using linear classifier
       probes". https://arxiv.org/abs/1610.01644
    .. [2] Kornblith, Shlens and Le (2019), "Do better ImageNet models transfer better?", CVPR.

    Examples
    --------
    >>> x, y = torch.tensor([[-2.0], [-1.0], [1.0], [2.0]]), torch.tensor([0, 0, 1, 1])
    >>> found = linear_probe_probabilities(x, y, torch.tensor([[-3.0], [3.0]]), n_classes=2)
    >>> found.argmax(dim=1).tolist()
    [0, 1]
    """
    known = representation(features, "features").double()
    asked = queries.double()
    if len(labels) != len(known) or labels.ndim not in (1, 2):
        raise ValueError(f"labels have shape {tuple(labels.shape)}, the features {len(known)} rows")
    mean, spread = known.mean(dim=0), known.std(dim=0, correction=0)
    spread = torch.where(spread > 0, spread, 1.0)
    x, q = (((part - mean) / spread).cpu().numpy() for part in (known, asked))
    y = labels.cpu().numpy()
    if labels.ndim == 2:
        columns = [_of_label(x, y[:, label], q) for label in range(n_classes)]
        return torch.from_numpy(np.column_stack(columns))
    if len(np.unique(y)) < 2:
        raise ValueError(f"all {len(y)} images are of one class: nothing to tell apart")
    classes, found = _fitted(x, y, q)
    chances = np.zeros((len(q), n_classes))
    chances[:, classes] = found
    return torch.from_numpy(chances)


def _of_label(x: np.ndarray, y: np.ndarray, q: np.ndarray) -> np.ndarray:
    if len(np.unique(y)) < 2:
        return np.full(len(q), float(y[0]))
    return _fitted(x, y, q)[1][:, 1]


def _fitted(x: np.ndarray, y: np.ndarray, q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return classes in order, and their probabilities for each query."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        try:
            model = LogisticRegression(C=1.0, tol=TOLERANCE, max_iter=MOST_ITERATIONS).fit(x, y)
        except ConvergenceWarning as warning:
            raise ValueError(
                f"the linear probe took over {MOST_ITERATIONS} iterations"
            ) from warning
    return model.classes_, model.predict_proba(q)
