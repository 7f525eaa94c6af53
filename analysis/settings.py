"""What a user may choose for `repdrift analysis run`."""

from dataclasses import dataclass

from analysis.drift.membership import Divergence, Reference
from analysis.grids import DEFAULT_GRID
from analysis.regression.grid import Grid


@dataclass(frozen=True)
class Settings:
    """Choices of an analysis run; each analysis records those that it depends on.

    Attributes
    ----------
    level : float
        Coverage of all intervals.
    eta, epsilon : float
        Thresholds of the similarity space: M >= 1 - eta, A <= epsilon.
    reference_policy : {"best", "linear", "scratch"}
        What A is measured from.
    divergence : {"absolute", "shortfall"}
        Whether runs that are better than the reference count as divergent.
    margin : float
        Difference of scores below which networks count as equivalent.
    correlation_margin : float
        Correlations within plus or minus it count as none.
    slope_margin : float
        Slopes within plus or minus it count as none: change of an outcome per unit of similarity.
    n_bins : int
        Bins of the binned fit.
    power, effect : float
        Probability with which a comparison should find a difference of scores of ``effect``.
    projection_level : float
        Coverage of the predictions for a new dataset.
    grid : Grid
        Choices of the multiverse.
    seed : int
        Seed of every bootstrap and permutation.
    n_shuffles : int
        Shuffles of the outcome beside a binned fit; no p-value is below ``1 / (n_shuffles + 1)``.
    n_permutations : int
        Permutations of the outcome behind the slopes of datasets and layers; no p-value is below
        ``1 / (n_permutations + 1)``.
    n_posterior_draws, n_comparison_resamples : int
        Draws of the Bayesian signed rank; resamples of runs behind a probability of improvement.
    n_ranking_resamples : int
        Resamples behind the intervals of interquartile means.
    n_resamples : int
        Draws of an agreement on other images; resamples of the queries behind forgetting; draws
        behind the band of a trajectory.
    """

    level: float = 0.95
    eta: float = 0.5
    epsilon: float = 0.05
    reference_policy: Reference = "best"
    divergence: Divergence = "absolute"
    margin: float = 0.01
    correlation_margin: float = 0.3
    slope_margin: float = 0.05
    n_bins: int = 10
    power: float = 0.8
    effect: float = 0.01
    projection_level: float = 0.8
    grid: Grid = DEFAULT_GRID
    seed: int = 0
    n_shuffles: int = 99
    n_permutations: int = 1999
    n_posterior_draws: int = 2000
    n_comparison_resamples: int = 1000
    n_ranking_resamples: int = 2000
    n_resamples: int = 1999
