"""Layer against layer, and network against network: who resembles whom, above the noise floor."""

from functools import partial

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, named, slug
from reports.exhibits.settings import COLUMNS, with_setting
from reports.figures.heatmap import similarity_maps
from reports.layers import layer_order
from reports.style import network
from reports.wording import measure_name

KEY = ("origin", "study", "measure", "token", "probe")
PANEL = ("dataset", "setting", "backbone", "pretraining")
MOST_PANELS = 6
LEAST_NETWORKS = 3


def layer_maps(data: Data) -> list[Artefact]:
    """Return maps of every layer against every layer of the pre-trained model."""
    rows = data.frames["layer_maps"]
    artefacts = []
    for key in rows.select(KEY).unique(maintain_order=True).rows():
        source = data.select("layer_maps", **dict(zip(KEY, key, strict=True)))
        layers = layer_order([*source.rows["layer"], *source.rows["reference_layer"]])
        panels = [
            (
                f"{dataset}, {setting}\n{network(backbone, pretraining)}",
                own.select("floor", row="layer", column="reference_layer", value="mean"),
            )
            for (dataset, setting, backbone, pretraining), own in with_setting(
                source.rows
            ).group_by(PANEL, maintain_order=True)
        ]
        for start in range(0, len(panels), MOST_PANELS):
            shown = panels[start : start + MOST_PANELS]
            figure = partial(
                similarity_maps,
                shown,
                rows=layers,
                columns=layers,
                labels=("layer after", "layer before", measure_name(key[2])),
            )
            caption = (
                f"{measure_name(key[2])} of every layer after fine-tuning to every layer before "
                f"({key[3]} features, {key[4]} probe, {key[0]}), mean over runs. A cross: not "
                "above the noise floor, the value expected of unrelated images plus two standard "
                "deviations."
            )
            part = start // MOST_PANELS or None
            artefacts.append(Artefact(slug("layer-map", *key, part), caption, figure, (source,)))
    return artefacts


def network_maps(data: Data) -> list[Artefact]:
    """Return maps of every network against every other at the last layer that they share."""
    runs = data.frames["layer_pairs"].filter(
        pl.col("reference") == "run", pl.col("layer") != "prediction"
    )
    artefacts = []
    for key in runs.select(KEY).unique(maintain_order=True).rows():
        source = data.select("layer_pairs", reference="run", **dict(zip(KEY, key, strict=True)))
        rows = source.rows.filter(
            *(pl.col(name).eq_missing(pl.col(f"reference_{name}")) for name in COLUMNS)
        )
        if rows.is_empty():
            continue
        last = layer_order(rows["layer"].to_list())[-1]
        pairs = (
            with_setting(rows)
            .filter(layer=last, reference_layer=last)
            .with_columns(
                row=named("backbone", "pretraining", network),
                column=named("reference_backbone", "reference_pretraining", network),
                value="mean",
                floor=pl.lit(None, pl.Float64),
            )
        )
        if pairs.is_empty():
            continue
        cell = ["dataset", "setting", "row", "column"]
        one = pairs.unique(cell, maintain_order=True)
        names = sorted({*one["row"], *one["column"]})
        if len(names) < LEAST_NETWORKS:
            continue
        panels = [
            (f"{dataset}\n{setting}", own)
            for (dataset, setting), own in one.group_by("dataset", "setting", maintain_order=True)
        ][:MOST_PANELS]
        figure = partial(
            similarity_maps,
            panels,
            rows=names,
            columns=names,
            labels=("network", "other network", measure_name(key[2])),
        )
        caption = (
            f"{measure_name(key[2])} between networks at {last} ({key[3]} features, {key[4]} "
            f"probe, {key[0]}), mean over runs; blank where a pair was not compared."
        )
        artefacts.append(Artefact(slug("network-map", *key), caption, figure, (source,)))
    return artefacts


LAYERS = Exhibit(
    name="layer-maps",
    title="Every layer against every layer",
    queries=("layer_maps",),
    build=layer_maps,
    missing="no similarities of unequal layers; ask for all pairs in the study file",
)
NETWORKS = Exhibit(
    name="network-maps",
    title="Every network against every other",
    queries=("layer_pairs",),
    build=network_maps,
    missing="no similarities between runs",
)
