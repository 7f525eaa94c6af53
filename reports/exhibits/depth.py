"""How much must be trained: scores by number of frozen or kept blocks (Pales Huix, Fig. 4, 5)."""

from functools import partial

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, named, slug
from reports.exhibits.score_matrix import one_score_per_dataset, varying
from reports.figures.depth import depth_curves
from reports.formatting import percent
from reports.style import network
from reports.wording import TASK_SCORES, score_name

SET = ("origin", "study", "adaptation", "variant")
WHOLE = {"freeze_first_k": ("full",)}  # to freeze none is to fine-tune whole
WORDS = {
    "freeze_first_k": "blocks frozen",
    "keep_first_k": "blocks kept",
    "keep_first_k_frozen": "blocks kept, frozen",
}


def build(data: Data) -> list[Artefact]:
    """Return one figure per set of runs and adaptation, a panel per dataset."""
    rows = data.frames["scores"].filter(pl.col("n_blocks").is_not_null())
    artefacts = []
    for key in rows.select(SET).unique(maintain_order=True).rows():
        origin, study, adaptation, variant = key
        source = data.select(
            "scores",
            origin=origin,
            study=study,
            adaptation=(adaptation, *WHOLE.get(adaptation, ())),
            variant=("", variant) if variant else "",
            score=TASK_SCORES,
            split="test",
            confidence_source="head",
        )
        own = _with_whole(one_score_per_dataset(source.rows), adaptation)
        if own.is_empty():
            continue
        figure = partial(
            depth_curves,
            [
                (f"{dataset}, {score_name(score)}", frame)
                for (dataset, score), frame in own.group_by("dataset", "score", maintain_order=True)
            ],
            data.networks,
            x_label=WORDS.get(adaptation, adaptation),
            y_label="score",
        )
        whole = " 0: fine-tuned whole." if adaptation in WHOLE else ""
        caption = (
            f"Score on the held-out fold by {WORDS.get(adaptation, adaptation)} ({origin}).{whole} "
            f"Lines: {percent(own['level'][0])} intervals over {varying(own)}s, where there are "
            "several."
        )
        name = slug("depth", *key)
        artefacts.append(Artefact(name, caption, figure, (source,)))
    return artefacts


def _with_whole(rows: pl.DataFrame, adaptation: str) -> pl.DataFrame:
    """Return the cells of an adaptation, and those fine-tuned whole as 0 blocks beside them."""
    network_and_head = ["dataset", "backbone", "pretraining", "pooling", "head"]
    parts = rows.filter(pl.col("adaptation") == adaptation)
    whole = rows.filter(pl.col("adaptation") != adaptation).join(
        parts, on=network_and_head, how="semi"
    )
    return (
        pl.concat([whole.with_columns(n_blocks=pl.lit(0, whole.schema["n_blocks"])), parts])
        .with_columns(series=named("backbone", "pretraining", network))
        .sort("dataset", "series", "n_blocks", maintain_order=True)
    )


EXHIBIT = Exhibit(
    name="depth",
    title="How many blocks must be trained",
    queries=("scores",),
    build=build,
    missing="no runs with frozen or kept blocks; adaptation freeze_first_k or keep_first_k",
)
