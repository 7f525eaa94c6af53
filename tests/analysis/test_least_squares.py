"""Fits of many groups at once equal fits one by one, to the digits that NIST certifies."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from analysis.regression.clustered import classical
from analysis.regression.least_squares import fit_groups

# NIST StRD, linear regression, Norris: 36 readings of an ozone monitor (y) and its calibrator (x).
NORRIS_Y = """0.1 338.8 118.1 888.0 9.2 228.1 668.5 998.5 449.1 778.9 559.2 0.3 0.1 778.1 668.8
339.3 448.9 10.8 557.7 228.3 998.0 888.8 119.6 0.3 0.6 557.6 339.3 888.0 998.5 778.9 10.2 117.6
228.9 668.4 449.2 0.2"""
NORRIS_X = """0.2 337.4 118.2 884.6 10.1 226.5 666.3 996.3 448.6 777.0 558.2 0.4 0.6 775.5 666.9
338.0 447.5 11.6 556.0 228.1 995.8 887.6 120.2 0.3 0.3 556.8 339.1 887.2 999.0 779.0 11.1 118.3
229.2 669.1 448.9 0.5"""


def numbers(text):
    return np.array(text.split(), dtype=np.float64)


def with_intercept(*columns):
    return np.column_stack([np.ones(len(columns[0])), *columns])


def test_norris_comes_out_as_nist_certifies_it():
    x, y = numbers(NORRIS_X), numbers(NORRIS_Y)
    fits = fit_groups(with_intercept(x), y, np.array([36]))
    std_errors = np.sqrt(np.diagonal(classical(fits)[0]))
    r_squared = 1 - fits.residual_sum_of_squares[0] / np.sum((y - y.mean()) ** 2)
    assert_allclose(fits.coefficients[0], [-0.262323073774029, 1.00211681802045], rtol=1e-12)
    assert_allclose(std_errors, [0.232818234301152, 0.429796848199937e-03], rtol=1e-12)
    assert_allclose(r_squared, 0.999993745883712, rtol=1e-14)
    assert_allclose(fits.residual_sum_of_squares[0] / 34, 0.884796396144373**2, rtol=1e-12)


@pytest.mark.parametrize(("degree", "certified_rtol"), [(2, 1e-11), (5, 1e-7)])
def test_polynomials_with_all_coefficients_one_are_recovered(degree, certified_rtol):
    # NIST StRD Wampler1 is the fifth degree on x = 0..20, condition number about 1e7.
    x = np.arange(21.0)
    powers = [x**power for power in range(1, degree + 1)]
    outcome = 1.0 + np.sum(powers, axis=0)
    fits = fit_groups(with_intercept(*powers), outcome, np.array([21]))
    assert_allclose(fits.coefficients[0], np.ones(degree + 1), rtol=certified_rtol)


def test_groups_of_different_sizes_fit_as_they_would_alone(rng):
    sizes = np.array([3, 40, 7, 11])
    design = with_intercept(*rng.normal(size=(2, sizes.sum())))
    outcome = rng.normal(size=sizes.sum())
    fits = fit_groups(design, outcome, sizes)
    ends = np.cumsum(sizes)
    for group, (start, end) in enumerate(zip(ends - sizes, ends, strict=True)):
        alone, *_ = np.linalg.lstsq(design[start:end], outcome[start:end])
        assert_allclose(fits.coefficients[group], alone, rtol=1e-10)
        assert_allclose(
            fits.residuals[start:end], outcome[start:end] - design[start:end] @ alone, atol=1e-12
        )


def test_basis_is_orthonormal_within_each_group(rng):
    design = with_intercept(1e6 + rng.normal(size=60), rng.normal(size=60))
    fits = fit_groups(design, rng.normal(size=60), np.array([30, 30]))
    for start in (0, 30):
        basis = fits.basis[start : start + 30]
        assert_allclose(basis.T @ basis, np.eye(3), atol=1e-14)


def test_dependent_columns_have_no_coefficients_and_leave_other_groups_alone(rng):
    x = np.concatenate([np.full(5, 0.7), rng.normal(size=5)])
    fits = fit_groups(with_intercept(x), rng.normal(size=10), np.array([5, 5]))
    assert fits.has_full_rank.tolist() == [False, True]
    assert np.isnan(fits.coefficients[0]).all()
    assert np.isfinite(fits.coefficients[1]).all()


def test_fewer_rows_than_coefficients_have_no_full_rank():
    fits = fit_groups(np.array([[1.0, 2.0]]), np.array([3.0]), np.array([1]))
    assert not fits.has_full_rank[0]


@pytest.mark.parametrize(
    ("outcome", "sizes", "message"),
    [
        ([1.0, 2.0], [3], "design has 3 rows, outcome shape"),
        ([1.0, 2.0, 3.0], [3, 0], "groups 3 rows"),
        ([1.0, np.nan, 3.0], [3], "must be finite"),
    ],
)
def test_refuses(outcome, sizes, message):
    with pytest.raises(ValueError, match=message):
        fit_groups(with_intercept(np.arange(3.0)), np.array(outcome), np.array(sizes))
