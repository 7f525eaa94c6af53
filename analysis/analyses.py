"""What `repdrift analysis run` computes: the view that goes in, the table that comes out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from analysis import comparing, placing, sloping
from analysis.settings import Settings

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
    where : mapping of str to str
        Columns of the view and the one value each must have.
    """

    name: str
    view: str
    table: str
    compute: Compute
    parameters: tuple[str, ...]
    where: Mapping[str, str] = field(default_factory=dict)

    @property
    def query(self) -> str:
        """SQL that shows the rows that went in; it runs by hand."""
        conditions = [f"{column} = '{value}'" for column, value in self.where.items()]
        return f"from {self.view}" + (f" where {' and '.join(conditions)}" if conditions else "")


SCORES, GAINS = "marts.final_scores", "marts.gains"
POINTS, SIMILARITIES = "marts.similarity_by_outcome", "marts.final_similarities"
ANALYSES = (
    Analysis("intervals", SCORES, "intervals", comparing.interval_rows, ("level",)),
    Analysis("gains", GAINS, "intervals", comparing.gain_rows, ("level",)),
    Analysis(
        "comparisons", SCORES, "comparisons", comparing.comparison_rows, ("level", "margin", "seed")
    ),
    Analysis("rankings", SCORES, "rankings", comparing.ranking_rows, ("level", "seed")),
    Analysis("regressions", POINTS, "regressions", sloping.regression_rows, ("level",)),
    Analysis("other fits", POINTS, "regressions", sloping.other_fit_rows, ("level",)),
    Analysis("sign alarms", POINTS, "sign_alarms", sloping.sign_alarm_rows, ()),
    Analysis("influences", POINTS, "influences", sloping.influence_rows, ()),
    Analysis("binned fits", POINTS, "binned_fits", sloping.binned_rows, ("n_bins", "seed")),
    Analysis(
        "slope differences",
        POINTS,
        "slope_differences",
        sloping.slope_difference_rows,
        ("level",),
    ),
    Analysis(
        "gain definitions", POINTS, "gain_definitions", sloping.gain_definition_rows, ("level",)
    ),
    Analysis(
        "memberships",
        POINTS,
        "memberships",
        placing.membership_rows,
        ("level", "eta", "epsilon", "reference_policy", "divergence"),
    ),
)
