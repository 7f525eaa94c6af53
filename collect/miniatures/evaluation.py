"""How much a network's CLS tokens know: k-NN and linear-probe accuracy, with intervals."""

import math
from dataclasses import dataclass

import torch
from timm.models.vision_transformer import VisionTransformer
from torch.nn import functional

from collect.measures.knn import knn_probabilities
from collect.miniatures.network import normalised
from collect.miniatures.photographs import Photographs

N_NEIGHBOURS = 20
#: Weights of neighbours are exp(cosine / temperature), as in DINO's evaluation.
TEMPERATURE = 0.07
PENALTY = 1e-4
Z_95 = 1.959963984540054


@dataclass(frozen=True)
class Accuracy:
    """A fraction of `n` images with its 95 % Wilson interval."""

    accuracy: float
    ci_low: float
    ci_high: float
    n: int


def wilson_accuracy(correct: torch.Tensor) -> Accuracy:
    """Fraction of true entries with Wilson's 95 % score interval.

    Examples
    --------
    >>> wilson_accuracy(torch.tensor([True] * 9 + [False]))
    Accuracy(accuracy=0.9, ci_low=0.5958499732047615, ci_high=0.9821237869049271, n=10)

    References
    ----------
    .. [1] Wilson (1927), JASA 22, 209-212.
    """
    n = len(correct)
    p = int(correct.sum()) / n
    centre = (p + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
    half = Z_95 * math.sqrt(p * (1 - p) / n + Z_95**2 / (4 * n**2)) / (1 + Z_95**2 / n)
    # the interval holds p; at 0 and 1 rounding would take it out
    return Accuracy(p, max(0.0, min(p, centre - half)), min(1.0, max(p, centre + half)), n)


@torch.no_grad()
def features(network: VisionTransformer, images: torch.Tensor) -> torch.Tensor:
    """CLS tokens of uint8 images (n, 3, 32, 32), float32 (n, 128), on the images' device."""
    was_training = network.training
    network.eval()
    rows = [network(normalised(batch)).float() for batch in torch.split(images, 250)]
    network.train(was_training)
    return torch.cat(rows)


@dataclass(frozen=True)
class Encoded:
    """What a network sees in images: `features` (n, d) float32 and `labels` (n,) int64."""

    features: torch.Tensor
    labels: torch.Tensor


def encoded(network: VisionTransformer, photographs: Photographs) -> Encoded:
    """CLS tokens and labels of images."""
    return Encoded(features(network, photographs.images), photographs.labels)


def knn_accuracy(bank: Encoded, queries: Encoded) -> Accuracy:
    """Accuracy of a vote of each query's 20 nearest images of the bank by cosine.

    Votes are weighted by exp(cosine / 0.07). Costs a comparison for each pair of images.
    """
    votes = knn_probabilities(
        bank.features,
        bank.labels,
        queries.features,
        n_neighbours=min(N_NEIGHBOURS, len(bank.labels)),
        n_classes=int(bank.labels.max()) + 1,
        temperature=TEMPERATURE,
    )
    return wilson_accuracy(votes.argmax(dim=1) == queries.labels)


def linear_probe_accuracy(fitted: Encoded, asked: Encoded) -> Accuracy:
    """Accuracy of a multinomial logistic regression on standardised features.

    Fitted to convergence by L-BFGS with an L2 penalty of 1e-4 / 2 on the weights; no augmentation.
    """
    mean = fitted.features.mean(dim=0)
    spread = fitted.features.std(dim=0).clamp(min=1e-6)
    x, labels = (fitted.features - mean) / spread, fitted.labels
    n_classes = int(labels.max()) + 1
    weights = torch.zeros(x.shape[1], n_classes, device=x.device, requires_grad=True)
    bias = torch.zeros(n_classes, device=x.device, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [weights, bias], max_iter=200, tolerance_grad=1e-5, line_search_fn="strong_wolfe"
    )

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = functional.cross_entropy(x @ weights + bias, labels)
        loss = loss + PENALTY / 2 * weights.square().sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimiser.step(closure)  # type: ignore[no-untyped-call]
    scores = ((asked.features - mean) / spread) @ weights.detach() + bias.detach()
    return wilson_accuracy(scores.argmax(dim=1) == asked.labels)
