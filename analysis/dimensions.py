"""The columns that name things, and the scores of which more is better."""

import polars as pl

RUNS = ("origin", "study")
NETWORK = (*RUNS, "backbone", "pretraining", "adaptation", "pooling", "head")
CELL = (*RUNS, "dataset", "backbone", "pretraining", "adaptation", "n_blocks", "pooling", "head")
SCORE = ("split", "confidence_source", "token", "n_neighbours", "score")
REPRESENTATION = ("layer", "token", "probe", "measure")
HIGHER_IS_BETTER = (
    "accuracy",
    "balanced_accuracy",
    "auc",
    "auc_ovr_weighted",
    "auc_ovr_macro",
    "map_macro",
    "kappa_quadratic",
    "recall_macro",
    "f1_macro",
)


def network_name() -> pl.Expr:
    """Name of a network as it is compared: backbone, pretraining, adaptation, pooling, head."""
    adaptation = pl.concat_str("adaptation", "n_blocks", separator=" ", ignore_nulls=True)
    return pl.concat_str("backbone", "pretraining", adaptation, "pooling", "head", separator=" / ")
