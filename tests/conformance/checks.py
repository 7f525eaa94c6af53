"""What any implementation of a similarity should do, as checks of a callable.

A check takes ``compute(x, y) -> float`` on float32 tensors of shape (n_rows, n_features) and says
whether it holds. What an implementation estimates decides which checks apply to it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Compute = Callable[[Tensor, Tensor], float]
Array = NDArray[np.float64]
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Subject:
    """An implementation under test.

    Attributes
    ----------
    name : str
        Package, function and setting.
    estimand : str
        Key of :data:`DEFINITIONS`.
    compute : callable
        One pair of representations to a number; errors are exceptions.
    """

    name: str
    estimand: str
    compute: Compute


def biased(x: Array, y: Array) -> float:
    """Kornblith et al. (2019), eq. 4, with an explicit centring matrix."""
    h = np.eye(len(x)) - 1 / len(x)
    k, l = h @ x @ x.T @ h, h @ y @ y.T @ h  # noqa: E741
    return float((k * l).sum() / math.sqrt((k * k).sum() * (l * l).sum()))


def debiased(x: Array, y: Array) -> float:
    """Song et al. (2012), eq. 5, with explicit matrices."""

    def hsic(k: Array, l: Array) -> float:  # noqa: E741
        n, one = len(k), np.ones(len(k))
        k, l = k - np.diag(np.diag(k)), l - np.diag(np.diag(l))  # noqa: E741
        pairs = (k * l).sum() + (one @ k @ one) * (one @ l @ one) / ((n - 1) * (n - 2))
        return float(pairs - 2 / (n - 2) * one @ k @ l @ one) / (n * (n - 3))

    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    k, l = x @ x.T, y @ y.T  # noqa: E741
    return hsic(k, l) / math.sqrt(hsic(k, k) * hsic(l, l))


def basis(z: Array) -> Array:
    """Orthonormal basis of the centred column space."""
    z = z - z.mean(axis=0)
    z = z[:, z.std(axis=0) > 0]
    u, s, _ = np.linalg.svd(z / z.std(axis=0), full_matrices=False)
    return np.asarray(u[:, s > 1e-10 * s[0]])


def mean_cca(x: Array, y: Array) -> float:
    """Mean cosine of the principal angles between the centred column spaces."""
    return float(np.linalg.svd(basis(x).T @ basis(y), compute_uv=False).mean())


def yanai(x: Array, y: Array) -> float:
    """Trace of the product of the projections, over the geometric mean of their ranks."""
    p, q = (basis(z) @ basis(z).T for z in (x, y))
    return float(np.trace(p @ q) / math.sqrt(np.trace(p) * np.trace(q)))


DEFINITIONS: dict[str, Callable[[Array, Array], float]] = {
    "biased CKA": biased,
    "debiased CKA": debiased,
    "mean CCA": mean_cca,
    "Yanai's GCD": yanai,
}
OF_CORRELATIONS = ("mean CCA", "Yanai's GCD")


def pair(seed: int = 0, n: int = 60, p: int = 8, q: int = 6) -> tuple[Tensor, Tensor]:
    """Two related layers."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p))
    y = x[:, :1] + rng.normal(size=(n, q))
    return torch.from_numpy(x).float(), torch.from_numpy(y).float()


def agrees(subject: Subject, x: Tensor, y: Tensor) -> bool:
    """Whether the value is that of the definition in float64, on the same float32 numbers."""
    expected = DEFINITIONS[subject.estimand](x.double().numpy(), y.double().numpy())
    return abs(subject.compute(x, y) - expected) < TOLERANCE


def agrees_with_its_definition(subject: Subject) -> bool:
    """Ordinary features."""
    return agrees(subject, *pair())


def agrees_far_from_centred(subject: Subject) -> bool:
    """Means 30 standard deviations from 0."""
    x, y = pair()
    return agrees(subject, x + 30, y + 30)


def agrees_with_a_duplicate_channel(subject: Subject) -> bool:
    """Two equal channels."""
    x, y = pair()
    return agrees(subject, torch.cat([x, x[:, :1]], dim=1), y)


