"""Where fine-tuning leaves a network: final similarity over runs (Zu et al., Fig. 1b)."""

from functools import partial

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, named, slug
from reports.exhibits.outcomes import of_what
from reports.exhibits.settings import of_own_head, with_setting
from reports.figures.boxes import quartile_boxes
from reports.layers import layer_order
from reports.style import network
from reports.wording import measure_name, sentence

FIGURE = ("origin", "study", "token", "probe", "measure")
MOST_PANELS = 12


def build(data: Data) -> list[Artefact]:
    """Return one figure per origin, study, token, probe and measure, of the last layer."""
    artefacts = []
    frame = data.frames["similarity_distributions"]
    for key in frame.select(FIGURE).unique(maintain_order=True).rows():
        where = dict(zip(FIGURE, key, strict=True))
        every = data.select("similarity_distributions", **where).rows
        last = layer_order(every["layer"].to_list())[-1]
        boxes = data.select("similarity_distributions", **where, layer=last)
        runs = data.select("layer_similarities", **where, layer=last)
        settings = with_setting(of_own_head(data, boxes.rows))
        points = with_setting(of_own_head(data, runs.rows))
        panels = [
            (str(setting), _named(own), _named(points.filter(setting=setting)))
            for (setting,), own in settings.group_by("setting", maintain_order=True)
        ][:MOST_PANELS]
        measure = measure_name(where["measure"])
        artefacts.append(
            Artefact(
                name=slug("final", *key),
                caption=(
                    f"{sentence(measure)} of {last} to the pre-trained model after fine-tuning "
                    f"({of_what(where)}): median, quartiles and extremes; a point is a run."
                ),
                content=partial(
                    quartile_boxes, panels, data.networks, y_label=f"{measure}, {last}"
                ),
                sources=(boxes, runs),
            )
        )
    return artefacts


def _named(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(group="dataset", series=named("backbone", "pretraining", network))


EXHIBIT = Exhibit(
    name="distributions",
    title="Final similarity",
    queries=("similarity_distributions", "layer_similarities"),
    build=build,
    missing="no distributions of final similarity",
)
