"""From points to rows of results: every specification of a grid, and one test of them together."""

import polars as pl

from analysis.dimensions import HIGHER_IS_BETTER, NETWORK
from analysis.regression.grid import Grid
from analysis.regression.multiverse import joint_test, specification_curve
from analysis.settings import Settings
from analysis.steps.slopes import with_pooled_adaptations
from analysis.testing.multiplicity import adjust

ANY_SCORE = "any score"
QUESTION = [*NETWORK, "token", "probe", "score"]


def specification_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Specification curve of every score's gain, per network."""
    rows = specification_curve(
        _questions(points, settings.grid), settings.grid, by=QUESTION, level=settings.level
    )
    return adjust(rows, family=[*QUESTION, "method"])


def specification_test_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Joint test of every specification curve; and of all scores together, as ``any score``.

    Together, the score that stands for success is one more choice.
    """
    questions = _questions(points, settings.grid)
    network = [name for name in QUESTION if name != "score"]
    several = questions.filter(pl.col("score").n_unique().over(network) > 1)
    together = joint_test(several, settings.grid, by=network, choices=["score"])
    alone = joint_test(questions, settings.grid, by=QUESTION)
    rows = pl.concat([alone, together.with_columns(score=pl.lit(ANY_SCORE))], how="diagonal")
    family = [name for name in QUESTION if name not in {"backbone", "pretraining"}]
    tests = ["p_median", "p_largest"]
    adjusted = adjust(rows, family=family, p_value=tests[0], others=tests)
    return adjusted.drop("p_adjusted", "p_false_discovery")


def _questions(points: pl.DataFrame, grid: Grid) -> pl.DataFrame:
    """Points of the grid; of scores those with one from scratch, unless it wants no gain."""
    scores = with_pooled_adaptations(points).filter(~pl.col("outcome").str.starts_with("gain_"))
    scores = scores.with_columns(score=pl.col("outcome").str.strip_prefix("score:"))
    if not grid.outcomes:
        scores = scores.filter(pl.col("score").is_in(HIGHER_IS_BETTER))
    chosen = grid.chosen(scores)
    return chosen if "none" in grid.gains else chosen.drop_nulls("scratch_value")
