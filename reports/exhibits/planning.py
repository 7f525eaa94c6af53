"""What the runs could have found, and what varies between them."""

import polars as pl

from reports.exhibits.comparisons import MOST_PAIRS
from reports.exhibits.exhibit import Artefact, Data, Exhibit, slug
from reports.exhibits.outcomes import FIGURE, is_shown
from reports.exhibits.rankings import GROUP, SHOWN
from reports.exhibits.result_table import Shown, result_table
from reports.exhibits.settings import TREATMENT, by_network_and_depth
from reports.formatting import percent
from reports.wording import measure_name, outcome_name, score_name, short_names


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


def slope_power_tables(data: Data) -> list[Artefact]:
    """Return, per outcome and measure, the slope that the datasets at hand could have found."""
    artefacts = []
    for key in data.frames["detectable_slopes"].select(FIGURE).unique(maintain_order=True).rows():
        source = data.select("detectable_slopes", **dict(zip(FIGURE, key, strict=True)))
        if not is_shown(key[2]):
            continue
        first = source.rows.row(0, named=True)
        table = result_table(
            by_network_and_depth(source.rows),
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
