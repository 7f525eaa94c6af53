"""Each registered measure keeps exactly what it claims: invariances, range, symmetry."""

import numpy as np
import pytest
import torch

from collect.measures.registry import MEASURES

N, P = 200, 70  # more channels than cca_mean_juodelyte samples


def orthogonal(rng):
    return np.linalg.qr(rng.normal(size=(P, P)))[0]


TRANSFORMATIONS = {
    "translation": lambda x, rng: x + rng.normal(size=P),
    "isotropic_scaling": lambda x, _: 3.7 * x,
    "permutation": lambda x, rng: x[:, rng.permutation(P)],
    "rotation": lambda x, rng: x @ orthogonal(rng),
    "channel_scaling": lambda x, _: x * np.linspace(0.5, 3, P),
    "linear": lambda x, rng: x @ rng.normal(size=(P, P)),
}


def pair(rng):
    x = rng.normal(size=(N, P)) * np.linspace(0.2, 2, P) + 1
    return x, x[:, ::-1] + rng.normal(size=(N, P))


def value(measure, x, y):
    return measure.compute(torch.from_numpy(x), torch.from_numpy(y))


@pytest.mark.parametrize("name", TRANSFORMATIONS)
@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_keeps_exactly_its_declared_invariances(rng, measure, name):
    x, y = pair(rng)
    before, after = value(measure, x, y), value(measure, TRANSFORMATIONS[name](x, rng), y)
    assert (abs(before - after) < 1e-10) == (name in measure.invariant_to)


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_is_symmetric_if_and_only_if_it_says_so(rng, measure):
    x, y = pair(rng)
    assert (abs(value(measure, x, y) - value(measure, y, x)) < 1e-10) == measure.symmetric


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_likeness_is_at_the_end_of_the_range(rng, measure):
    x, y = pair(rng)
    low, high = measure.range
    best = high if measure.kind == "similarity" else low
    assert value(measure, x, x) == pytest.approx(best, abs=1e-7)
    assert low <= value(measure, x, y) <= high


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_shuffled_pairing_is_less_alike_if_the_measure_sees_it(rng, measure):
    x, y = pair(rng)
    paired, shuffled = value(measure, x, y), value(measure, x, y[rng.permutation(N)])
    if not measure.sees_pairing:
        assert paired == pytest.approx(shuffled, abs=1e-12)
    else:
        assert (paired > shuffled) == (measure.kind == "similarity")


METRICS = {name: measure for name, measure in MEASURES.items() if measure.metric}


@pytest.mark.parametrize("measure", METRICS.values(), ids=METRICS)
def test_metrics_obey_the_triangle_inequality(rng, measure):
    clouds = [rng.normal(size=(20, p)) ** k for p in (1, 3, 30) for k in (1, 3)]
    clouds += [clouds[2] + 0.1 * rng.normal(size=(20, 3)), clouds[2][:, :2]]
    d = np.array([[value(measure, x, y) for y in clouds] for x in clouds])
    assert (d[:, None, :] <= d[:, :, None] + d[None, :, :] + 1e-7).all()


@pytest.mark.parametrize("measure", METRICS.values(), ids=METRICS)
def test_metrics_vanish_only_between_equivalent_layers(rng, measure):
    x, y = pair(rng)
    assert value(measure, x, 2 * x @ orthogonal(rng) + 1) < 1e-6
    assert value(measure, x, y) > 1e-3


def test_no_similarity_claims_to_be_a_metric():
    assert all(measure.kind == "distance" for measure in METRICS.values())


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda x: x * 0, "x is constant"),
        (lambda x: np.where(x == x[0, 0], np.nan, x), "x has 1 values that are not finite"),
        (lambda x: x[:-1], "x has 199 rows and y has 200"),
        (lambda x: x[:3], "x has 3 rows"),
    ],
    ids=["constant", "not finite", "unequal rows", "too few rows"],
)
def test_refuses_what_is_undefined(rng, measure, spoil, message):
    x, y = pair(rng)
    with pytest.raises(ValueError, match=message):
        value(measure, spoil(x), y)
