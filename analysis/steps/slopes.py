"""From points of similarity and outcome to rows of results: everything about slopes."""

import polars as pl

from analysis.dimensions import NETWORK, READ, REPRESENTATION, RUNS, TREATMENT
from analysis.regression.binned import Binning, binned_fits
from analysis.regression.correlations import correlation_equivalences
from analysis.regression.crossed import MIN_NETWORKS, crossed_rows
from analysis.regression.dataset_slopes import dataset_slopes
from analysis.regression.decomposition import sign_alarms, within_and_between
from analysis.regression.equal_slopes import equal_slope_rows
from analysis.regression.fits import regress
from analysis.regression.gain_definitions import DEFINITIONS, gain_definitions
from analysis.regression.influence import leave_one_dataset_out
from analysis.regression.max_t import max_t_p_values
from analysis.regression.robust import robust_rows
from analysis.regression.size_alarm import with_size_alarm
from analysis.regression.slope_differences import slope_differences
from analysis.regression.slope_equivalences import slope_equivalences
from analysis.regression.stacking import Model
from analysis.regression.two_way import two_way_rows
from analysis.settings import Settings
from analysis.testing.multiplicity import adjust

BY = [*NETWORK, *REPRESENTATION, "outcome"]
FAMILY = [*RUNS, "adaptation", *READ, "token", "probe", "measure", "outcome"]


def regression_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Every outcome on similarity per network and layer, from ``marts.similarity_by_outcome``.

    Slopes form a family with those of the other networks, depths, variants and layers that share
    everything else.
    """
    pooled = with_pooled_adaptations(points)
    rows = regress(pooled, Model(), by=BY, level=settings.level)
    is_slope = pl.col("term") == "similarity"
    slopes = adjust(rows.filter(is_slope), family=[*FAMILY, "method"])
    joint = max_t_p_values(pooled, Model(), by=BY, family=FAMILY)
    joint = joint.select(*BY, "p_max_t", method=pl.lit("wild_cluster"))
    slopes = slopes.join(joint, on=[*BY, "method"], how="left", nulls_equal=True)
    every = pl.concat([slopes, rows.filter(~is_slope)], how="diagonal")
    return with_size_alarm(every, pooled, by=BY)


def crossed_rows_of_networks(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Slopes of three or more networks of a backbone together, by dataset and by network."""
    pooled = with_pooled_adaptations(points)
    by = [name for name in BY if name != "pretraining"]
    several = pooled.filter(pl.col("pretraining").n_unique().over(by) >= MIN_NETWORKS)
    rows = pl.concat(
        fitted(several, Model(), by=by, level=settings.level)
        for fitted in (crossed_rows, two_way_rows)
    )
    slopes = with_size_alarm(rows.filter(pl.col("term") == "similarity"), several, by=by)
    slopes = slopes.with_columns(pretraining=pl.lit("pooled"))
    return adjust(slopes, family=[*FAMILY, "method"])


def dataset_slope_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Slopes within every dataset and layer; all of a network and outcome form a family."""
    tuned = points.filter(pl.col("adaptation") != "none")
    family = [name for name in BY if name != "layer"]
    return dataset_slopes(
        tuned, by=family, n_permutations=settings.n_permutations, seed=settings.seed
    )


def other_fit_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Within and between datasets, robust and by rank: from the same points, the same families."""
    pooled = with_pooled_adaptations(points)
    rows = pl.concat(
        [
            within_and_between(pooled, Model(), by=BY, level=settings.level),
            robust_rows(pooled, Model(), by=BY, level=settings.level),
        ]
    )
    return adjust(with_size_alarm(rows, pooled, by=BY), family=[*FAMILY, "method"])


def sign_alarm_rows(points: pl.DataFrame, _settings: Settings) -> pl.DataFrame:
    """Where slopes within and between datasets disagree, and those of datasets with each other."""
    pooled = with_pooled_adaptations(points)
    rows = [
        within_and_between(pooled, Model(), by=BY),
        regress(pooled, Model(), by=BY, methods=["ols"]),
    ]
    alarms = sign_alarms(pl.concat(rows), by=BY)
    slopes = equal_slope_rows(pooled, Model(), by=BY)
    return alarms.join(slopes, on=BY, how="left", nulls_equal=True, maintain_order="left")


def influence_rows(points: pl.DataFrame, _settings: Settings) -> pl.DataFrame:
    """Slopes without each dataset; where there is more than one."""
    rows = leave_one_dataset_out(with_pooled_adaptations(points), Model(), by=BY)
    return rows.filter(pl.len().over(BY) > 1)


def correlation_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Whether correlations are shown to be small."""
    rows = correlation_equivalences(
        with_pooled_adaptations(points),
        Model(),
        by=BY,
        margin=settings.correlation_margin,
        level=settings.level,
    )
    return adjust(rows, family=[*FAMILY, "method"])


def slope_equivalence_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Whether slopes are shown to be small."""
    rows = slope_equivalences(
        with_pooled_adaptations(points),
        Model(),
        by=BY,
        margin=settings.slope_margin,
        level=settings.level,
    )
    return adjust(rows, family=[*FAMILY, "method"])


def binned_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Binned fits of Zu et al. beside the fits on runs."""
    binning = Binning(
        n_bins=settings.n_bins, n_permutations=settings.n_shuffles, seed=settings.seed
    )
    rows = binned_fits(with_pooled_adaptations(points), Model(), binning, by=BY)
    return adjust(rows, family=FAMILY)


def slope_difference_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Differences of slopes between networks that differ in their pretraining."""
    by = [name for name in BY if name != "pretraining"]
    rows = slope_differences(with_pooled_adaptations(points), Model(), by=by, level=settings.level)
    return adjust(rows.drop("term", "r_squared"), family=[*FAMILY, "method"])


def gain_definition_rows(points: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Slopes of a score's gain under three definitions of gain."""
    scores = with_pooled_adaptations(points).filter(
        pl.col("outcome").str.starts_with("score:"), pl.col("scratch_value").is_not_null()
    )
    scores = scores.with_columns(score=pl.col("outcome").str.strip_prefix("score:"))
    rows = gain_definitions(scores, by=[*NETWORK, *REPRESENTATION, "score"], level=settings.level)
    tests = [f"p_{definition}" for definition in (*DEFINITIONS, "denominator")]
    family = [name for name in FAMILY if name != "outcome"]
    adjusted = adjust(rows, family=[*family, "score", "method"], p_value=tests[0], others=tests)
    return adjusted.drop("p_adjusted", "p_false_discovery")


def with_pooled_adaptations(points: pl.DataFrame) -> pl.DataFrame:
    """Points of fine-tuned networks, and again with their adaptations taken together.

    Depths and variants are adaptations too. A network that was fine-tuned in one way only has no
    pooled rows.
    """
    tuned = points.filter(pl.col("adaptation") != "none")
    kind = [name for name in NETWORK if name not in TREATMENT]
    several = pl.struct(TREATMENT).n_unique().over(kind) > 1
    names = {"adaptation": "pooled", "n_blocks": None, "variant": ""}
    pooled = tuned.filter(several).with_columns(
        pl.lit(value, tuned.schema[name]).alias(name) for name, value in names.items()
    )
    return pl.concat([tuned, pooled])
