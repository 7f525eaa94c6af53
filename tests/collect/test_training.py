"""A phase of training is the textbook's: same steps as PyTorch's own, schedules as stated."""

import math
from copy import deepcopy

import pytest
import torch
from torch import nn

from collect.configuration.sections import PhaseConfig, TrainingConfig
from collect.training.epochs import Batches, PhaseTraining, Plateau
from collect.training.losses import balanced_class_weights, probabilities, task_loss
from collect.training.optimisation import learning_rate_factor, new_optimiser
from warehouse.errors import CollectError


def phase(**settings):
    return PhaseConfig(**{"epochs": 3, "learning_rate": 0.1, **settings})


def training(settings, *, n=10, batch_size=4, seed=0, model=None, **options):
    torch.manual_seed(0)
    x, y = torch.randn(n, 5), torch.arange(n) % 3
    layer = nn.Linear(5, 3)
    model = layer if model is None else model(layer)
    generator = torch.Generator().manual_seed(seed)
    batches = Batches(lambda positions: x[positions], y, batch_size)
    config = TrainingConfig(**options)
    return PhaseTraining(model, batches, task_loss("multiclass"), settings, config, generator)


@pytest.mark.parametrize("optimiser", ["adamw", "adam", "sgd"])
def test_a_full_batch_step_is_that_of_pytorch(optimiser):
    ours = training(phase(optimiser=optimiser, weight_decay=0.1, epochs=4), batch_size=10)
    torch.manual_seed(0)
    x, y = torch.randn(10, 5), torch.arange(10) % 3
    model = nn.Linear(5, 3)
    kinds = {"adamw": torch.optim.AdamW, "adam": torch.optim.Adam}
    if optimiser == "sgd":
        theirs = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1)
    else:
        theirs = kinds[optimiser](model.parameters(), lr=0.1, weight_decay=0.1)
    for _ in range(4):
        ours.run_epoch()
        theirs.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        theirs.step()
    for mine, yours in zip(ours.model.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(mine, yours, rtol=1e-5, atol=1e-6)  # other order of the sum


def test_every_example_is_seen_once_in_batches_of_nearly_equal_size():
    batches = Batches(lambda positions: positions.float(), torch.zeros(10), 4)
    parts = batches.shuffled(torch.Generator().manual_seed(3))
    assert sorted(len(part) for part in parts) == [3, 3, 4]
    assert sorted(torch.cat(parts).tolist()) == list(range(10))
    assert torch.cat(parts).tolist() != list(range(10))


def test_the_reported_loss_is_the_mean_over_examples():
    still = training(phase(learning_rate=1e-12), batch_size=3)
    x = still.batches.inputs(torch.arange(10))
    with torch.no_grad():
        expected = nn.functional.cross_entropy(still.model(x), still.batches.labels)
    assert still.run_epoch() == pytest.approx(float(expected), rel=1e-5)


def test_clipping_bounds_the_step():
    clipped = training(phase(optimiser="sgd", momentum=0.0), batch_size=10, clip_norm=0.01)
    before = [p.detach().clone() for p in clipped.model.parameters()]
    clipped.run_epoch()
    moved = [p.detach() - b for p, b in zip(clipped.model.parameters(), before, strict=True)]
    norm = math.sqrt(sum(float((m**2).sum()) for m in moved))
    assert norm == pytest.approx(0.1 * 0.01, rel=1e-3)


def test_a_saved_state_goes_on_as_if_nothing_had_happened():
    settings = phase(epochs=4, schedule="cosine")
    one = training(settings)
    for _ in range(2):
        one.run_epoch()
    other = training(settings)
    other.model.load_state_dict(one.model.state_dict())
    other.load_state_dict(deepcopy(one.state_dict()))
    assert [one.run_epoch(), one.run_epoch()] == [other.run_epoch(), other.run_epoch()]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"schedule": "constant"}, [1, 1, 1, 1]),
        ({"schedule": "constant", "n_warmup_steps": 2}, [0.5, 1, 1, 1]),
        ({"schedule": "cosine"}, [1, (1 + math.sqrt(0.5)) / 2, 0.5, (1 - math.sqrt(0.5)) / 2]),
        ({"schedule": "cosine", "n_warmup_steps": 2}, [0.5, 1, 1, 0.5]),
        ({"schedule": "plateau"}, [1, 1, 1, 1]),
    ],
)
def test_rates_follow_the_schedule(settings, expected):
    found = [learning_rate_factor(step, n_steps=4, **settings) for step in range(4)]
    assert found == pytest.approx(expected, rel=1e-12)


def test_the_optimiser_gets_the_scheduled_rate():
    warm = training(phase(epochs=2, warmup_epochs=1), batch_size=5)  # two steps an epoch
    warm.run_epoch()
    assert warm.optimiser.param_groups[0]["lr"] == pytest.approx(0.1)
    assert warm.step == 2


