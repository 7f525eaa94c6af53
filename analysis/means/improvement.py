"""Probability that a run of one network beats a run of another, over datasets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from analysis.means.bootknife import bootknife_draws, t_interval
from analysis.means.drawn_runs import DrawnRuns, common_uncertainty
from analysis.regression.least_squares import Floats


@dataclass(frozen=True)
class Improvement:
    """Probability of improvement.

    Attributes
    ----------
    estimate : float
        Share of duels won by the second network (ties count half), averaged over datasets.
    low, high : float or None
        Interval, were folds or seeds drawn anew.
    uncertainty : str or None
        ``fold`` or ``seed``; None where there is no interval.
    """

    estimate: float
    low: float | None = None
    high: float | None = None
    uncertainty: str | None = None


@dataclass(frozen=True)
class Redrawn:
    """Runs with how often each resample takes each unit; no ``counts`` of a single unit."""

    runs: DrawnRuns
    counts: Floats | None

    @classmethod
    def of(cls, runs: DrawnRuns, *, n_resamples: int, rng: np.random.Generator) -> "Redrawn":
        """Resample the units of a network on a dataset, once for all its duels."""
        n = runs.n_units
        if n < 2:
            return cls(runs, None)
        drawn = bootknife_draws(n, n_resamples=n_resamples, rng=rng)
        drawn += (np.arange(n_resamples) * n)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=n_resamples * n)
        return cls(runs, counts.reshape(n_resamples, n).astype(np.float64))


def improvement(
    first: Mapping[str, Redrawn], second: Mapping[str, Redrawn], *, level: float
) -> Improvement:
    """Probability that a run of the second network beats one of the first.

    Parameters
    ----------
    first, second : mapping of str to Redrawn
        Runs on each dataset; datasets of both count.
    level : float
        Coverage of the interval.

    Returns
    -------
    Improvement
        Without an interval where a network has a single fold or seed on a dataset, where folds and
        seeds would mix, and where one network wins all duels of each dataset.

    Notes
    -----
    Stratified bootknife over folds or seeds. The variance that each dataset brings is that of
    correlated folds (`DrawnRuns.spread`); t with the degrees of freedom of Satterthwaite. The
    networks are resampled by themselves: folds that are hard for both make the interval wider
    than it need be.

    References
    ----------
    .. [1] Agarwal et al. (2021), "Deep RL at the edge of the statistical precipice", NeurIPS.
    """
    pairs = [(first[name], second[name]) for name in first if name in second]
    duels = [_duels(a.runs, b.runs) for a, b in pairs]
    estimate = float(np.mean([won.sum() / fought.sum() for won, fought in duels]))
    kind = common_uncertainty([one.runs for pair in pairs for one in pair])
    if kind is None or not 0 < estimate < 1:
        return Improvement(estimate)
    variances = np.array([_variance(*pair, *duel) for pair, duel in zip(pairs, duels, strict=True)])
    if not variances.any():
        return Improvement(estimate)
    df = np.array([_df(a.runs, b.runs) for a, b in pairs])
    std_error = float(np.sqrt(variances.sum())) / len(pairs)
    low, high = t_interval(estimate, variances, df, std_error=std_error, level=level)
    return Improvement(estimate, max(low, 0.0), min(high, 1.0), kind)


def _duels(first: DrawnRuns, second: DrawnRuns) -> tuple[Floats, Floats]:
    """Duels that units of the second win against units of the first, and how many they fight."""
    a, b = first.values[None, :, None, :], second.values[:, None, :, None]
    won = (b > a) + 0.5 * (b == a)  # NaN, a seed that is not there, neither wins nor ties
    n_first, n_second = ((~np.isnan(one.values)).sum(axis=1) for one in (first, second))
    return won.sum(axis=(2, 3)), np.outer(n_second, n_first).astype(np.float64)


def _df(first: DrawnRuns, second: DrawnRuns) -> float:
    """Degrees of freedom of a dataset: the networks have the same folds, but seeds of their own."""
    n = (first.n_units, second.n_units)
    return min(n) - 1.0 if first.uncertainty == "fold" else sum(n) - 2.0


def _variance(first: Redrawn, second: Redrawn, won: Floats, fought: Floats) -> float:
    """Variance of the share of won duels on a dataset, were both networks' units drawn anew."""
    if first.counts is None or second.counts is None:
        raise ValueError("a single unit cannot be drawn anew")
    shares = [((second.counts @ duels) * first.counts).sum(axis=1) for duels in (won, fought)]
    spread = max(first.runs.spread, second.runs.spread)
    return float(spread**2 * (shares[0] / shares[1]).var())


def redrawn(
    runs: Mapping[tuple[Any, ...], DrawnRuns], *, n_resamples: int, seed: int
) -> dict[tuple[Any, ...], dict[str, Redrawn]]:
    """Resample every cell once: from ``(..., network, dataset)`` to the datasets of a network."""
    rng = np.random.default_rng(seed)
    found: dict[tuple[Any, ...], dict[str, Redrawn]] = {}
    for (*network, dataset), one in runs.items():
        drawn = Redrawn.of(one, n_resamples=n_resamples, rng=rng)
        found.setdefault(tuple(network), {})[str(dataset)] = drawn
    return found
