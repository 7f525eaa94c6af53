"""Final similarity against score, run by run, and how many belong together (Zu et al., Fig. 4b)."""

from collections.abc import Mapping
from functools import partial

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, Selection, named, slug
from reports.exhibits.settings import of_own_head, with_setting
from reports.figures.space import SpacePanel, panels_on_a_page, space_panels
from reports.formatting import number, percent
from reports.layers import layer_order
from reports.style import network
from reports.wording import measure_name, score_name

SPACE = ("study", "measure", "token", "probe", "score", "reference_policy", "divergence")
FIGURE = ("origin", *SPACE, "eta", "epsilon")
PANEL = ("dataset", "setting")
REFERENCES = {
    "best": "the best network's mean",
    "linear": "the mean of frozen backbones",
    "scratch": "the mean from scratch",
}


def build(data: Data) -> list[Artefact]:
    """Return one figure per origin, study, measure, score and thresholds, of the last layer."""
    artefacts = []
    for key in data.frames["memberships"].select(FIGURE).unique(maintain_order=True).rows():
        where = dict(zip(FIGURE, key, strict=True))
        last = layer_order(data.select("memberships", **where).rows["layer"].to_list())[-1]
        sets = data.select("memberships", **where, layer=last)
        shared = {name: where[name] for name in ("origin", "study", "measure", "token", "probe")}
        points = data.select(
            "similarity_by_outcome", **shared, layer=last, outcome=f"score:{where['score']}"
        )
        panels = [
            _panel(f"{dataset}\n{setting}", own, points.rows)
            for (dataset, setting), own in with_setting(of_own_head(data, sets.rows)).group_by(
                PANEL, maintain_order=True
            )
        ]
        most = panels_on_a_page(panels)
        artefacts += [
            _figure(data, (sets, points), panels[start : start + most], start // most)
            for start in range(0, len(panels), most)
        ]
    return artefacts


def _figure(
    data: Data, sources: tuple[Selection, ...], panels: list[SpacePanel], part: int
) -> Artefact:
    where = sources[0].where
    measure, score = measure_name(str(where["measure"])), score_name(str(where["score"]))
    layer = where["layer"]
    return Artefact(
        name=slug(
            "members",
            *(where[name] for name in FIGURE),
            part or None,
        ),
        caption=(
            f"Final {measure} of {layer} to the pre-trained model ({where['token']} features, "
            f"{where['probe']} probe) against {score} on the held-out fold ({where['origin']}). A "
            f"point is a run. Grey: the similarity space of Zu et al. (eq. 5) at η = "
            f"{where['eta']}, ε = {where['epsilon']}: similarity of at least 1 − η, {score} "
            f"{near_reference(where)}. Printed: runs that belong, of how many, their share with "
            f"its {percent(sources[0].rows['level'][0])} interval."
        ),
        content=partial(
            space_panels, panels, data.networks, x_label=f"{measure}, {layer}", y_label=score
        ),
        sources=sources,
    )


def near_reference(where: Mapping[str, object]) -> str:
    """Return in words how near to its reference the score of a member is.

    Examples
    --------
    >>> near_reference({"divergence": "shortfall", "reference_policy": "linear"})
    'at most ε below the mean of frozen backbones'
    """
    side = "at most ε below" if where["divergence"] == "shortfall" else "within ε of"
    return f"{side} {REFERENCES[str(where['reference_policy'])]}"


def _panel(title: str, sets: pl.DataFrame, points: pl.DataFrame) -> SpacePanel:
    sets = sets.with_columns(series=named("backbone", "pretraining", network)).sort("series")
    members = sets["run_ids"].explode().implode()
    runs = points.filter(pl.col("run_id").is_in(members)).select(
        series=named("backbone", "pretraining", network), x="similarity", y="outcome_value"
    )
    first = sets.row(0, named=True)
    reference, epsilon = first["reference_score"], first["epsilon"]
    scores = None
    if reference is not None and sets["reference_score"].n_unique() == 1:
        is_open = first["divergence"] == "shortfall"
        scores = (reference - epsilon, 1.0 if is_open else reference + epsilon)
    return SpacePanel(title, runs, 1 - first["eta"], scores, _statistics(sets))


def _statistics(sets: pl.DataFrame) -> dict[str, str]:
    return {
        row["series"]: (
            f"{row['n_members']} of {row['n_runs']}, {number(row['fraction'], 2)} "
            f"[{number(row['ci_low'], 2)}, {number(row['ci_high'], 2)}]"
        )
        for row in sets.iter_rows(named=True)
    }


EXHIBIT = Exhibit(
    name="members",
    title="Similar and good?",
    queries=("memberships", "similarity_by_outcome"),
    build=build,
    missing="no members of the similarity space; repdrift analysis run counts them",
)
