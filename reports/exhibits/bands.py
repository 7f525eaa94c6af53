"""Mean trajectories of similarity, with bands, and of accuracy (Zu et al., Fig. 4a)."""

from functools import partial

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, Selection, named, slug
from reports.exhibits.outcomes import of_what
from reports.exhibits.settings import CELL, of_own_head, with_setting
from reports.figures.bands import mean_bands
from reports.formatting import percent
from reports.layers import layer_order
from reports.style import network
from reports.wording import measure_name, sentence

FIGURE = ("origin", "study", "token", "probe", "measure")
PANEL = ("dataset", "setting")
MOST_PANELS = 6


def build(data: Data) -> list[Artefact]:
    """Return figures per origin, study, token, probe and measure, six cells in each."""
    artefacts = []
    for key in data.frames["mean_trajectories"].select(FIGURE).unique(maintain_order=True).rows():
        where = dict(zip(FIGURE, key, strict=True))
        last = layer_order(data.select("mean_trajectories", **where).rows["layer"].to_list())[-1]
        bands = data.select("mean_trajectories", **where, layer=last)
        scores = data.select("mean_scores", origin=where["origin"], study=where["study"])
        similar = with_setting(of_own_head(data, bands.rows)).with_columns(
            series=named("backbone", "pretraining", network)
        )
        accurate = scores.rows.join(
            similar.select(*CELL, "setting", "series").unique(), on=CELL, nulls_equal=True
        ).with_columns(band_low="lowest", band_high="highest")
        cells = similar.select(PANEL).unique(maintain_order=True).rows()
        artefacts += [
            _figure(data, (bands, scores), (similar, accurate), cells[start : start + MOST_PANELS])
            for start in range(0, len(cells), MOST_PANELS)
        ]
    return artefacts


def _figure(
    data: Data,
    sources: tuple[Selection, Selection],
    rows: tuple[pl.DataFrame, pl.DataFrame],
    cells: list[tuple[str, str]],
) -> Artefact:
    where = sources[0].where
    measure, layer = measure_name(str(where["measure"])), where["layer"]
    labels = (f"{measure}, {layer}", "accuracy, held-out fold")
    quantities = [
        (label, [(f"{cell[0]}\n{cell[1]}", _cell(own, cell)) for cell in cells])
        for label, own in zip(labels, rows, strict=True)
    ]
    level = sources[0].rows["level"][0]
    return Artefact(
        name=slug("bands", *(where[name] for name in FIGURE), *cells[0]),
        caption=(
            f"{sentence(measure)} of {layer} to the pre-trained model and accuracy by epoch, means "
            f"over runs ({of_what(where)}). Shaded, similarity: a band that covers the whole mean "
            f"trajectory with {percent(level)} confidence, not each epoch alone, at the epochs "
            "that all runs have; accuracy: the range of the runs."
        ),
        content=partial(mean_bands, quantities, data.networks),
        sources=sources,
    )


def _cell(rows: pl.DataFrame, cell: tuple[str, str]) -> pl.DataFrame:
    return rows.filter(dataset=cell[0], setting=cell[1]).select(
        "series", "epoch", "mean", "band_low", "band_high"
    )


EXHIBIT = Exhibit(
    name="bands",
    title="Mean trajectories",
    queries=("mean_trajectories", "mean_scores"),
    build=build,
    missing="no mean trajectories; they take similarities at several epochs",
)
