"""Values with their null and interval: what is computed, from what, and what is left out."""

import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures import inference
from collect.measures.compare import compare, defined_comparisons
from collect.measures.half_samples import half_samples
from collect.measures.inference import Inference
from collect.measures.intervals import block_jackknife
from collect.measures.neighbourhood import knn_jaccard, mutual_knn
from collect.measures.permutation import permutation_null, row_permutations
from collect.measures.registry import MEASURES
from collect.measures.unit_sums import cka_over_units, grouped_layer

MANY = Inference(n_permutations=29, n_blocks=8, seed=3)


@pytest.fixture
def pair(rng):
    x = torch.from_numpy(rng.normal(size=(48, 5)) + 1)
    return x, x + torch.from_numpy(rng.normal(size=(48, 5)))


def only(pair, measure, groups=None, how=MANY):
    x, y = pair
    found = compare({"a": x}, {"a": y}, measures=[measure], groups=groups, inference=how)
    return found[0]


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize(
    "name", sorted(MEASURES.keys() - {"cka_linear_debiased", "mean_representation"})
)
def test_permuting_what_is_prepared_is_permuting_rows(pair, name, grouped):
    x, y = pair
    groups = torch.arange(48) // 3 if grouped else None
    measure = MEASURES[name]
    if measure.exact_null and not grouped:
        pytest.skip("has a closed form")
    orders = row_permutations(48, groups, n_permutations=29, seed=3)
    ours = measure.prepared(x, "x", groups)

    def value(order):
        return measure.combine(ours, measure.prepared(y[order], "y", groups))

    null = permutation_null(value, orders, kind=measure.kind)
    found = only(pair, name, groups)
    expected = [null.mean, null.sd, null.p_value(found.value)]
    assert_allclose([found.null_mean, found.null_sd, found.null_p_value], expected, rtol=1e-8)


@pytest.mark.parametrize("name", ["procrustes", "cka_rbf"])
def test_intervals_without_a_shortcut_come_from_blocks_of_rows(pair, name):
    x, y = pair
    measure = MEASURES[name]
    found = only(pair, name)
    expected = block_jackknife(
        lambda rows: measure.compute(x[rows], y[rows]), 48, n_blocks=8, seed=3
    )
    assert_allclose([found.ci_low, found.ci_high], expected.interval(bounds=measure.range))


@pytest.mark.parametrize("name", ["cca_mean", "linear_predictivity"])
def test_no_blocks_are_left_out_where_influences_are_known(pair, name, monkeypatch):
    monkeypatch.setattr(inference, "without_parts", None)
    assert only(pair, name).value > 0


@pytest.mark.parametrize(
    ("name", "compute"), [("mutual_knn", mutual_knn), ("knn_jaccard", knn_jaccard)]
)
def test_of_half_the_rows_half_as_many_neighbours_are_asked(pair, name, compute):
    x, y = pair
    found = only(pair, name)
    assert found.value == compute(x, y, n_neighbours=10)

    def value(rows):
        return compute(x[rows], y[rows], n_neighbours=10 if len(rows) == 48 else 5)

    expected = half_samples(value, 48, n_blocks=8, seed=3)
    assert_allclose([found.ci_low, found.ci_high], expected.interval(bounds=(0, 1)))


def test_debiased_cka_takes_images_as_units(pair):
    groups = torch.arange(48) // 3
    found = only(pair, "cka_linear_debiased", groups)
    layers = [grouped_layer(a, "x", groups) for a in pair]
    assert_allclose(found.value, cka_over_units(*layers), rtol=1e-12)
    assert (found.ci_low or 1) < found.value < (found.ci_high or 0)
    assert abs(found.null_mean or 1) < 0.1


def test_by_default_only_what_has_a_closed_form_is_computed(pair):
    default = Inference()
    cca = only(pair, "cca_mean", how=default)
    assert (cca.null_mean, cca.ci_low) == (None, None)
    cka = only(pair, "cka_linear_debiased", how=default)
    assert cka.null_mean == 0
    assert cka.ci_low is not None


def test_a_measure_blind_to_pairing_has_no_null(pair):
    assert only(pair, "mean_representation").null_mean is None


def test_a_network_like_its_start_has_no_width(pair):
    found = only((pair[0], pair[0]), "cka_linear_debiased")
    assert_allclose([found.value, found.ci_low, found.ci_high], 1, rtol=1e-12)


def test_what_is_undefined_is_left_out_and_named(pair):
    x, y = pair
    wide = torch.randn(48, 60, dtype=torch.float64)
    found, undefined = defined_comparisons(
        {"a": x, "b": torch.ones(48, 5), "c": wide},
        {"a": y, "b": y, "c": wide},
        measures=["cka_linear", "cca_mean"],
    )
    assert [(c.measure, c.layer) for c in found] == [
        ("cka_linear", "a"),
        ("cka_linear", "c"),
        ("cca_mean", "a"),
    ]
    assert len(undefined) == 3
    assert undefined[0] == "layer b is constant: all 48 rows are the same"
    assert undefined[1].startswith("cca_mean: layer c has 48 rows and 60 features")
