"""The similarity space of Zu et al. as a surface over its thresholds (Fig. 2)."""

from functools import partial

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, slug
from reports.exhibits.members import near_reference
from reports.exhibits.outcomes import of_what
from reports.exhibits.robustness import SCORES
from reports.exhibits.settings import of_own_head, with_setting
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
        rows = with_setting(of_own_head(data, _over_datasets(source.rows)))
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
                    f"{score_name(str(where['score']))} lies {near_reference(where)} "
                    f"({of_what(where)}). "
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


SURFACES = Exhibit(
    name="surfaces",
    title="The similarity space over its thresholds",
    queries=("membership_surfaces",),
    build=surfaces,
    missing="no members of the similarity space; repdrift analysis run finds them",
)
