"""What the runs could have found, what varies between them, what similarity predicts."""

import polars as pl

from reports.exhibits.comparisons import MOST_PAIRS
from reports.exhibits.exhibit import Artefact, Data, Exhibit, named, slug
from reports.exhibits.outcomes import is_shown
from reports.exhibits.rankings import GROUP, SHOWN
from reports.exhibits.result_table import Shown, result_table
from reports.exhibits.settings import TREATMENT, treatment
from reports.formatting import percent
from reports.layers import layer_order
from reports.style import network
from reports.wording import measure_name, outcome_name, score_name, short_names

PREDICTION = ("origin", "study", "outcome", "measure", "token", "probe")


def power_tables(data: Data) -> list[Artefact]:
    """Return, per score, the smallest difference that each comparison finds."""
    artefacts = []
    for key in data.frames["detectable_effects"].select(GROUP).unique(maintain_order=True).rows():
        source = data.select("detectable_effects", **dict(zip(GROUP, key, strict=True)))
        if key[5] not in SHOWN:
            continue
        names, same = short_names([*source.rows["first"], *source.rows["second"]])
        n = len(source.rows)
        rows = source.rows.with_columns(
            one=pl.Series(names[:n]),
            other=pl.Series(names[n:]),
            where=pl.col("dataset").fill_null("across datasets"),
        ).sort(pl.col("dataset").is_not_null(), "where", maintain_order=True)
        if n > MOST_PAIRS and (across := rows.filter(pl.col("dataset").is_null())).height:
            rows = across
        first = rows.row(0, named=True)
        table = result_table(
            rows,
            (
                Shown("one", "first"),
                Shown("other", "second"),
                Shown("minimal_effect", "smallest difference found", 1, scale=100),
                Shown("n_units", "has", 0, "units"),
                Shown("n_units_needed", "needs", 0, "units"),
                Shown("unit", "of", None, "units"),
            ),
            key=("dataset", "first", "second", "method"),
            block="where",
            notes=(
                *((f"All: {same}.",) if same else ()),
                f"× 100. Found with probability {percent(first['power'])} by a two-sided test at "
                f"{percent(1 - first['level'])}. Needs: units for a difference of "
                f"{first['wanted_effect'] * 100:.1f}; a dash: no number is enough.",
            ),
        )
        caption = f"What comparisons by {score_name(key[5])} could have found ({key[0]})."
        artefacts.append(Artefact(slug("power", *key[:4], key[5]), caption, table, (source,)))
    return artefacts


def variance_tables(data: Data) -> list[Artefact]:
    """Return, per score, which share of the variation lies between datasets, folds and seeds."""
    artefacts = []
    for key in data.frames["variance_components"].select(GROUP).unique(maintain_order=True).rows():
        source = data.select("variance_components", **dict(zip(GROUP, key, strict=True)))
        if key[5] not in SHOWN:
            continue
        names, same = short_names(source.rows["network"].to_list())
        table = result_table(
            source.rows.with_columns(short=pl.Series(names)),
            (
                Shown("component", "between"),
                Shown("sd", "SD", 2, scale=100),
                Shown("share", "share of variance, %", 0, scale=100),
                Shown("n_levels", "levels"),
                Shown("n_runs", "runs"),
            ),
            key=("network", "component"),
            block="short",
            notes=(*((f"All: {same}.",) if same else ()), "SD × 100."),
        )
        caption = f"Where the variation of {score_name(key[5])} between runs comes from ({key[0]})."
        artefacts.append(Artefact(slug("variance", *key[:4], key[5]), caption, table, (source,)))
    return artefacts


def projection_tables(data: Data) -> list[Artefact]:
    """Return, per outcome and measure, whether similarity predicts a dataset that was left out."""
    artefacts = []
    for key in data.frames["projections"].select(PREDICTION).unique(maintain_order=True).rows():
        source = data.select("projections", **dict(zip(PREDICTION, key, strict=True)))
        if not is_shown(key[2]):
            continue
        table = result_table(
            _by_network_and_depth(source.rows),
            (
                Shown("layer", "layer"),
                Shown("mean_error", "of the line", 3, "error"),
                Shown("trivial_error", "of the mean", 3, "error"),
                Shown("skill", "skill", 2),
                Shown("n_better", "better on", 0, "datasets"),
                Shown("n_datasets", "of", 0, "datasets"),
            ),
            key=("backbone", "pretraining", *TREATMENT, "layer"),
            block="line",
            notes=(
                "Error: root mean squared, each dataset predicted from the others. Skill: "
                "1 − (error of the line / error of the mean)²; at most 0 means that similarity "
                "predicts nothing.",
            ),
        )
        caption = (
            f"Does {measure_name(key[3])} predict {outcome_name(key[2])} on a dataset that was "
            f"left out ({key[0]})?"
        )
        artefacts.append(Artefact(slug("projections", *key), caption, table, (source,)))
    return artefacts


