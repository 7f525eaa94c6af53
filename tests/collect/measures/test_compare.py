"""Layers of two networks compared: which pairs, which numbers, which errors."""

import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures.compare import compare
from collect.measures.registry import MEASURES


@pytest.fixture
def before(rng):
    return {name: torch.from_numpy(rng.normal(size=(40, p))) for name, p in (("a", 5), ("b", 7))}


@pytest.fixture
def after(rng, before):
    return {name: x + torch.from_numpy(rng.normal(size=x.shape)) for name, x in before.items()}


@pytest.mark.parametrize("name", sorted(MEASURES.keys() - {"mean_representation"}))
def test_every_pair_has_the_value_of_the_pair_alone(before, after, name):
    found = compare(after, before, measures=[name], pairs="all")
    assert [(c.layer, c.reference_layer) for c in found] == [
        ("a", "a"), ("a", "b"), ("b", "a"), ("b", "b"),
    ]  # fmt: skip
    for c in found:
        alone = MEASURES[name].compute(after[c.layer], before[c.reference_layer])
        assert_allclose(c.value, alone, rtol=1e-10)


def test_means_are_compared_where_widths_agree(before, after):
    found = compare(after, before, measures=["mean_representation"])
    alone = MEASURES["mean_representation"].compute(after["b"], before["b"])
    assert_allclose(found[1].value, alone, rtol=1e-12)
    with pytest.raises(ValueError, match="layer a and reference layer b: 5 and 7 features"):
        compare(after, before, measures=["mean_representation"], pairs="all")


def test_matching_layers_are_those_of_the_same_name(before, after):
    found = compare(after, before, measures=["cka_linear", "cca_mean"])
    assert [(c.measure, c.layer, c.reference_layer) for c in found] == [
        ("cka_linear", "a", "a"),
        ("cka_linear", "b", "b"),
        ("cca_mean", "a", "a"),
        ("cca_mean", "b", "b"),
    ]


def test_shapes_are_stored_with_the_value(before, after):
    groups = torch.arange(40) // 4
    found = compare(after, before, measures=["cka_linear"], pairs="all", groups=groups)[1]
    shapes = (found.n_images, found.n_rows, found.n_features, found.n_features_reference)
    assert shapes == (10, 40, 5, 7)


def test_a_related_layer_is_beyond_the_null_and_an_unrelated_one_is_not(before, after):
    related, unrelated = compare(after, before, measures=["cka_linear"], pairs="all")[:2]
    assert (related.null_p_value or 0) < 1e-4
    assert (unrelated.null_p_value or 0) > 0.01
    assert related.null_mean == pytest.approx(25**0.5 / 39, rel=0.2)  # sqrt(rank rank) / (n - 1)


@pytest.mark.parametrize(
    ("measures", "message"),
    [
        (["cka"], "unknown measure 'cka': known are"),
        (["cka_linear"], "the reference has no layer c; it has a, b"),
    ],
)
def test_refuses(before, after, measures, message):
    with pytest.raises(ValueError, match=message):
        compare(after | {"c": after["a"]}, before, measures=measures)


def test_errors_name_the_layer(before, after):
    after["b"] = torch.ones(40, 7)
    with pytest.raises(ValueError, match="layer b is constant"):
        compare(after, before, measures=["cka_linear"])
