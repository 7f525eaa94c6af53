"""Similarity to the pre-trained model, layer by layer, a panel per dataset and adaptation."""

from collections.abc import Sequence
from functools import partial

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, Selection, named, slug, span
from reports.exhibits.settings import of_own_head, with_setting
from reports.figures.profiles import layer_profiles
from reports.layers import layer_order
from reports.style import network
from reports.wording import measure_name

FIGURE = ("origin", "study", "measure", "token", "probe")
PANEL = ("dataset", "setting")
MOST_PANELS = 16


def build(data: Data) -> list[Artefact]:
    """Return one figure per origin, measure, token and probe; more beyond sixteen panels."""
    artefacts = []
    for key in data.frames["layer_similarities"].select(FIGURE).unique(maintain_order=True).rows():
        source = data.select("layer_similarities", **dict(zip(FIGURE, key, strict=True)))
        rows = with_setting(of_own_head(data, source.rows)).with_columns(
            series=named("backbone", "pretraining", network)
        )
        panels = [
            (f"{dataset}\n{setting}", own)
            for (dataset, setting), own in rows.group_by(*PANEL, maintain_order=True)
        ]
        artefacts += [
            _figure(data, source, panels[start : start + MOST_PANELS], start // MOST_PANELS)
            for start in range(0, len(panels), MOST_PANELS)
        ]
    return artefacts


def _figure(
    data: Data, source: Selection, panels: Sequence[tuple[str, pl.DataFrame]], part: int
) -> Artefact:
    where = source.where
    measure = measure_name(str(where["measure"]))
    figure = partial(
        layer_profiles,
        panels,
        data.networks,
        layers=layer_order(source.rows["layer"].to_list()),
        y_label=measure,
    )
    counts = source.rows["n_runs"]
    return Artefact(
        name=slug("similarity-by-layer", *(where[name] for name in FIGURE), part or None),
        caption=(
            f"Similarity of each layer to the same layer of the pre-trained model: {measure} of "
            f"{where['token']} features on the {where['probe']} probe ({where['origin']}). "
            f"Thin lines are runs, thick lines their means ({span(counts)} runs each)."
            + (" Dotted: expected value for unrelated images." if _has_floor(source.rows) else "")
        ),
        content=figure,
        sources=(source,),
    )


def _has_floor(rows: pl.DataFrame) -> bool:
    return rows["null_mean"].is_not_null().any()


EXHIBIT = Exhibit(
    name="similarities",
    title="Similarity to the pre-trained model",
    queries=("layer_similarities",),
    build=build,
    missing="no similarities at the selected epochs; probe some layers in the study file",
)
