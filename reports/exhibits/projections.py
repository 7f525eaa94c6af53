"""What similarity, or what is known before fine-tuning, predicts of a new dataset."""

from collections.abc import Mapping

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, slug
from reports.exhibits.outcomes import FIGURE, is_shown
from reports.exhibits.result_table import Shown, result_table
from reports.exhibits.settings import TREATMENT, by_network_and_depth, network_line
from reports.wording import measure_name, outcome_name, score_name

OF_PROJECTIONS = (
    Shown("mean_error", "of the line", 3, "error"),
    Shown("trivial_error", "of the mean", 3, "error"),
    Shown("skill", "skill", 2),
    Shown("n_better", "better on", 0, "datasets"),
    Shown("n_datasets", "of", 0, "datasets"),
)
OF_ERRORS = (
    "Error: root mean squared, each dataset predicted from the others. Skill: 1 − (error of the "
    "line / error of the mean)²; at most 0 means that the line predicts nothing."
)


def projection_tables(data: Data) -> list[Artefact]:
    """Return, per outcome and measure, whether similarity predicts a dataset that was left out."""
    artefacts = []
    for key in data.frames["projections"].select(FIGURE).unique(maintain_order=True).rows():
        source = data.select("projections", **dict(zip(FIGURE, key, strict=True)))
        if not is_shown(key[2]):
            continue
        table = result_table(
            by_network_and_depth(source.rows),
            (
                Shown("layer", "layer"),
                *OF_PROJECTIONS,
            ),
            key=("backbone", "pretraining", *TREATMENT, "layer"),
            block="line",
            notes=(OF_ERRORS,),
        )
        caption = (
            f"Does {measure_name(key[3])} predict {outcome_name(key[2])} on a dataset that was "
            f"left out ({key[0]})?"
        )
        artefacts.append(Artefact(slug("projections", *key), caption, table, (source,)))
    return artefacts


def before_tables(data: Data) -> list[Artefact]:
    """Return, per outcome, whether a score of before predicts a dataset that was left out."""
    artefacts = []
    key_columns = ("origin", "study", "outcome")
    for key in (
        data.frames["projections_before"].select(key_columns).unique(maintain_order=True).rows()
    ):
        source = data.select("projections_before", **dict(zip(key_columns, key, strict=True)))
        if not is_shown(key[2]):
            continue
        rows = source.rows.with_columns(
            line=network_line(),
            predictor=pl.struct("split", "confidence_source", "n_neighbours", "score").map_elements(
                _predictor, return_dtype=pl.String
            ),
        ).sort(
            pl.col("backbone") == "pooled",
            "backbone",
            "pretraining",
            *TREATMENT,
            maintain_order=True,
        )
        table = result_table(
            rows,
            (
                Shown("predictor", "known before"),
                Shown("token", "features"),
                *OF_PROJECTIONS,
            ),
            key=(
                "backbone",
                "pretraining",
                *TREATMENT,
                "split",
                "confidence_source",
                "token",
                "n_neighbours",
                "score",
            ),
            block="line",
            notes=(
                "Scores of the network before the first step of fine-tuning. " + OF_ERRORS,
                "All networks: those of one adaptation, from whatever weights they start.",
            ),
        )
        caption = (
            f"Does what is known before fine-tuning predict {outcome_name(key[2])} on a dataset "
            f"that was left out ({key[0]})?"
        )
        artefacts.append(Artefact(slug("projections-before", *key), caption, table, (source,)))
    return artefacts


def _predictor(row: Mapping[str, object]) -> str:
    """Name a score of before: 10-NN accuracy, LogME, a linear probe's score."""
    name, k = str(row["score"]), row["n_neighbours"]
    images = "" if row["split"] == "test" else f" ({row['split']})"
    if name == "logme":
        return f"LogME{images}"
    if name.startswith("linear_probe_"):
        return f"linear probe, {score_name(name.removeprefix('linear_probe_'))}{images}"
    return f"{k}-NN, {score_name(name)}{images}"


PROJECTIONS = Exhibit(
    name="projections",
    title="Does similarity predict a new dataset?",
    queries=("projections",),
    build=projection_tables,
    missing="no predictions of datasets left out; they take three datasets or more",
)
BEFORE = Exhibit(
    name="projections-before",
    title="Does what is known before predict a new dataset?",
    queries=("projections_before",),
    build=before_tables,
    missing="no predictions from scores of before; they take three datasets or more",
)
