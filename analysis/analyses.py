"""The analyses of `repdrift analysis run`: the view that goes in, the table that comes out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from analysis.intervals import mean_intervals
from analysis.membership import membership, references
from analysis.multiplicity import adjust
from analysis.regression import regress
from analysis.settings import Settings
from analysis.stacking import Model

NETWORK = ["origin", "backbone", "pretraining", "adaptation"]
CELL = ["origin", "dataset", *NETWORK[1:], "n_blocks", "pooling", "head"]
SCORE = ["split", "confidence_source", "token", "n_neighbours", "score"]
REPRESENTATION = ["layer", "token", "probe", "measure"]


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
    compute: Callable[[pl.DataFrame, Settings], pl.DataFrame]
    parameters: tuple[str, ...]
    where: Mapping[str, str] = field(default_factory=dict)

    @property
    def query(self) -> str:
        """SQL that shows the rows that went in; it runs by hand."""
        conditions = [f"{column} = '{value}'" for column, value in self.where.items()]
        return f"from {self.view}" + (f" where {' and '.join(conditions)}" if conditions else "")


def interval_rows(scores: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Mean of every score in every cell, from ``marts.final_scores``."""
    return mean_intervals(scores, by=[*CELL, *SCORE], level=settings.level)


def gain_rows(gains: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Mean gain over scratch in every cell, from ``marts.gains``.

    Gains are taken within a fold and a seed before they are averaged, so the interval is a paired
    one.
    """
    kinds = ["gain_difference", "gain_ratio"]
    index = [name for name in gains.columns if name not in {*kinds, "value"}]
    long = gains.unpivot(kinds, index=index, variable_name="kind", value_name="gain").with_columns(
        score=pl.format("{}:{}", "kind", "score"),
        split=pl.lit("test"),
        confidence_source=pl.lit("head"),
        token=pl.col("pooling"),
        n_neighbours=pl.lit(0),
    )
    return mean_intervals(long, by=[*CELL, *SCORE], value="gain", level=settings.level)


def regression_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Every outcome on similarity per network and layer, from ``marts.similarity_by_outcome``.

    Slopes form a family with those of the other networks and layers that share everything else.
    """
    by = [*NETWORK, *REPRESENTATION, "outcome"]
    rows = regress(with_pooled_adaptations(points), Model(), by=by, level=settings.level)
    is_slope = pl.col("term") == "similarity"
    family = ["origin", "adaptation", "token", "probe", "measure", "outcome", "method"]
    slopes = adjust(rows.filter(is_slope), family=family)
    return pl.concat([slopes, rows.filter(~is_slope)], how="diagonal")


def with_pooled_adaptations(points: pl.DataFrame) -> pl.DataFrame:
    """Points of fine-tuned networks, and again with their adaptations taken together.

    A network that was fine-tuned in one way only has no pooled rows.
    """
    tuned = points.filter(pl.col("adaptation") != "none")
    several = pl.col("adaptation").n_unique().over("origin", "backbone", "pretraining") > 1
    pooled = tuned.filter(several).with_columns(adaptation=pl.lit("pooled"))
    return pl.concat([tuned, pooled])


def membership_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Members of the similarity space per cell, layer and score, from the same view.

    Runs from scratch have no pre-trained network to stay close to, and are left out as candidates.
    """
    scores = points.filter(pl.col("outcome").str.starts_with("score:")).with_columns(
        score=pl.col("outcome").str.strip_prefix("score:")
    )
    scores = scores.filter(pl.col("score").is_in(HIGHER_IS_BETTER))
    compared = ["origin", "dataset", "backbone", "score", *REPRESENTATION]
    reference = references(scores, by=compared, policy=settings.reference_policy)
    keys = [column for column in reference.columns if column != "reference_score"]
    rows = membership(
        scores.filter(~pl.col("adaptation").is_in(["none", "scratch"])).join(reference, on=keys),
        by=["origin", "dataset", *NETWORK[1:], *REPRESENTATION, "score"],
        eta=settings.eta,
        epsilon=settings.epsilon,
        divergence=settings.divergence,
        level=settings.level,
    )
    return rows.with_columns(reference_policy=pl.lit(settings.reference_policy))


HIGHER_IS_BETTER = [
    "accuracy",
    "balanced_accuracy",
    "auc",
    "auc_ovr_macro",
    "map_macro",
    "kappa_quadratic",
    "recall_macro",
    "f1_macro",
]
ANALYSES = (
    Analysis("intervals", "marts.final_scores", "intervals", interval_rows, ("level",)),
    Analysis("gains", "marts.gains", "intervals", gain_rows, ("level",)),
    Analysis(
        "regressions", "marts.similarity_by_outcome", "regressions", regression_rows, ("level",)
    ),
    Analysis(
        "memberships",
        "marts.similarity_by_outcome",
        "memberships",
        membership_rows,
        ("level", "eta", "epsilon", "reference_policy", "divergence"),
    ),
)
