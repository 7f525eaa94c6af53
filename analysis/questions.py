"""What each analysis answers, and the settings it depends on: light enough for `--help`."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """A question that one entry of ``analysis.analyses.ANALYSES`` answers.

    Attributes
    ----------
    text : str
        The question, as `repdrift analysis --help` shows it.
    settings : tuple of str
        Fields of ``Settings`` that the answer depends on.
    needs : str
        What the runs must have for an answer, as the message says that finds none.
    """

    text: str
    settings: tuple[str, ...] = ()
    needs: str = "runs that are done"


SPACE = ("eta", "epsilon", "reference_policy", "divergence")
MEMBERS = "fine-tuned runs with a similarity to their start and a score, and runs of the reference"
EPOCHS = "similarities to the own start at several epochs"
TWO_NETWORKS = "two networks on the same dataset, fold and seed"
SEVERAL = "two networks on the same several datasets, folds or seeds, whose differences vary"
SPECIFIED = "similarities and the outcomes that the grid names, on several runs"
QUESTIONS: Mapping[str, Question] = {
    "gains": Question(
        "What did pre-training gain over a start from scratch?",
        ("level",),
        "runs from scratch on the same dataset, fold and seed",
    ),
    "test samples": Question(
        "How would scores vary with other test images?",
        ("level",),
        "scores with intervals over their images",
    ),
    "similarity intervals": Question("How would similarities vary with other images?", ("level",)),
    "reliability": Question(
        "Are the probabilities of pictured runs honest, bin by bin?", ("level",)
    ),
    "comparisons": Question(
        "Which of two networks is better, on a dataset and across datasets?",
        ("level", "margin", "seed", "n_posterior_draws", "n_comparison_resamples"),
        TWO_NETWORKS,
    ),
    "similarity differences": Question(
        "In which layers does one network drift further than another?", ("level", "margin")
    ),
    "rankings": Question(
        "How do networks rank across datasets?",
        ("level", "seed", "n_ranking_resamples"),
        TWO_NETWORKS,
    ),
    "regressions": Question("Does similarity explain an outcome? Under rising rigour.", ("level",)),
    "crossed regressions": Question(
        "Does it for networks beyond three or more at hand, crossed with datasets?", ("level",)
    ),
    "dataset slopes": Question(
        "Does it within any dataset or layer, with all of them in one family?",
        ("seed", "n_permutations"),
    ),
    "other fits": Question("Does the slope depend on outliers or on the line?", ("level",)),
    "correlation equivalences": Question(
        "Is a correlation shown to be none?", ("level", "correlation_margin")
    ),
    "slope equivalences": Question("Is a slope shown to be none?", ("level", "slope_margin")),
    "sign alarms": Question("Does a slope turn round within datasets, or differ between them?"),
    "influences": Question("Does a slope hang on one dataset?"),
    "binned fits": Question(
        "What do means of bins make of a slope?", ("n_bins", "seed", "n_shuffles")
    ),
    "slope differences": Question("Do slopes differ between networks?", ("level",)),
    "gain definitions": Question("Does the slope hang on how a gain is defined?", ("level",)),
    "memberships": Question("Which runs are in the similarity space?", ("level", *SPACE), MEMBERS),
    "membership probabilities": Question(
        "How surely is a network in it?", ("level", *SPACE), MEMBERS
    ),
    "membership surfaces": Question(
        "How does the space grow with its thresholds?",
        ("level", "reference_policy", "divergence"),
        MEMBERS,
    ),
    "agreements": Question(
        "Do two networks fail on the same images?",
        ("level", "seed", "n_resamples"),
        "predictions of two networks on ten images or patients of the same fold and seed",
    ),
    "logged agreements": Question(
        "The same, of runs that logged it themselves.",
        ("level",),
        "logged prediction_similarity of two folds or seeds",
    ),
    "trajectories": Question(
        "How does similarity move in training?", ("level", "seed", "n_resamples"), EPOCHS
    ),
    "trajectory shapes": Question("Where does it drop and recover?", ("level",), EPOCHS),
    "similarity distributions": Question("How is final similarity distributed over runs?"),
    "variance components": Question(
        "What varies most: dataset, fold, seed?",
        needs="several datasets, folds or seeds of one network",
    ),
    "detectable effects": Question(
        "Which effect could these runs have found?", ("level", "power", "effect"), SEVERAL
    ),
    "power curves": Question(
        "How many datasets, folds, seeds would find one?", ("level", "power", "effect"), SEVERAL
    ),
    "detectable slopes": Question(
        "Which slope could these datasets have found, and how many would find one?",
        ("level", "power", "slope_margin"),
    ),
    "projections": Question(
        "Does similarity predict outcomes on a new dataset?", ("projection_level",)
    ),
    "projections before": Question(
        "Does what is known before fine-tuning predict them?", ("projection_level",)
    ),
    "specifications": Question(
        "What do other defensible choices give?", ("level", "grid"), SPECIFIED
    ),
    "specification tests": Question("Do they all together differ from none?", ("grid",), SPECIFIED),
}
