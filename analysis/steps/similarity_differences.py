"""From similarities of runs to rows of results: in which layers one network drifts further."""

import polars as pl

from analysis.dimensions import REPRESENTATION, RUNS, network_name
from analysis.means.comparisons import Comparison, compare_within_datasets
from analysis.settings import Settings
from analysis.testing.multiplicity import adjust

COMPARED = (*RUNS, *REPRESENTATION, "reference_layer", "n_features", "n_features_reference")
FAMILY = (*RUNS, "token", "probe", "measure", "method")
DRIFTS = pl.col("adaptation").is_in(["none", "linear", "scratch"]).not_()
KEPT_OUT = ("uncertainty", "sd", "p_below", "p_within", "p_above")


def similarity_difference_rows(similarities: pl.DataFrame, settings: Settings) -> pl.DataFrame:
    """Similarity to the start, of every pair of networks, from ``marts.final_similarities``.

    Networks are compared in layers of the same name and width, on the same folds or seeds. Frozen
    backbones have nothing to compare, and a start from random weights is another start. P-values
    of all layers, pairs and datasets of one measure form a family.
    """
    compared = similarities.filter(DRIFTS).with_columns(network=network_name())
    choices = Comparison(level=settings.level, margin=settings.margin)
    rows = compare_within_datasets(compared, choices, by=COMPARED).drop(KEPT_OUT)
    return adjust(rows, family=FAMILY)