def test_the_rate_drops_after_as_many_bad_epochs_as_patience():
    plateau = Plateau(patience=2, drop=0.1)
    factors = []
    for loss in (1.0, 0.9, 0.95, 0.9, 0.8, 0.81, 0.82):
        plateau.update(loss)
        factors.append(plateau.factor)
    assert factors == pytest.approx([1, 1, 1, 0.1, 0.1, 0.1, 0.01])


def test_only_the_plateau_schedule_listens_to_the_validation_loss():
    for schedule, factor in (("constant", 1.0), ("plateau", 0.1)):
        phase_training = training(phase(schedule=schedule, plateau_patience=1))
        phase_training.validated(1.0)
        phase_training.validated(2.0)
        assert phase_training.plateau.factor == pytest.approx(factor)


def test_frozen_parameters_are_no_business_of_the_optimiser():
    model = nn.Linear(2, 2)
    model.bias.requires_grad_(False)
    optimiser = new_optimiser(model.parameters(), phase(weight_decay=1.0))
    assert optimiser.param_groups[0]["params"] == [model.weight]


def test_multilabel_losses_and_probabilities_are_per_label():
    logits = torch.tensor([[0.0, math.log(3)]])
    loss = task_loss("multilabel")(logits, torch.tensor([[1, 0]]))
    assert float(loss) == pytest.approx((math.log(2) + math.log(4)) / 2, rel=1e-6)
    assert probabilities("multilabel", logits)[0].tolist() == pytest.approx([0.5, 0.75])
    assert probabilities("binary", logits)[0].tolist() == pytest.approx([0.25, 0.75])


def test_balanced_weights_make_classes_count_the_same():
    labels = torch.tensor([0, 0, 0, 1])
    weights = balanced_class_weights("binary", labels, 2)
    assert float(3 * weights[0]) == pytest.approx(float(1 * weights[1]))
    assert float(weights[labels].sum()) == pytest.approx(4)
    positives = balanced_class_weights("multilabel", torch.tensor([[1, 0], [0, 0], [0, 0]]), 2)
    assert positives.tolist() == [2, 1]
    assert balanced_class_weights("multiclass", labels, 3)[2] == 0


class Small(nn.Module):
    """A device with room for a few images, as far as the model can tell."""

    def __init__(self, layer, room, error):
        super().__init__()
        self.layer, self.room, self.error = layer, room, error

    def forward(self, x):
        """Fail like a device that is full."""
        if len(x) > self.room:
            raise self.error
        return self.layer(x)


OUT_OF_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
]


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=["cuda", "cpu"])
def test_batches_are_halved_until_they_fit_and_the_steps_stay_the_same(error):
    settings = phase(optimiser="sgd")
    whole = training(settings, batch_size=10)
    halved = training(
        settings,
        batch_size=10,
        model=lambda layer: Small(layer, 3, error),
        out_of_memory="halve_batch",
    )
    for _ in range(3):
        assert halved.run_epoch() == pytest.approx(whole.run_epoch(), rel=1e-5)
    assert halved.micro_batch_size == 3
    for mine, yours in zip(halved.model.parameters(), whole.model.parameters(), strict=True):
        torch.testing.assert_close(mine, yours, rtol=1e-5, atol=1e-6)  # other order of the sum


@pytest.mark.parametrize(("room", "policy"), [(3, "stop"), (0, "halve_batch")])
def test_out_of_memory_is_one_clear_line(room, policy):
    tight = training(
        phase(), model=lambda layer: Small(layer, room, OUT_OF_MEMORY[0]), out_of_memory=policy
    )
    with pytest.raises(CollectError, match=r"out of memory with \d image.*training\.batch_size"):
        tight.run_epoch()


def test_other_errors_are_not_taken_for_a_lack_of_memory():
    broken = training(
        phase(),
        model=lambda layer: Small(layer, 0, RuntimeError("shapes differ")),
        out_of_memory="halve_batch",
    )
    with pytest.raises(RuntimeError, match="shapes differ"):
        broken.run_epoch()


@pytest.mark.parametrize(("precision", "tolerance"), [("bf16", 0.02), ("fp16", 0.2)])
def test_lower_precision_learns_the_same_within_its_precision(precision, tolerance):
    # In fp16 the first steps are left out until the scale of the loss is found.
    exact, lower = training(phase(epochs=8)), training(phase(epochs=8), precision=precision)
    for _ in range(8):
        expected, found = exact.run_epoch(), lower.run_epoch()
    assert found == pytest.approx(expected, rel=tolerance)
    assert found != expected
    assert next(lower.model.parameters()).dtype == torch.float32
