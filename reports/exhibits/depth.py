"""How much must be trained: scores by number of frozen or kept blocks (Pales Huix, Fig. 4, 5)."""

from functools import partial

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, named, slug
from reports.figures.depth import depth_curves
from reports.style import network
from reports.wording import TASK_SCORES, score_name

WORDS = {"freeze_first_k": "blocks frozen", "keep_first_k": "blocks kept"}


def build(data: Data) -> list[Artefact]:
    """Return one figure per origin, adaptation and task score."""
    rows = data.frames["scores"].filter(
        pl.col("n_blocks").is_not_null(),
        pl.col("split") == "test",
        pl.col("confidence_source") == "head",
        pl.col("score").is_in(TASK_SCORES),
    )
    artefacts = []
    for key in rows.select("origin", "adaptation", "score").unique(maintain_order=True).rows():
        origin, adaptation, score = key
        source = data.select(
            "scores",
            origin=origin,
            adaptation=adaptation,
            score=score,
            split="test",
            confidence_source="head",
        )
        own = source.rows.with_columns(series=named("backbone", "pretraining", network))
        panels = [
            (str(dataset), frame)
            for (dataset,), frame in own.group_by("dataset", maintain_order=True)
        ]
        figure = partial(
            depth_curves,
            panels,
            data.networks,
            x_label=WORDS.get(adaptation, adaptation),
            y_label=score_name(score),
        )
        caption = (
            f"{score_name(score)} on the held-out fold by {WORDS.get(adaptation, adaptation)} "
            f"({origin}). Lines: intervals over {own['uncertainty'][0]}s."
        )
        artefacts.append(Artefact(slug("depth", *key), caption, figure, (source,)))
    return artefacts


EXHIBIT = Exhibit(
    name="depth",
    title="How many blocks must be trained",
    queries=("scores",),
    build=build,
    missing="no runs with frozen or kept blocks; adaptation freeze_first_k or keep_first_k",
)
