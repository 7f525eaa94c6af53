"""Forgetting: k-NN accuracy on the source probe before and after (Zu et al., Fig. 1a)."""

from functools import partial

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, named, slug
from reports.exhibits.settings import of_own_head, with_setting
from reports.figures.dumbbells import dumbbells
from reports.style import network

FROZEN = "linear"  # the backbone stays as it was
KEY = ("origin", "study", "token", "n_neighbours")


def build(data: Data) -> list[Artefact]:
    """Return one figure per origin, token and number of neighbours, a panel per setting."""
    rows = data.frames["source_knn"]
    artefacts = []
    for key in rows.select(KEY).unique(maintain_order=True).rows():
        source = data.select("source_knn", **dict(zip(KEY, key, strict=True)))
        moved = source.rows.filter(pl.col("adaptation") != FROZEN)
        own = with_setting(of_own_head(data, moved)).with_columns(
            row="dataset", series=named("backbone", "pretraining", network)
        )
        if own.is_empty():
            continue
        panels = [
            (str(setting), frame)
            for (setting,), frame in own.group_by("setting", maintain_order=True)
        ]
        figure = partial(
            dumbbells, panels, data.networks, x_label="k-NN accuracy on the source probe"
        )
        caption = (
            f"k-NN accuracy (k = {key[3]}, {key[2]} features) on the source probe before (hollow) "
            f"and after fine-tuning ({key[0]}). Small marks are runs, large ones their means"
            + ("; wide lines: 95 % intervals over images." if _has_interval(own) else ".")
            + (
                " Frozen backbones stay where they were and are not drawn."
                if len(moved) < len(source.rows)
                else ""
            )
        )
        artefacts.append(Artefact(slug("forgetting", *key), caption, figure, (source,)))
    return artefacts


def _has_interval(rows: pl.DataFrame) -> bool:
    return rows["low_before"].is_not_null().any()


EXHIBIT = Exhibit(
    name="forgetting",
    title="What is left of the source",
    queries=("source_knn",),
    build=build,
    missing="no k-NN on a source probe at epoch 0 and after; name a [source] in the study file",
)
