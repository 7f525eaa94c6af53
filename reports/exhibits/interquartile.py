"""Networks by what the middle half of their runs reaches, over all datasets."""

from functools import partial

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, slug
from reports.exhibits.rankings import GROUP, SHOWN
from reports.figures.ranking import mean_intervals
from reports.formatting import percent
from reports.wording import score_name, short_names


def build(data: Data) -> list[Artefact]:
    """Return, per origin and score, interquartile means over the runs of all datasets."""
    artefacts = []
    for key in data.frames["rankings"].select(GROUP).unique(maintain_order=True).rows():
        source = data.select("rankings", **dict(zip(GROUP, key, strict=True)))
        first = source.rows.row(0, named=True)
        if first["score"] not in SHOWN or source.rows["iqm_low"].null_count() == len(source.rows):
            continue
        names, same = short_names(source.rows["network"].to_list())
        means = source.rows.select(
            network=pl.Series(names), mean="iqm", low="iqm_low", high="iqm_high"
        )
        score = score_name(first["score"])
        varying = source.rows["iqm_uncertainty"].drop_nulls()[0]
        artefacts.append(
            Artefact(
                name=slug("iqm", *key[:4], first["n_neighbours"] or None, first["score"]),
                caption=(
                    f"Interquartile mean of {score} over the runs of {first['n_datasets']} "
                    f"datasets ({first['origin']}{', all ' + same if same else ''}): the mean of "
                    "the middle half, which single runs far out do not move. "
                    f"{percent(first['level'])} intervals over {varying}s within these datasets "
                    "(bootknife); they say nothing of other datasets."
                ),
                content=partial(mean_intervals, means, x_label=f"interquartile mean of {score}"),
                sources=(source,),
            )
        )
    return artefacts


EXHIBIT = Exhibit(
    name="interquartile-means",
    title="Interquartile means over datasets",
    queries=("rankings",),
    build=build,
    missing="no ranking with two folds or seeds on every dataset",
)
