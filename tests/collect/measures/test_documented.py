"""Every measure says in its docstring what it is, on what, in what unit, at what cost, from where.

And every one is held by tests to at least two independent oracles.
"""

import importlib
import pkgutil

import pytest

import collect.measures
from collect.measures.registry import OWN_MEASURES

IN_PARAMETER_SPACE = ("relative_l2", "update_cosine")
STATED = (
    ".. math::",
    "    Parameters\n",
    " of shape (",
    "    Returns\n",
    "    Raises\n",
    "Costs ",
    "    Examples\n",
)
UNITS = ("Unitless", "in radians")

# The tests that hold a measure to a slow definition, a closed form or another library: each has
# one oracle, or as many as are in brackets.
ORACLES = {
    "cka_linear": {
        "test_cka.test_biased_is_the_definition": 1,
        "test_cka.test_nested_orthonormal_features_have_a_closed_form": 1,
    },
    "cka_linear_debiased": {
        "test_cka.test_debiased_is_the_correlation_of_u_centred_gram_matrices": 1,
        "test_cka.test_debiased_is_the_mean_over_quadruples": 1,
    },
    "cka_minibatch": {
        "test_minibatch.test_is_the_ratio_of_weighted_means": 1,
        "test_minibatch.test_one_batch_is_debiased_cka": 1,
    },
    "cka_rbf": {"test_kernel.test_is_the_definition": 2},
    "angular_cka": {
        "test_shape.test_angle_is_that_of_the_flattened_gram_matrices": 1,
        "test_shape.test_nested_orthonormal_features_have_closed_forms": 1,
    },
    "procrustes": {
        "test_shape.test_procrustes_is_the_residual_of_the_best_rotation": 1,
        "test_shape.test_procrustes_agrees_with_the_disparity_of_scipy": 1,
    },
    "cca_mean": {
        "test_cca.test_is_the_mean_of_the_textbook_correlations": 1,
        "test_cca.test_a_shared_subspace_counts_its_share": 1,
    },
    "cca_mean_juodelyte": {
        "test_cca_sampling.test_what_fits_is_mean_cca": 1,
        "test_cca_sampling.test_is_the_mean_over_draws_of_the_same_channels": 1,
    },
    "cca_yanai": {
        "test_cca.test_yanai_is_the_definition": 2,
        "test_cca.test_yanai_of_a_shared_subspace_counts_its_share": 1,
    },
    "cca_mean_juodelyte_images": {
        "test_cca_sampling.test_over_images_what_fits_is_mean_cca": 1,
        "test_cca_sampling.test_over_images_is_the_mean_over_draws_of_rows_of_every_image": 1,
    },
    "svcca": {
        "test_svcca.test_svcca_is_cca_of_the_components_that_hold_the_variance": 1,
        "test_svcca.test_svcca_with_all_variance_is_mean_cca": 1,
    },
    "pwcca": {
        "test_svcca.test_pwcca_is_the_definition": 1,
        "test_svcca.test_pwcca_weighs_what_the_variates_stand_for": 1,
    },
    "rsa": {"test_rsa.test_rsa_is_the_definition": 2},
    "mutual_knn": {"test_neighbourhood.test_shared_neighbours_are_counted": 2},
    "knn_jaccard": {"test_neighbourhood.test_jaccard_similarities_are_averaged": 2},
    "linear_predictivity": {
        "test_prediction.test_predictivity_is_the_share_of_variance_explained": 2
    },
    "mean_representation": {
        "test_mean_rows.test_means_are_compared_by_their_cosine": 1,
        "test_mean_rows.test_means_at_right_angles_have_cosine_zero": 1,
    },
    "relative_l2": {
        "test_parameters.test_values_are_hand_computed": 1,
        "test_parameters.test_pythagoras_ties_both_measures_to_the_lengths": 1,
    },
    "update_cosine": {
        "test_parameters.test_values_are_hand_computed": 1,
        "test_parameters.test_pythagoras_ties_both_measures_to_the_lengths": 1,
    },
}
NAMES = (*OWN_MEASURES, *IN_PARAMETER_SPACE)


def docstring(name):
    """Of the public function of that name."""
    for found in pkgutil.iter_modules(collect.measures.__path__):
        module = importlib.import_module(f"collect.measures.{found.name}")
        function = getattr(module, name, None)
        if getattr(function, "__module__", None) == module.__name__:
            return function.__doc__
    raise LookupError(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_measure_states_what_a_reader_needs(name):
    text = docstring(name)
    assert [part for part in STATED if part not in text] == []
    assert any(unit in text for unit in UNITS)
    if name not in IN_PARAMETER_SPACE:  # those two are lengths and angles, of no one's making
        assert "    References\n" in text


@pytest.mark.parametrize("name", NAMES)
def test_a_measure_has_two_oracles(name):
    assert sum(ORACLES[name].values()) >= 2
    for test in ORACLES[name]:
        module, _, function = test.partition(".")
        assert hasattr(importlib.import_module(f"tests.collect.measures.{module}"), function), test


@pytest.mark.parametrize("name", NAMES)
def test_oracles_said_to_be_two_are_parameters_of_one_test(name):
    for test, number in ORACLES[name].items():
        module, _, function = test.partition(".")
        found = getattr(importlib.import_module(f"tests.collect.measures.{module}"), function)
        marks = [mark.args for mark in getattr(found, "pytestmark", []) if mark.args[:1]]
        oracles = next((values for names, values in marks if names == "oracle"), [None])
        assert len(oracles) == number, test