def slope_power_tables(data: Data) -> list[Artefact]:
    """Return, per outcome and measure, the slope that the datasets at hand could have found."""
    artefacts = []
    for key in (
        data.frames["detectable_slopes"].select(PREDICTION).unique(maintain_order=True).rows()
    ):
        source = data.select("detectable_slopes", **dict(zip(PREDICTION, key, strict=True)))
        if not is_shown(key[2]):
            continue
        first = source.rows.row(0, named=True)
        table = result_table(
            _by_network_and_depth(source.rows),
            (
                Shown("layer", "layer"),
                Shown("mean_slope", "mean", 2, "slope within datasets"),
                Shown("sd", "SD", 2, "slope within datasets"),
                Shown("minimal_effect", "smallest found", 2, "slope within datasets"),
                Shown("n_datasets", "has", 0, "datasets"),
                Shown("n_datasets_needed", "needs", 0, "datasets"),
                Shown("n_datasets_needed_high", "surely", 0, "datasets"),
            ),
            key=("backbone", "pretraining", *TREATMENT, "layer"),
            block="line",
            notes=(
                f"Smallest found: true mean slope that a two-sided t test over these datasets at "
                f"{percent(1 - first['level'])} finds with probability {percent(first['power'])}. "
                f"Needs: datasets for a slope of {first['wanted_effect']:g}, the margin below "
                "which slopes count as none, if slopes differ as here; surely: if they differ as "
                f"much as they may ({percent(first['level'])} limit). A dash: 100,000 are not "
                "enough.",
            ),
        )
        caption = (
            f"Could a slope of {outcome_name(key[2])} on {measure_name(key[3])} have been found "
            f"({key[0]})?"
        )
        artefacts.append(Artefact(slug("slope-power", *key), caption, table, (source,)))
    return artefacts


def _by_network_and_depth(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with their network as ``line``, sorted by network and from the first layer on."""
    place = {layer: i for i, layer in enumerate(layer_order(rows["layer"].to_list()))}
    return rows.with_columns(
        line=pl.concat_str(
            named("backbone", "pretraining", network),
            treatment(),
            separator=", ",
        ),
        place=pl.col("layer").replace_strict(place),
    ).sort("backbone", "pretraining", *TREATMENT, "place")


def agreement_table(data: Data) -> list[Artefact]:
    """Return whether networks err together, on the images of a fold and over folds."""
    artefacts = []
    for origin in data.frames["agreements"]["origin"].unique(maintain_order=True):
        source = data.select("agreements", origin=origin)
        names, same = short_names([*source.rows["first"], *source.rows["second"]])
        n = len(source.rows)
        rows = source.rows.with_columns(
            pair=pl.format("{} and {}", pl.Series(names[:n]), pl.Series(names[n:]))
        )
        table = result_table(
            rows,
            (
                Shown("dataset", "dataset"),
                Shown("fold", "fold", is_optional=True),
                Shown("seed", "seed", is_optional=True),
                Shown("n_images", "images", 0, is_optional=True),
                Shown("observed", "observed", 1, scale=100),
                Shown("independent", "both accuracies", 1, "if independent", 100, is_optional=True),
                Shown("independent_one_model", "one accuracy", 1, "if independent", scale=100),
                Shown("excess", "excess", 1, scale=100, interval=("excess_low", "excess_high")),
                Shown("kappa", "kappa", 2, interval=("kappa_low", "kappa_high"), is_optional=True),
            ),
            key=("dataset", "fold", "seed", "first", "second", "method"),
            block="pair",
            notes=(
                *((f"All: {same}.",) if same else ()),
                "Share of images × 100 that both get right or both get wrong. What was not logged "
                "has a dash, or no column. One accuracy: the baseline of Juodelyte et al. as "
                "computed, with one accuracy twice.",
                f"Brackets: {percent(source.rows['level'][0])} intervals. With a fold or a seed: "
                "over its images or patients, the networks as they are; without: over folds or "
                "seeds, the networks trained anew.",
            ),
        )
        caption = f"Do networks err on the same images ({origin})?"
        artefacts.append(Artefact(slug("agreement", origin), caption, table, (source,)))
    return artefacts


POWER = Exhibit(
    name="power",
    title="What could have been found",
    queries=("detectable_effects",),
    build=power_tables,
    missing="no comparisons to plan from",
)
VARIANCE = Exhibit(
    name="variance",
    title="What varies between runs",
    queries=("variance_components",),
    build=variance_tables,
    missing="no variance components; they take several datasets, folds or seeds",
)
SLOPE_POWER = Exhibit(
    name="slope-power",
    title="Which slope could have been found",
    queries=("detectable_slopes",),
    build=slope_power_tables,
    missing="no slopes within two datasets or more; each takes four folds or seeds",
)
PROJECTIONS = Exhibit(
    name="projections",
    title="Does similarity predict a new dataset?",
    queries=("projections",),
    build=projection_tables,
    missing="no predictions of datasets left out; they take three datasets or more",
)
AGREEMENTS = Exhibit(
    name="agreements",
    title="Do networks make the same mistakes?",
    queries=("agreements",),
    build=agreement_table,
    missing="no pairs of networks on the same images",
)
