"""How far a slope depends on one dataset, on the network, and on the definition of gain."""

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, named, slug, span
from reports.exhibits.outcomes import is_shown
from reports.exhibits.result_table import Shown, result_table
from reports.exhibits.settings import TREATMENT, treatment
from reports.formatting import percent
from reports.layers import layer_order
from reports.style import network
from reports.tables.model import LEAST_P, Table
from reports.wording import measure_name, method_name, outcome_name, score_name

FIT = ("origin", "study", "outcome", "measure", "token", "probe")
GAIN_FIT = ("origin", "study", "score", "measure", "token", "probe")
LINE = ("backbone", "pretraining", *TREATMENT, "layer")
INFERENCE = ("ols", "cluster_cr3")
SCORES = ("auc", "accuracy", "kappa_quadratic", "map_macro")


def influence_tables(data: Data) -> list[Artefact]:
    """Return, per outcome and measure, the slope without the dataset that moves it most."""
    artefacts = []
    for key in data.frames["influences"].select(FIT).unique(maintain_order=True).rows():
        source = data.select("influences", **dict(zip(FIT, key, strict=True)))
        if not is_shown(key[2]):
            continue
        strongest = source.rows.filter(pl.col("share").is_not_null()).sort(
            pl.col("share").abs(), descending=True
        )
        rows = ordered(strongest.unique(LINE, keep="first", maintain_order=True))
        columns = (
            Shown("layer", "layer"),
            Shown("slope", "slope", 3),
            Shown("left_out", "without"),
            Shown("slope_without", "slope without", 3),
            Shown("changes_sign", "other sign"),
        )
        table = result_table(
            rows,
            columns,
            key=(*LINE, "left_out"),
            block="line",
            notes=("Moves most: in relation to the slope. The CSV has every dataset left out.",),
        )
        caption = (
            f"The dataset that moves the slope of {outcome_name(key[2])} on "
            f"{measure_name(key[3])} most ({key[0]})."
        )
        artefacts.append(Artefact(slug("influence", *key), caption, table, (source,)))
    return artefacts


def gain_tables(data: Data) -> list[Artefact]:
    """Return, per score and measure, the slope under three definitions of gain."""
    artefacts = []
    for key in data.frames["gain_definitions"].select(GAIN_FIT).unique(maintain_order=True).rows():
        source = data.select("gain_definitions", **dict(zip(GAIN_FIT, key, strict=True)))
        if key[2] not in SCORES:
            continue
        table = result_table(
            ordered(source.rows),
            (
                Shown("layer", "layer"),
                Shown("slope_difference", "slope", 3, "difference"),
                Shown("p_difference", "p", 3, "difference", least=LEAST_P),
                Shown("slope_ratio", "slope", 3, "ratio"),
                Shown("p_ratio", "p", 3, "ratio", least=LEAST_P),
                Shown("slope_ancova", "slope", 3, "covariate"),
                Shown("p_ancova", "p", 3, "covariate", least=LEAST_P),
                Shown("slope_denominator", "slope", 3, "denominator"),
                Shown("p_denominator", "p", 3, "denominator", least=LEAST_P),
                Shown("alarm", "alarm"),
            ),
            key=LINE,
            block="line",
            notes=(
                "Difference: score − scratch. Ratio: (score − scratch) / scratch. Covariate: the "
                f"score with the scratch score as covariate. p: {_methods(source.rows)}, not "
                "adjusted. Of the denominator: slope that the ratio would have if every run had "
                "gained the same, and its p over the means of datasets. Alarm: it is not 0; "
                f"without a cause in at most {percent(1 - source.rows['level'][0])} of cases.",
            ),
        )
        caption = (
            f"Slope of the gain in {score_name(key[2])} on {measure_name(key[3])} under three "
            f"definitions of gain ({key[0]})."
        )
        artefacts.append(Artefact(slug("gains", *key), caption, table, (source,)))
    return artefacts


def slope_difference_tables(data: Data) -> list[Artefact]:
    """Return, per outcome and measure, whether the slopes of two networks differ."""
    artefacts = []
    for key in data.frames["slope_differences"].select(FIT).unique(maintain_order=True).rows():
        source = data.select("slope_differences", **dict(zip(FIT, key, strict=True)))
        fitted = source.rows.filter(pl.col("method").is_in(INFERENCE), status="fitted")
        if not is_shown(key[2]) or fitted.is_empty():
            continue
        artefacts.append(
            Artefact(
                slug("slope-differences", *key),
                f"Difference of the slopes of {outcome_name(key[2])} on {measure_name(key[3])} "
                f"between networks ({key[0]}).",
                _differences(fitted),
                (source,),
            )
        )
    return artefacts


def _differences(fitted: pl.DataFrame) -> Table:
    line = (
        pl.format(
            "{}, {}: {} − {}",
            "backbone",
            treatment(),
            "second",
            "first",
        )
    ).alias("line")
    position = {layer: i for i, layer in enumerate(layer_order(fitted["layer"].to_list()))}
    rows = fitted.with_columns(
        line,
        place=pl.col("layer").replace_strict(position),
        inference=pl.col("method").map_elements(method_name, return_dtype=pl.String),
    ).sort("line", "place", "method")
    return result_table(
        rows,
        (
            Shown("layer", "layer"),
            Shown("inference", "inference"),
            Shown("estimate", "difference of slopes", 3, interval=("ci_low", "ci_high")),
            Shown("p_value", "p", 3, least=LEAST_P),
            Shown("p_adjusted", "Holm", 3, least=LEAST_P),
            Shown("n_runs", "runs"),
            Shown("n_clusters", "clusters"),
        ),
        key=("backbone", *TREATMENT, "layer", "first", "second", "method"),
        block="line",
        notes=(
            "Interaction of similarity with the network; brackets: "
            f"{percent(rows['level'][0])} interval.",
            *family_notes(rows, of="pairs of networks and layers"),
        ),
    )


def family_notes(rows: pl.DataFrame, *, of: str) -> tuple[str, ...]:
    """Return what Holm's p is adjusted among, and how many those are; nothing without a p."""
    sizes = rows["family_size"].drop_nulls()
    if sizes.is_empty():
        return ()
    return (
        f"Holm: the p-value left of it, adjusted among all {of} with the same adaptation, head "
        f"and inference ({span(sizes)} tests; the CSV names the family).",
    )


def ordered(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows by network, adaptation and layer, with the heading of each in ``line``."""
    position = {layer: i for i, layer in enumerate(layer_order(rows["layer"].to_list()))}
    return (
        rows.with_columns(
            line=pl.concat_str(
                named("backbone", "pretraining", network),
                treatment(),
                separator=", ",
            ),
            place=pl.col("layer").replace_strict(position),
        )
        .sort("backbone", "pretraining", *TREATMENT, "place")
        .drop("place")
    )


def _methods(rows: pl.DataFrame) -> str:
    return ", ".join(method_name(name) for name in sorted(set(rows["method"])))


INFLUENCES = Exhibit(
    name="influences",
    title="Slopes without one dataset",
    queries=("influences",),
    build=influence_tables,
    missing="no regression over three datasets or more",
)
GAINS = Exhibit(
    name="gains",
    title="Slopes under three definitions of gain",
    queries=("gain_definitions",),
    build=gain_tables,
    missing="no gain over scratch; it takes runs from scratch on the same folds",
)
DIFFERENCES = Exhibit(
    name="slope-differences",
    title="Do the slopes of networks differ?",
    queries=("slope_differences",),
    build=slope_difference_tables,
    missing="no two networks with a slope each",
)
