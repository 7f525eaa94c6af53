"""What `repdrift analysis run` computes: the view that goes in, the table that comes out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.resources import files

import polars as pl

from analysis.settings import Settings
from analysis.steps import (
    agreement,
    calibration,
    comparisons,
    forgetting,
    logged_agreement,
    multiverse,
    planning,
    projection,
    similarity_differences,
    similarity_space,
    slopes,
    trajectories,
    uncertainty,
)

Compute = Callable[[pl.DataFrame, Settings], pl.DataFrame]


@dataclass(frozen=True)
class Analysis:
    """One entry of the list.

    Attributes
    ----------
    name : str
        Name in ``results.analyses``.
    view : str
        View that is read.
    table : str
        Table of ``results`` that the rows go to.
    compute : callable
        From the rows of the view and the settings to the rows of the table.
    parameters : tuple of str
        Settings that the result depends on.
    where : mapping of str to str or tuple of str
        Columns of the view, and the value or one of the values that each must have.
    sql_file : str
        File in ``analysis/queries`` that is read instead of the view.
    """

    name: str
    view: str
    table: str
    compute: Compute
    parameters: tuple[str, ...]
    where: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    sql_file: str = ""

    @property
    def query(self) -> str:
        """SQL that shows the rows that went in; it runs by hand."""
        if self.sql_file:
            return (files("analysis") / "queries" / self.sql_file).read_text(encoding="utf-8")
        conditions = [
            f"{column} = '{value}'" if isinstance(value, str) else f"{column} in {value}"
            for column, value in self.where.items()
        ]
        return f"from {self.view}" + (f" where {' and '.join(conditions)}" if conditions else "")


SCORES, GAINS = "marts.final_scores", "marts.gains"
SCORE_INTERVALS = "marts.score_intervals"
POINTS, SIMILARITIES = "marts.similarity_by_outcome", "marts.final_similarities"
ANALYSES = (
    Analysis("intervals", SCORES, "intervals", comparisons.interval_rows, ("level",)),
    Analysis("gains", GAINS, "intervals", comparisons.gain_rows, ("level",)),
    Analysis("test samples", SCORE_INTERVALS, "intervals", uncertainty.score_rows, ("level",)),
    Analysis(
        "similarity intervals",
        SIMILARITIES,
        "similarity_intervals",
        uncertainty.similarity_rows,
        ("level",),
    ),
    Analysis(
        "forgetting",
        "predictions",
        "forgetting",
        forgetting.forgetting_rows,
        ("level", "seed", "n_resamples"),
        sql_file="source_votes.sql",
    ),
    Analysis(
        "reliability",
        "predictions",
        "reliability",
        calibration.reliability_rows,
        ("level",),
        sql_file="confidences.sql",
    ),
    Analysis(
        "comparisons",
        SCORES,
        "comparisons",
        comparisons.comparison_rows,
        ("level", "margin", "seed", "n_posterior_draws", "n_comparison_resamples"),
    ),
    Analysis(
        "similarity differences",
        SIMILARITIES,
        "similarity_differences",
        similarity_differences.similarity_difference_rows,
        ("level", "margin"),
        where={"reference": "pretrained"},
    ),
    Analysis(
        "rankings",
        SCORES,
        "rankings",
        comparisons.ranking_rows,
        ("level", "seed", "n_ranking_resamples"),
    ),
    Analysis("regressions", POINTS, "regressions", slopes.regression_rows, ("level",)),
    Analysis(
        "crossed regressions", POINTS, "regressions", slopes.crossed_rows_of_networks, ("level",)
    ),
    Analysis(
        "dataset slopes",
        POINTS,
        "dataset_slopes",
        slopes.dataset_slope_rows,
        ("seed", "n_permutations"),
    ),
    Analysis("other fits", POINTS, "regressions", slopes.other_fit_rows, ("level",)),
    Analysis(
        "correlation equivalences",
        POINTS,
        "correlation_equivalences",
        slopes.correlation_rows,
        ("level", "correlation_margin"),
    ),
    Analysis(
        "slope equivalences",
        POINTS,
        "slope_equivalences",
        slopes.slope_equivalence_rows,
        ("level", "slope_margin"),
    ),
    Analysis("sign alarms", POINTS, "sign_alarms", slopes.sign_alarm_rows, ()),
    Analysis("influences", POINTS, "influences", slopes.influence_rows, ()),
    Analysis(
        "binned fits", POINTS, "binned_fits", slopes.binned_rows, ("n_bins", "seed", "n_shuffles")
    ),
    Analysis(
        "slope differences",
        POINTS,
        "slope_differences",
        slopes.slope_difference_rows,
        ("level",),
    ),
    Analysis(
        "gain definitions", POINTS, "gain_definitions", slopes.gain_definition_rows, ("level",)
    ),
    Analysis(
        "memberships",
        POINTS,
        "memberships",
        similarity_space.membership_rows,
        ("level", "eta", "epsilon", "reference_policy", "divergence"),
    ),
    Analysis(
        "membership probabilities",
        POINTS,
        "membership_probabilities",
        similarity_space.probability_rows,
        ("level", "eta", "epsilon", "reference_policy", "divergence"),
    ),
    Analysis(
        "membership surfaces",
        POINTS,
        "membership_surfaces",
        similarity_space.surface_rows,
        ("level", "reference_policy", "divergence"),
    ),
    Analysis(
        "agreements",
        "predictions",
        "agreements",
        agreement.agreement_rows,
        ("level", "seed", "n_resamples"),
        sql_file="correct_predictions.sql",
    ),
    Analysis(
        "logged agreements",
        SIMILARITIES,
        "agreements",
        logged_agreement.logged_agreement_rows,
        ("level",),
        where={"layer": "prediction"},
    ),
    Analysis(
        "trajectories",
        "marts.trajectories",
        "trajectories",
        trajectories.trajectory_rows,
        ("level", "seed", "n_resamples"),
    ),
    Analysis(
        "trajectory shapes",
        "marts.trajectories",
        "trajectory_shapes",
        trajectories.shape_rows,
        ("level",),
    ),
    Analysis(
        "similarity distributions",
        SIMILARITIES,
        "similarity_distributions",
        trajectories.distribution_rows,
        (),
    ),
    Analysis("variance components", SCORES, "variance_components", planning.variance_rows, ()),
    Analysis(
        "detectable effects",
        SCORES,
        "detectable_effects",
        planning.detectable_rows,
        ("level", "power", "effect"),
    ),
    Analysis(
        "power curves",
        SCORES,
        "power_curves",
        planning.power_curve_rows,
        ("level", "power", "effect"),
    ),
    Analysis(
        "detectable slopes",
        POINTS,
        "detectable_slopes",
        planning.detectable_slope_rows,
        ("level", "power", "slope_margin"),
    ),
    Analysis(
        "projections", POINTS, "projections", projection.projection_rows, ("projection_level",)
    ),
    Analysis(
        "projections before",
        "marts.scores_before",
        "projections_before",
        projection.projection_before_rows,
        ("projection_level",),
        sql_file="outcomes_and_scores_before.sql",
    ),
    Analysis(
        "specifications",
        POINTS,
        "specifications",
        multiverse.specification_rows,
        ("level", "grid"),
    ),
    Analysis(
        "specification tests",
        POINTS,
        "specification_tests",
        multiverse.specification_test_rows,
        ("grid",),
    ),
)
