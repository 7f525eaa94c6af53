"""Forgetting: k-NN accuracy on the source probe before and after (Zu et al., Fig. 1a)."""

from functools import partial

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, named, slug
from reports.figures.strips import strips
from reports.style import network, ordered_appearances
from reports.wording import adaptation_name

STAGES = ("pre-trained", "fine-tuned")
KEY = ("origin", "study", "token", "n_neighbours")


def build(data: Data) -> list[Artefact]:
    """Return one figure per origin, token and number of neighbours, a panel per adaptation."""
    rows = data.frames["source_knn"]
    artefacts = []
    for key in rows.select(KEY).unique(maintain_order=True).rows():
        source = data.select("source_knn", **dict(zip(KEY, key, strict=True)))
        own = source.rows.with_columns(
            group=pl.concat_str(
                "dataset", named("backbone", "pretraining", network), separator="\n"
            ),
            series=pl.col("stage"),
            title=named("adaptation", "n_blocks", adaptation_name),
        )
        panels = [
            (str(title), frame) for (title,), frame in own.group_by("title", maintain_order=True)
        ]
        figure = partial(
            strips,
            panels,
            ordered_appearances(STAGES),
            groups=own["group"].unique(maintain_order=True).to_list(),
            series=STAGES,
            y_label="k-NN accuracy, source probe",
        )
        caption = (
            f"k-NN accuracy (k = {key[3]}, {key[2]} features) on the source probe before and after "
            f"fine-tuning ({key[0]}). A point is a run, a bar their mean."
        )
        artefacts.append(Artefact(slug("forgetting", *key), caption, figure, (source,)))
    return artefacts


EXHIBIT = Exhibit(
    name="forgetting",
    title="What is left of the source",
    queries=("source_knn",),
    build=build,
    missing="no k-NN on a source probe at epoch 0 and after; name a [source] in the study file",
)
