"""Layer against layer, and network against network: who resembles whom, above the noise floor."""

from functools import partial

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, slug
from reports.exhibits.settings import COLUMNS, of_own_head, with_setting
from reports.figures.heatmap import similarity_maps
from reports.layers import layer_order
from reports.style import network
from reports.wording import measure_name, sentence, short_names

KEY = ("origin", "study", "measure", "token", "probe")
PANEL = ("dataset", "setting", "backbone", "pretraining")
MOST_PANELS = 6
LEAST_NETWORKS = 3
ASYMMETRIC = frozenset({"linear_predictivity", "pwcca"})  # the pair the other way round differs
FLOOR = (
    "A cross: not above the noise floor, the value expected of unrelated images plus two standard "
    "deviations."
)


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
                of_own_head(data, source.rows)
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
            caption = sentence(
                f"{measure_name(key[2])} of every layer after fine-tuning to every layer before "
                f"({key[3]} features, {key[4]} probe, {key[0]}), mean over runs. {FLOOR}"
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
        alike = source.rows.filter(
            *(pl.col(name).eq_missing(pl.col(f"reference_{name}")) for name in COLUMNS)
        )
        if alike.is_empty():
            continue
        cells, shared = _last_layers(with_setting(alike))
        if key[2] not in ASYMMETRIC:
            cells = _mirrored(cells)
        names = sorted({*cells["row"], *cells["column"]})
        if len(names) < LEAST_NETWORKS:
            continue
        panels = [
            (f"{dataset}\n{setting}", own)
            for (dataset, setting), own in cells.group_by("dataset", "setting", maintain_order=True)
        ][:MOST_PANELS]
        figure = partial(
            similarity_maps,
            panels,
            rows=names,
            columns=names,
            labels=("network", "other network", measure_name(key[2])),
        )
        caption = sentence(
            f"{measure_name(key[2])} between networks{f' ({shared})' if shared else ''} at the "
            f"last layer of each ({key[3]} features, {key[4]} probe, {key[0]}), mean over runs; "
            f"blank where a pair was not compared. {FLOOR}"
        )
        artefacts.append(Artefact(slug("network-map", *key), caption, figure, (source,)))
    return artefacts


def _last_layers(rows: pl.DataFrame) -> tuple[pl.DataFrame, str]:
    """Return a cell per pair of networks at the last layer of each, and what all names share."""
    pair = ("backbone", "pretraining", "reference_backbone", "reference_pretraining")
    own = [
        cells.filter(
            layer=layer_order(cells["layer"])[-1],
            reference_layer=layer_order(cells["reference_layer"])[-1],
        )
        for _, cells in rows.group_by(pair, maintain_order=True)
    ]
    last = pl.concat(own).unique(["dataset", "setting", *pair], maintain_order=True)
    long = [
        " / ".join(names) for side in (0, 2) for names in last.select(pair[side : side + 2]).rows()
    ]
    short, shared = short_names(long)
    n = len(last)
    return (
        last.select(
            "dataset",
            "setting",
            "floor",
            row=pl.Series(short[:n], dtype=pl.String),
            column=pl.Series(short[n:], dtype=pl.String),
            value="mean",
        ),
        shared,
    )


def _mirrored(cells: pl.DataFrame) -> pl.DataFrame:
    """Return cells with each pair the other way round where only one way was compared."""
    other = cells.select(cells.columns).rename({"row": "column", "column": "row"})
    key = ["dataset", "setting", "row", "column"]
    return pl.concat([cells, other.select(cells.columns)]).unique(key, maintain_order=True)


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
