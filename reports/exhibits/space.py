"""The similarity space of Zu et al.: who belongs, at which thresholds, and how it got there."""

from collections.abc import Callable
from functools import partial

import polars as pl
from matplotlib.figure import Figure

from reports.exhibits.exhibit import Artefact, Data, Exhibit, Selection, named, slug
from reports.exhibits.robustness import SCORES
from reports.exhibits.settings import with_setting
from reports.figures.bands import mean_bands
from reports.figures.boxes import quartile_boxes
from reports.figures.surface import membership_surfaces
from reports.layers import layer_order
from reports.style import network
from reports.wording import measure_name, score_name

SURFACE = (
    "origin",
    "study",
    "token",
    "probe",
    "measure",
    "score",
    "reference_policy",
    "divergence",
)
SET = ("backbone", "pretraining", "setting", "scope", "dataset")
CELLS = ("origin", "study", "token", "probe", "measure")
MOST_PANELS = 12


def surfaces(data: Data) -> list[Artefact]:
    """Return, per measure and score, the share of members over the thresholds, last layer."""
    artefacts = []
    frame = data.frames["membership_surfaces"]
    for key in frame.select(SURFACE).unique(maintain_order=True).rows():
        where = dict(zip(SURFACE, key, strict=True))
        if where["score"] not in SCORES:
            continue
        last = _last_layer(data.select("membership_surfaces", **where).rows)
        source = data.select("membership_surfaces", **where, layer=last)
        rows = with_setting(_over_datasets(source.rows))
        panels = [
            (
                f"{network(backbone, pretraining)}\n{setting}, {dataset or scope}",
                own,
            )
            for (backbone, pretraining, setting, scope, dataset), own in rows.group_by(
                SET, maintain_order=True
            )
        ][:MOST_PANELS]
        artefacts.append(
            Artefact(
                name=slug("surface", *key),
                caption=(
                    "Similarity space of Zu et al. (eq. 5, 6) from data: share of runs whose "
                    f"{measure_name(str(where['measure']))} at {last} is at least 1 − η and whose "
                    f"{score_name(str(where['score']))} lies within ε of the reference "
                    f"({where['reference_policy']}, {where['divergence']}; {where['origin']}). "
                    "Intersection: members on every dataset. Line: half of them belong."
                ),
                content=partial(membership_surfaces, panels),
                sources=(source,),
            )
        )
    return artefacts


def _over_datasets(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the intersection over datasets where there is one, else each dataset."""
    joint = rows.filter(scope="intersection")
    return joint if len(joint) else rows.filter(scope="dataset")


def _last_layer(rows: pl.DataFrame) -> str:
    return layer_order(rows["layer"].to_list())[-1]


def bands(data: Data) -> list[Artefact]:
    """Return, per measure, the mean trajectory of the last layer with its simultaneous band."""
    return [
        _by_cell(data, "mean_trajectories", key, draw=mean_bands, name="bands", what=_BANDS)
        for key in data.frames["mean_trajectories"].select(CELLS).unique(maintain_order=True).rows()
    ]


def distributions(data: Data) -> list[Artefact]:
    """Return, per measure, the final similarity of the last layer as quartiles."""
    frame = data.frames["similarity_distributions"]
    return [
        _by_cell(
            data, "similarity_distributions", key, draw=quartile_boxes, name="final", what=_BOXES
        )
        for key in frame.select(CELLS).unique(maintain_order=True).rows()
    ]


_BANDS = (
    "Mean {measure} of {layer} to the pre-trained model over runs, by epoch ({origin}). Shaded: a "
    "band that covers the whole mean trajectory with {level}, not each epoch alone."
)
_BOXES = (
    "{measure} of {layer} to the pre-trained model after fine-tuning ({origin}): median, quartiles "
    "and extremes over runs."
)


def _by_cell(
    data: Data,
    query: str,
    key: tuple[str, ...],
    *,
    draw: Callable[..., Figure],
    name: str,
    what: str,
) -> Artefact:
    where = dict(zip(CELLS, key, strict=True))
    last = _last_layer(data.select(query, **where).rows)
    source = data.select(query, **where, layer=last)
    measure = measure_name(where["measure"])
    panels = _panels(source, by_dataset=query == "mean_trajectories")
    level = f"{source.rows['level'][0]:.0%} confidence" if "level" in source.rows.columns else ""
    return Artefact(
        name=slug(name, *key),
        caption=what.format(measure=measure, layer=last, origin=where["origin"], level=level),
        content=partial(draw, panels, data.networks, y_label=f"{measure}, {last}"),
        sources=(source,),
    )


def _panels(source: Selection, *, by_dataset: bool) -> list[tuple[str, pl.DataFrame]]:
    rows = with_setting(source.rows).with_columns(
        series=named("backbone", "pretraining", network), group=pl.col("dataset")
    )
    title = ["dataset", "setting"] if by_dataset else ["setting"]
    return [
        ("\n".join(str(word) for word in name), frame)
        for name, frame in rows.group_by(title, maintain_order=True)
    ][:MOST_PANELS]


SURFACES = Exhibit(
    name="surfaces",
    title="The similarity space over its thresholds",
    queries=("membership_surfaces",),
    build=surfaces,
    missing="no members of the similarity space; repdrift analysis run finds them",
)
BANDS = Exhibit(
    name="bands",
    title="Mean trajectories",
    queries=("mean_trajectories",),
    build=bands,
    missing="no mean trajectories; they take similarities at several epochs",
)
DISTRIBUTIONS = Exhibit(
    name="distributions",
    title="Final similarity",
    queries=("similarity_distributions",),
    build=distributions,
    missing="no distributions of final similarity",
)
