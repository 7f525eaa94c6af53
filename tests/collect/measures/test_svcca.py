"""SVCCA and PWCCA: principal components of scikit-learn, the eigenproblem, closed forms."""

import mpmath
import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

from collect.measures.cca import cca_mean
from collect.measures.svcca import principal_layer, pwcca, svcca


@pytest.fixture
def pair(rng):
    x = rng.normal(size=(60, 8)) * [5, 4, 3, 2, 1, 0.1, 0.1, 0.1] + 2
    return x, x[:, :6] @ rng.normal(size=(6, 5)) + rng.normal(size=(60, 5))


def canonical_pairs(x, y):
    """Correlations and x-variates from the eigenproblem of Hotelling (1936), in 40 digits.

    In 64 bit the inverses of the covariances cost up to half of the digits.
    """
    with mpmath.workdps(40):
        x, y = (centred_in_digits(z) for z in (x, y))
        sxx, syy, sxy = x.T * x, y.T * y, x.T * y
        root = mpmath.cholesky(sxx) ** -1
        values, vectors = mpmath.eigsy(root * sxy * syy**-1 * sxy.T * root.T)
        variates = np.array((x * root.T * vectors).tolist(), dtype=float)
        best = np.argsort(-np.array(values.T.tolist()[0], dtype=float))[: min(x.cols, y.cols)]
        return np.array([float(mpmath.sqrt(values[int(i)])) for i in best]), variates[:, best]


def centred_in_digits(z):
    z = mpmath.matrix(z.tolist())
    means = [mpmath.fsum(z[:, j]) / z.rows for j in range(z.cols)]
    return mpmath.matrix([[z[i, j] - means[j] for j in range(z.cols)] for i in range(z.rows)])


def components(x, share):
    shares = PCA().fit(x).explained_variance_ratio_.cumsum()
    return PCA(int(np.argmax(shares >= share)) + 1).fit_transform(x)


@pytest.mark.parametrize("share", [0.6, 0.9, 0.99])
def test_svcca_is_cca_of_the_components_that_hold_the_variance(pair, share):
    x, y = (components(z, share) for z in pair)
    expected = canonical_pairs(x, y)[0].mean()
    value = svcca(*map(torch.from_numpy, pair), kept_variance=share)
    assert_allclose(value, expected, rtol=1e-12)
    assert_allclose(value, np.cos(subspace_angles(x, y)).mean(), rtol=1e-10)


def test_svcca_keeps_just_enough_components():
    # variances 81, 16, 3 (in %): 0.97 is reached by two, more than that takes three
    x = torch.zeros(6, 3, dtype=torch.float64)
    x[[0, 1], 0], x[[2, 3], 1], x[[4, 5], 2] = 9.0, 4.0, 3**0.5
    x[1::2] *= -1
    kept = [principal_layer(x, kept_variance=s).basis.shape[1] for s in (0.81, 0.97, 0.98, 1.0)]
    assert kept == [1, 2, 3, 3]


def test_svcca_with_all_variance_is_mean_cca(pair):
    x, y = map(torch.from_numpy, pair)
    assert_allclose(svcca(x, y, kept_variance=1.0), cca_mean(x, y), rtol=1e-10)


def test_svcca_refuses_when_correlations_are_given_by_counting(rng):
    x = torch.from_numpy(rng.normal(size=(20, 12)))
    with pytest.raises(ValueError, match="12 and 12 kept components of 20 rows"):
        svcca(x, x, kept_variance=1.0)
    with pytest.raises(ValueError, match="kept_variance = 0"):
        svcca(x, x, kept_variance=0)


def test_pwcca_is_the_definition(pair):
    x, y = pair
    correlations, variates = canonical_pairs(x, y)
    weights = np.abs(variates.T @ (x - x.mean(axis=0))).sum(axis=1)
    expected = (weights * correlations).sum() / weights.sum()
    assert_allclose(pwcca(torch.from_numpy(x), torch.from_numpy(y)), expected, rtol=1e-12)


def test_pwcca_of_one_feature_is_the_absolute_correlation(pair):
    x, y = pair[0][:, :1], pair[1][:, :1]
    expected = abs(np.corrcoef(x[:, 0], y[:, 0])[0, 1])
    assert_allclose(pwcca(torch.from_numpy(x), torch.from_numpy(y)), expected, rtol=1e-10)


def test_pwcca_weighs_what_the_variates_stand_for(rng):
    # two orthonormal directions: one shared, 9 times as large in x; the other not
    basis = rng.normal(size=(50, 3))
    basis, _ = np.linalg.qr(basis - basis.mean(axis=0))
    x, y = torch.from_numpy(basis[:, :2] * [9, 1]), torch.from_numpy(basis[:, [0, 2]])
    assert_allclose(pwcca(x, y), 0.9, rtol=1e-10)