def agrees_with_a_dead_channel(subject: Subject) -> bool:
    """One more channel, 0 everywhere."""
    x, y = pair()
    return agrees(subject, torch.cat([x, torch.zeros(len(x), 1)], dim=1), y)


def agrees_with_a_huge_channel(subject: Subject) -> bool:
    """One channel times 10,000."""
    x, y = pair()
    return agrees(subject, x * torch.tensor([1e4] + [1.0] * 7), y)


def handles_fewer_rows_than_features(subject: Subject) -> bool:
    """CKA keeps to its definition; CCA, which is 1 whatever the layers are, refuses."""
    x, y = pair(n=40, p=300, q=200)
    if subject.estimand in OF_CORRELATIONS:
        return refuses(subject, x, y)
    return agrees(subject, x, y)


def unrelated_layers_score_zero(subject: Subject) -> bool:
    """Mean of 40 unrelated pairs within 4 standard errors of 0, n = 30, p = 100 (CCA: 100, 10)."""
    n, p = (100, 10) if subject.estimand in OF_CORRELATIONS else (30, 100)
    values = [subject.compute(pair(seed, n, p)[0], pair(seed + 999, n, p)[0]) for seed in range(40)]
    return bool(abs(np.mean(values)) < 4 * np.std(values) / math.sqrt(len(values)))


def shuffled_pairing_scores_less(subject: Subject) -> bool:
    """Rows of one layer in another order."""
    x, y = pair()
    return subject.compute(x, y) > subject.compute(x, y[torch.randperm(len(y))])


def is_symmetric(subject: Subject) -> bool:
    """Both ways round."""
    x, y = pair()
    return abs(subject.compute(x, y) - subject.compute(y, x)) < TOLERANCE


def itself_scores_one(subject: Subject) -> bool:
    """Twice the same layer."""
    x, _ = pair()
    return abs(subject.compute(x, x) - 1) < TOLERANCE


def ignores_translation(subject: Subject) -> bool:
    """Constants added to the features."""
    x, y = pair()
    return abs(subject.compute(x + torch.arange(8), y) - subject.compute(x, y)) < TOLERANCE


def ignores_rotation(subject: Subject) -> bool:
    """Another orthonormal basis."""
    x, y = pair()
    q = torch.linalg.qr(torch.randn(8, 8, generator=torch.Generator().manual_seed(0))).Q
    return abs(subject.compute(x @ q, y) - subject.compute(x, y)) < TOLERANCE


def ignores_scale(subject: Subject) -> bool:
    """Everything times 0.001."""
    x, y = pair()
    return abs(subject.compute(x * 1e-3, y) - subject.compute(x, y)) < TOLERANCE


def refuses(subject: Subject, x: Tensor, y: Tensor) -> bool:
    """Whether an error is raised instead of a number returned."""
    try:
        subject.compute(x, y)
    except Exception:  # noqa: BLE001 -- any error will do, it is not ours to choose
        return True
    return False


def refuses_a_constant_layer(subject: Subject) -> bool:
    """All rows the same."""
    return refuses(subject, torch.ones(60, 8), pair()[1])


def refuses_values_that_are_not_finite(subject: Subject) -> bool:
    """One NaN."""
    x, y = pair()
    x[3, 2] = torch.nan
    return refuses(subject, x, y)


def refuses_unequal_rows(subject: Subject) -> bool:
    """60 and 59 rows."""
    x, y = pair()
    return refuses(subject, x, y[:-1])


CHECKS: dict[str, Callable[[Subject], bool]] = {
    check.__name__.replace("_", " "): check
    for check in (
        agrees_with_its_definition,
        agrees_far_from_centred,
        agrees_with_a_duplicate_channel,
        agrees_with_a_dead_channel,
        agrees_with_a_huge_channel,
        handles_fewer_rows_than_features,
        unrelated_layers_score_zero,
        shuffled_pairing_scores_less,
        is_symmetric,
        itself_scores_one,
        ignores_translation,
        ignores_rotation,
        ignores_scale,
        refuses_a_constant_layer,
        refuses_values_that_are_not_finite,
        refuses_unequal_rows,
    )
}
