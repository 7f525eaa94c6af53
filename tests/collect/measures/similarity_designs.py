"""Pairs of layers that the coverage of intervals is tried on: drawn, and of real networks."""

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from collect.measures.cka import cka_linear_debiased
from collect.miniatures.network import build, normalised
from collect.miniatures.photographs import read_archive
from collect.miniatures.pretrained import weights
from collect.probing.activations import recorded_outputs

ARCHIVE = Path(__file__).parents[4] / "shared" / "data" / "cifar10_jpeg.npz"
LAYER, NETWORKS = "blocks.4", ("supervised", "contrastive")
Matrix = npt.NDArray[np.float64]


class Design(Protocol):
    """Where samples of images come from."""

    @property
    def n_images(self) -> int:
        """Images of a sample."""

    @property
    def n_positions(self) -> int:
        """Rows of each."""

    @property
    def population_cka(self) -> float:
        """CKA of all images that there are."""

    def draw(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Rows of both layers, the positions of an image one after the other."""


@dataclass(frozen=True)
class Drawn:
    """Two linear layers: x = noise A and y = x B + other noise C.

    Attributes
    ----------
    own, mixing, added : array of shape (n_features, n_features)
        A, B and C.
    n_images, n_positions : int
        Images, and rows of each.
    shared : float
        Share of the variance that is common to the positions of an image.
    tails : int, optional
        Degrees of freedom of Student's t that the rows of an image have together: one that is far
        out is far out in both layers. None for Gaussian rows.
    centres : array of shape (n_classes, n_features), optional
        What the noise of an image is around: the centre of a random class.
    """

    own: Matrix
    mixing: Matrix
    added: Matrix
    n_images: int = 80
    n_positions: int = 1
    shared: float = 0.0
    tails: int | None = None
    centres: Matrix | None = None

    @property
    def population_cka(self) -> float:
        """CKA of the covariances of both layers; a common factor leaves it as it is."""
        noise = np.eye(len(self.own))
        if self.centres is not None:
            noise = noise + np.cov(self.centres.T, bias=True)
        first = self.own.T @ noise @ self.own
        cross = first @ self.mixing
        second = self.mixing.T @ cross + self.added.T @ self.added
        return float((cross**2).sum() / np.sqrt((first**2).sum() * (second**2).sum()))

    def draw(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Rows of both layers."""
        noise = self._noise(rng)
        if self.centres is not None:
            noise = noise + self.centres[rng.integers(len(self.centres), size=len(noise))]
        x = noise @ self.own
        y = x @ self.mixing + self._noise(rng) @ self.added
        if self.tails is not None:
            scale = np.sqrt(self.tails / rng.chisquare(self.tails, size=(len(x), 1)))
            x, y = x * scale, y * scale
        return torch.from_numpy(x), torch.from_numpy(y)

    def _noise(self, rng: np.random.Generator) -> Matrix:
        n_features = len(self.own)
        image = rng.normal(size=(self.n_images, n_features)).repeat(self.n_positions, axis=0)
        position = rng.normal(size=(self.n_images * self.n_positions, n_features))
        mixed: Matrix = self.shared**0.5 * image + (1 - self.shared) ** 0.5 * position
        return mixed


@dataclass(frozen=True)
class OfRealImages:
    """Two networks on images of CIFAR-10's test set, drawn without replacement.

    Attributes
    ----------
    n_images : int
        Of a sample.
    """

    n_images: int
    n_positions: int = 1

    @property
    def population_cka(self) -> float:
        """CKA of all test images."""
        return cka_linear_debiased(*class_tokens())

    def draw(self, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Rows of both layers."""
        x, y = class_tokens()
        rows = torch.from_numpy(rng.permutation(len(x))[: self.n_images])
        return x[rows], y[rows]


@cache
def class_tokens() -> tuple[Tensor, Tensor]:
    """CLS tokens of 10,000 images behind the fifth block of two miniature networks, float64."""
    images = read_archive(ARCHIVE).test.images
    first, second = (_class_tokens(name, images) for name in NETWORKS)
    return first, second


@torch.no_grad()
def _class_tokens(name: str, images: Tensor) -> Tensor:
    network = build()
    network.load_state_dict(weights(name))
    rows = []
    with recorded_outputs(network, [LAYER]) as outputs:
        for batch in images.split(250):
            network(normalised(batch))
            rows.append(outputs[LAYER][:, 0])
    return torch.cat(rows).double()


def even(
    n_features: int,
    n_positions: int = 1,
    shared: float = 0.0,
    *,
    n_images: int = 80,
    tails: int | None = None,
    n_classes: int = 0,
) -> Drawn:
    """No few features hold most of the variance, which is hard on a jackknife."""
    rng = np.random.default_rng(7)
    entries = rng.normal(size=(n_features, n_features))
    mixing = np.asarray(0.5 * math.sqrt(6 / n_features) * entries)
    own = np.diag(np.linspace(0.3, 2, n_features))
    centres = 1.5 * rng.normal(size=(n_classes, n_features)) if n_classes else None
    return Drawn(
        own, mixing, np.eye(n_features), n_images, n_positions, shared, tails=tails, centres=centres
    )


def alike(n_features: int) -> Drawn:
    """Draw a layer of similar variances, and what little fine-tuning makes of it."""
    own = np.diag(np.linspace(0.3, 2, n_features))
    return Drawn(own, np.eye(n_features), 0.3 * own, 80)


def falling(n_features: int, n_images: int) -> Drawn:
    """Variances fall as 1 / k, as those of layers do or more slowly; y is x turned, with noise."""
    own = np.diag(np.arange(1.0, n_features + 1) ** -0.5)
    entries = np.random.default_rng(7).normal(size=(n_features, n_features))
    rotation = np.linalg.qr(entries)[0]
    return Drawn(own, 0.7 * rotation, 0.7 * own @ rotation, n_images)


DESIGNS: dict[str, Design] = {
    "6 features": even(6),
    "24 features": even(24),
    "4 positions": even(6, 4, 0.6),
    "128 features": falling(128, 300),
    "nearly the same": alike(24),
    "heavy tails": even(24, tails=5),
    "ten classes": even(24, n_classes=10),
    "24 features, 4 positions": even(24, 4, 0.6),
    "60 features": even(60),
    "real layers": OfRealImages(300),
}
