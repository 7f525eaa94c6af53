"""A linear probe minimises what it says it minimises, and answers only what it can know."""

import pytest
import torch
from numpy.testing import assert_allclose
from torch import Tensor
from torch.nn import functional

from collect.measures import linear_probe
from collect.measures.linear_probe import linear_probe_probabilities


def clouds(rng, n_classes: int, n: int = 60) -> tuple[Tensor, Tensor]:
    """Overlapping clouds of different scales, and their numbers."""
    labels = torch.arange(n) % n_classes
    centres = torch.from_numpy(rng.normal(size=(n_classes, 4)))
    noise = torch.from_numpy(rng.normal(size=(n, 4)))
    return (centres[labels] + noise) * torch.tensor([1.0, 10.0, 0.1, 3.0]) + 7, labels


def minimised(x: Tensor, labels: Tensor, queries: Tensor, n_classes: int) -> Tensor:
    """Minimise the objective of the docstring by another library."""
    mean, spread = x.mean(dim=0), x.std(dim=0, correction=0)
    z, q = (x - mean) / spread, (queries - mean) / spread
    weights = torch.zeros(4, n_classes, dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(n_classes, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [weights, bias], max_iter=5000, tolerance_grad=1e-12, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = functional.cross_entropy(z @ weights + bias, labels, reduction="sum")
        loss = loss + weights.square().sum() / 2
        loss.backward()
        return loss

    optimiser.step(closure)
    return (q @ weights + bias).softmax(dim=1).detach()


def test_minimises_the_penalised_log_loss(rng):
    x, labels = clouds(rng, 3)
    queries = clouds(rng, 3, n=20)[0]
    found = linear_probe_probabilities(x, labels, queries, n_classes=3)
    assert_allclose(found, minimised(x, labels, queries, 3), atol=1e-5)  # where both stop


def test_units_of_the_features_do_not_matter(rng):
    x, labels = clouds(rng, 3)
    scaled = x * torch.tensor([1e3, 1.0, 1e-3, 5.0]) - 40
    one, other = (linear_probe_probabilities(f, labels, f, n_classes=3) for f in (x, scaled))
    assert_allclose(one, other, atol=1e-5)  # where both stop


def test_labels_have_a_probe_each_and_constant_ones_their_share(rng):
    x, cls = clouds(rng, 2)
    labels = torch.stack([cls, 1 - cls, torch.zeros_like(cls), torch.ones_like(cls)], dim=1)
    found = linear_probe_probabilities(x, labels, x, n_classes=4)
    single = linear_probe_probabilities(x, cls, x, n_classes=2)
    assert_allclose(found[:, 0], single[:, 1], atol=1e-8)
    assert_allclose(found[:, 0] + found[:, 1], torch.ones(60), atol=1e-5)  # where both stop
    assert (found[:, 2] == 0).all()
    assert (found[:, 3] == 1).all()


def test_a_class_that_no_image_has_gets_nothing(rng):
    x, labels = clouds(rng, 2)
    found = linear_probe_probabilities(x, labels * 2, x, n_classes=4)
    assert found.shape == (60, 4)
    assert (found[:, [1, 3]] == 0).all()
    assert_allclose(found.sum(dim=1), torch.ones(60), atol=1e-12)


def test_a_dead_feature_changes_nothing(rng):
    x, labels = clouds(rng, 2)
    dead = torch.cat([x, torch.full((60, 1), 3.0)], dim=1)
    one, other = (linear_probe_probabilities(f, labels, f, n_classes=2) for f in (x, dead))
    assert_allclose(one, other, atol=1e-8)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            torch.zeros(60, dtype=torch.long),
            "all 60 images are of one class: nothing to tell apart",
        ),
        (torch.zeros(59, dtype=torch.long), r"labels have shape \(59,\), the features 60 rows"),
    ],
)
def test_refuses(rng, labels, message):
    x, _ = clouds(rng, 2)
    with pytest.raises(ValueError, match=message):
        linear_probe_probabilities(x, labels, x, n_classes=2)


def test_says_when_it_did_not_converge(rng, monkeypatch):
    monkeypatch.setattr(linear_probe, "MOST_ITERATIONS", 1)
    x, labels = clouds(rng, 2)
    with pytest.raises(ValueError, match="the linear probe took over 1 iterations"):
        linear_probe_probabilities(x, labels, x, n_classes=2)
