"""The same slope under rising rigour: how far each claim survives honest inference."""

from collections.abc import Mapping
from functools import partial

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, Selection, matching, slug
from reports.exhibits.outcomes import FIGURE, PANEL_ROW, is_shown, own_setting
from reports.exhibits.regressions import SIZE_ALARM
from reports.exhibits.settings import of_own_head
from reports.figures.forest import forest
from reports.formatting import percent
from reports.layers import layer_order
from reports.style import network, ordered_appearances
from reports.wording import measure_name, method_name, outcome_name

MOST_PANELS = 6  # the CSV has every network
METHODS = (
    "ols",
    "hc3",
    "cluster_cr1",
    "cluster_cr2",
    "cluster_cr3",
    "wild_cluster",
    "within",
    "mixed_cr2",
)
OTHER_ESTIMATES = ("within", "mixed_cr2")  # all others are least squares of all runs


def build(data: Data) -> list[Artefact]:
    """Return one figure per origin, outcome, measure, token and probe with more than one method."""
    artefacts = []
    for key in data.frames["regressions"].select(FIGURE).unique(maintain_order=True).rows():
        where = dict(zip(FIGURE, key, strict=True))
        source = data.select("regressions", **where)
        slopes = source.rows.filter(
            pl.col("term") == "similarity",
            pl.col("status") == "fitted",
            pl.col("method").is_in(METHODS),
        )
        clustered = of_own_head(data, slopes.filter(pl.col("n_clusters") > 1))
        if is_shown(str(where["outcome"])) and clustered["method"].n_unique() > 1:
            artefacts.append(_artefact(source, clustered))
    return artefacts


def _artefact(source: Selection, slopes: pl.DataFrame) -> Artefact:
    where = source.where
    methods = [method_name(name) for name in METHODS if name in set(slopes["method"])]
    others = [name for name in map(method_name, OTHER_ESTIMATES) if name in methods]
    keys = slopes.select(PANEL_ROW).unique().sort(PANEL_ROW).head(MOST_PANELS)
    panels = [
        (_title(key, keys), _rows(slopes.filter(matching(key))))
        for key in keys.iter_rows(named=True)
    ]
    level = percent(slopes["level"][0])
    outcome, measure = outcome_name(str(where["outcome"])), measure_name(str(where["measure"]))
    figure = partial(
        forest,
        panels,
        ordered_appearances(methods),
        rows=layer_order(slopes["layer"].to_list()),
        x_label=f"slope of {outcome} on {measure}, with {level} interval",
    )
    return Artefact(
        name=slug("rigour", *(where[name] for name in FIGURE)),
        caption=(
            f"Slope of {outcome} on {measure} under rising rigour of inference "
            f"({where['token']} features, {where['probe']} probe, {where['origin']}). Lines are "
            f"{level} intervals, cut at the edge of the panel; an interval that crosses 0 leaves "
            f"the sign open. The estimate is the same for all{' but ' * bool(others)}"
            f"{' and '.join(others)}; the assumption behind its interval is not."
            + (f" {SIZE_ALARM}" if slopes["size_alarm"].any() else "")
        ),
        content=figure,
        sources=(source,),
    )


def _title(key: Mapping[str, str], keys: pl.DataFrame) -> str:
    name = network(key["backbone"], key["pretraining"])
    return f"{name}\n{own_setting(key, keys)}"


def _rows(slopes: pl.DataFrame) -> pl.DataFrame:
    return slopes.select(
        "estimate",
        "ci_low",
        "ci_high",
        row="layer",
        series=pl.col("method").map_elements(method_name, return_dtype=pl.String),
    )


EXHIBIT = Exhibit(
    name="rigour",
    title="Slopes under rising rigour",
    queries=("regressions",),
    build=build,
    missing="no regression over several datasets; clusters need at least two",
)
