"""The first layer before and after fine-tuning, filter by filter (Juodelyte et al., Fig. 4)."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, named, slug
from reports.exhibits.settings import with_setting
from reports.figures.filters import FilterPanel, filter_panels
from reports.formatting import number
from reports.style import network

FIGURE = ("origin", "study", "layer")
PANEL = ("dataset", "setting")
STAGES = {"pre-trained": "before", "fine-tuned": "after"}
MOST_NETWORKS = 4


def build(data: Data) -> list[Artefact]:
    """Return, per first layer, dataset and setting, filters before and after, a row per network."""
    artefacts = []
    for key in data.frames["filters"].select(FIGURE).unique(maintain_order=True).rows():
        source = data.select("filters", **dict(zip(FIGURE, key, strict=True)))
        changed = source.rows.filter(pl.col("adaptation") != "linear")
        rows = with_setting(changed).with_columns(series=named("backbone", "pretraining", network))
        for (dataset, setting), own in rows.group_by(PANEL, maintain_order=True):
            panels = [
                panel
                for (_,), one in own.group_by("series", maintain_order=True)
                for panel in _panels(one)
            ]
            for start in range(0, len(panels), 2 * MOST_NETWORKS):
                part = panels[start : start + 2 * MOST_NETWORKS]
                artefacts.append(
                    Artefact(
                        name=slug("filters", *key, dataset, setting, start or None),
                        caption=(
                            f"First 36 filters of {key[2]} before and after fine-tuning on "
                            f"{dataset} ({setting}; {key[0]}): first channel, each scaled from its "
                            "smallest weight (black) to its largest (white). One run per network, "
                            "the first by fold and seed. Change: distance of all filters from "
                            "those before, over the length of those." + _shapes(own)
                        ),
                        content=partial(filter_panels, part, columns=min(4, len(part))),
                        sources=(source,),
                    )
                )
    return artefacts


def _panels(rows: pl.DataFrame) -> list[FilterPanel]:
    """Return the filters of one run before and after, or nothing where one of them is missing."""
    found = {}
    for (stage,), own in rows.group_by("stage", maintain_order=True):
        first = own.row(0, named=True)
        weights = np.asarray(own["weights"].to_list(), dtype=np.float64)
        shape = (len(own), first["n_channels"], first["height"], first["width"])
        change = f"change {number(first['change'], 3)}" if stage == "fine-tuned" else " "
        found[str(stage)] = FilterPanel(
            f"{first['backbone']}\n{first['pretraining']}, {STAGES[str(stage)]}",
            weights.reshape(shape)[:, 0],
            _note(change, first),
        )
    return [found[stage] for stage in STAGES] if set(found) == set(STAGES) else []


def _note(change: str, row: Mapping[str, Any]) -> str:
    if row["gabor_r2"] is None:
        return change
    gabor, entropy = number(row["gabor_r2"], 2), number(row["spectral_entropy"], 2)
    return f"{change}\nGabor R² {gabor}, entropy {entropy}"


def _shapes(rows: pl.DataFrame) -> str:
    """Return what the numbers on the shape of filters are; '' where there are none."""
    known = rows.drop_nulls("gabor_r2")
    if known.is_empty():
        return ""
    gabor, entropy = known.select("gabor_r2_of_noise", "spectral_entropy_of_noise").row(0)
    return (
        " Gabor R²: median over filters of the variance that the best Gabor function explains; "
        f"95 % of noise kernels stay below {number(gabor, 2)}. Entropy of the power spectrum over "
        f"its maximum, mean over filters: {number(entropy, 2)} for noise."
    )


EXHIBIT = Exhibit(
    name="filters",
    title="Filters of the first layer",
    queries=("filters",),
    build=build,
    missing="no filters of the first layer; repdrift collect keeps them",
)
