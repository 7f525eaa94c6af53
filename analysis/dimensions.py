"""The columns that name things, and the scores of which more is better."""

import polars as pl

RUNS = ("origin", "study")
TREATMENT = ("adaptation", "n_blocks", "variant")
START = ("backbone", "pretraining")
READ = ("pooling", "head")
NETWORK = (*RUNS, *START, *TREATMENT, *READ)
CELL = (*RUNS, "dataset", *START, *TREATMENT, *READ)
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
# Sums of absolute gaps: noise makes each too large, the debiased one too, by less.
CALIBRATION_ERRORS = (
    "ece_width_15",
    "ece_mass_15",
    "ece_classwise_15",
    "ece_debiased_15",
    "ece_smooth",
)


def network_name(pretraining: str = "pretraining", adaptation: str = "adaptation") -> pl.Expr:
    """Name of a network as it is compared: backbone, pretraining, treatment, pooling, head."""
    depth = pl.concat_str(adaptation, "n_blocks", separator=" ", ignore_nulls=True)
    variant = pl.when(pl.col("variant") != "").then("variant")
    treatment = pl.concat_str(depth, variant, separator=", ", ignore_nulls=True)
    return pl.concat_str("backbone", pretraining, treatment, *READ, separator=" / ")
