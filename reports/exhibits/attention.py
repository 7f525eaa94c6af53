"""Where vision transformers look before and after fine-tuning: maps, and numbers by block."""

from functools import partial

import numpy as np
import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, Selection, named, slug
from reports.exhibits.settings import CELL, with_setting
from reports.figures.attention import Image, Look, Map, attention_panels
from reports.figures.attention_profiles import STATISTICS, attention_profiles
from reports.formatting import number
from reports.layers import layer_order
from reports.style import network

FIGURE = ("origin", "study", "probe")
PANEL = ("dataset", "setting")
KINDS = {
    "cls_attention": "class token",
    "rollout": "rollout",
    "mean_patch_similarity": "patch mean",
}
STAGES = ("pre-trained", "fine-tuned")
MOST_NETWORKS = 3
MOST_ROWS = 4


def map_figures(data: Data) -> list[Artefact]:
    """Return, per probe, dataset and setting, the maps of three networks a figure."""
    artefacts = []
    for key in data.frames["attention_maps"].select(FIGURE).unique(maintain_order=True).rows():
        where = dict(zip(FIGURE, key, strict=True))
        maps = data.select("attention_maps", **where)
        numbers = data.select("attention_statistics", **where)
        for (dataset, setting), own in with_setting(maps.rows).group_by(PANEL, maintain_order=True):
            images = data.select("probe_images", dataset=dataset, probe=where["probe"])
            shown = own.with_columns(series=named("backbone", "pretraining", network))
            names = shown["series"].unique(maintain_order=True).to_list()
            for start in range(0, len(names), MOST_NETWORKS):
                part = names[start : start + MOST_NETWORKS]
                looks = [
                    look
                    for name in part
                    for look in _looks(name, shown.filter(series=name), images.rows, numbers.rows)
                ]
                artefacts.append(
                    Artefact(
                        name=slug("attention", *key, dataset, setting, start or None),
                        caption=_caption(shown, str(dataset), str(setting), str(where["origin"])),
                        content=partial(attention_panels, looks, _kinds(shown)),
                        sources=(maps, numbers, images),
                    )
                )
    return artefacts


def _caption(rows: pl.DataFrame, dataset: str, setting: str, origin: str) -> str:
    probe, layer = rows.select("probe", "layer").row(0)
    return (
        f"Where the last block ({layer}) looks on images of the {probe} probe before and after "
        f"fine-tuning on {dataset} ({setting}; {origin}): attention of the class token (mean over "
        "heads), rolled out through all blocks, and likeness of each patch to the mean of all "
        "patches. One run per network, the first by fold and seed; the first three images of the "
        "probe. The maps of a pair share one scale, from none (dark) to the largest value, "
        "printed as a multiple of attention spread evenly. Beside: means over runs at that block."
    )


def _kinds(rows: pl.DataFrame) -> dict[str, str]:
    found = set(rows["kind"])
    return {kind: name for kind, name in KINDS.items() if kind in found}


def _looks(
    name: str, rows: pl.DataFrame, images: pl.DataFrame, numbers: pl.DataFrame
) -> list[Look]:
    note = _note(rows, numbers)
    return [
        Look(name, _image(images.filter(sample_id=sample)), _pairs(own), note)
        for (sample,), own in rows.group_by("sample_id", maintain_order=True)
    ]


def _pairs(rows: pl.DataFrame) -> dict[str, tuple[Map, Map]]:
    """Return the maps of one image by kind, before and after; a kind without both has none."""
    pairs = {}
    for (kind,), own in rows.group_by("kind", maintain_order=True):
        grids = {
            row["stage"]: np.asarray(row["attention"], dtype=np.float64).reshape(
                row["height"], row["width"]
            )
            for row in own.iter_rows(named=True)
        }
        if set(grids) == set(STAGES):
            pairs[str(kind)] = (grids["pre-trained"], grids["fine-tuned"])
    return pairs


def _image(rows: pl.DataFrame) -> Image | None:
    for row in rows.iter_rows(named=True):
        shape = (row["height"], row["width"], row["n_channels"])
        pixels = np.asarray(row["pixels"], dtype=np.uint8).reshape(shape)
        return pixels[:, :, 0] if row["n_channels"] == 1 else pixels
    return None


def _note(rows: pl.DataFrame, numbers: pl.DataFrame) -> str:
    own = numbers.join(
        rows.select(*CELL, "layer").unique(), on=[*CELL, "layer"], nulls_equal=True, how="semi"
    )
    lines = [
        f"{label} {number(row['before'], digits, scale=scale)} → "
        f"{number(row['after'], digits, scale=scale)} {unit}"
        for statistic, (label, unit, digits, scale) in STATISTICS.items()
        for row in own.filter(statistic=statistic).iter_rows(named=True)
    ]
    n_runs = max(own["n_runs"].to_list(), default=0)
    return "\n".join([*lines, f"n {n_runs} run{'s' * (n_runs != 1)}"]) if lines else ""


def profile_figures(data: Data) -> list[Artefact]:
    """Return, per probe, the numbers of every block before and after, a row per setting."""
    artefacts = []
    rows = data.frames["attention_statistics"]
    for key in rows.select(FIGURE).unique(maintain_order=True).rows():
        source = data.select("attention_statistics", **dict(zip(FIGURE, key, strict=True)))
        cells = [
            (f"{dataset}, {setting}", own)
            for (dataset, setting), own in with_setting(source.rows)
            .with_columns(series=named("backbone", "pretraining", network))
            .group_by(PANEL, maintain_order=True)
        ]
        artefacts += [
            _profiles(data, source, cells[start : start + MOST_ROWS], start // MOST_ROWS)
            for start in range(0, len(cells), MOST_ROWS)
        ]
    return artefacts


def _profiles(
    data: Data, source: Selection, cells: list[tuple[str, pl.DataFrame]], part: int
) -> Artefact:
    where = source.where
    return Artefact(
        name=slug("attention-by-block", *(where[name] for name in FIGURE), part or None),
        caption=(
            f"Attention by block on the {where['probe']} probe, before (thin) and after "
            f"fine-tuning ({where['origin']}), mean over runs. Entropy of the attention of a "
            "token; distance between a patch and the patches that it looks at; artefacts: share "
            "of patch tokens whose norm is more than three times the median of their image."
        ),
        content=partial(
            attention_profiles,
            cells,
            data.networks,
            layers=layer_order(source.rows["layer"].to_list()),
        ),
        sources=(source,),
    )


MAPS = Exhibit(
    name="attention",
    title="Where the networks look",
    queries=("attention_maps", "attention_statistics", "probe_images"),
    build=map_figures,
    missing="no maps of attention; repdrift collect keeps them of vision transformers",
)
PROFILES = Exhibit(
    name="attention-by-block",
    title="Attention, block by block",
    queries=("attention_statistics",),
    build=profile_figures,
    missing="no numbers on attention; repdrift collect takes them of vision transformers",
)
