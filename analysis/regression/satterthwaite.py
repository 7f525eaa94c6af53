"""Degrees of freedom of coefficients whose variance rests on estimated variances."""

from collections.abc import Callable

import numpy as np

from analysis.regression.least_squares import Floats

_STEP = 1e-3


def satterthwaite(
    variances: Callable[[Floats], Floats], deviance: Callable[[Floats], float], at: Floats
) -> Floats:
    """Degrees of freedom of t distributions, by the delta method.

    Parameters
    ----------
    variances : callable
        From the logarithms of the model's variances to the variances of its coefficients, shape
        (n,).
    deviance : callable
        From the same logarithms to twice the negative log-likelihood.
    at : float array of shape (n_variances,)
        Where the deviance is lowest, inside its domain.

    Returns
    -------
    float array of shape (n,)
        ``2 v^2 / var(v)`` for each variance ``v``; derivatives are numerical.

    References
    ----------
    .. [1] Kuznetsova et al. (2017), J. Stat. Software 82, https://doi.org/10.18637/jss.v082.i13
    """
    gradients, hessian = _gradients(variances, at), _hessian(deviance, at)
    spread = (gradients * np.linalg.solve(hessian / 2, gradients)).sum(axis=0)
    return np.asarray(2 * variances(at) ** 2 / spread, dtype=np.float64)


def _gradients(function: Callable[[Floats], Floats], at: Floats) -> Floats:
    """Gradients of several functions, one column each."""
    steps = _STEP * np.eye(len(at))
    return np.array([(function(at + step) - function(at - step)) / (2 * _STEP) for step in steps])


def _hessian(function: Callable[[Floats], float], at: Floats) -> Floats:
    steps = _STEP * np.eye(len(at))
    return np.array(
        [
            [
                function(at + a + b)
                - function(at + a - b)
                - function(at - a + b)
                + function(at - a - b)
                for b in steps
            ]
            for a in steps
        ]
    ) / (4 * _STEP**2)
