"""Networks ranked over datasets."""

from functools import partial

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, slug
from reports.figures.ranking import critical_difference
from reports.formatting import p_value, percent
from reports.wording import score_name, short_names

GROUP = ("origin", "study", "split", "confidence_source", "n_neighbours", "score")
SHOWN = ("auc", "accuracy", "balanced_accuracy", "kappa_quadratic", "map_macro")


def ranking_figures(data: Data) -> list[Artefact]:
    """Return one critical-difference diagram per origin and score."""
    artefacts = []
    for key in data.frames["rankings"].select(GROUP).unique(maintain_order=True).rows():
        source = data.select("rankings", **dict(zip(GROUP, key, strict=True)))
        rows, first = source.rows, source.rows.row(0, named=True)
        if first["score"] not in SHOWN:
            continue
        names, same = short_names(rows["network"].to_list())
        ranks = rows.with_columns(network=pl.Series(names))
        friedman = p_value(first["friedman_p_value"])
        artefacts.append(
            Artefact(
                name=slug("ranks", *key[:4], first["n_neighbours"] or None, first["score"]),
                caption=(
                    f"Mean rank by {score_name(first['score'])} over {first['n_datasets']} "
                    f"datasets ({first['origin']}{', all ' + same if same else ''}), with "
                    f"{percent(first['level'])} intervals over datasets (t). Friedman test: "
                    f"{friedman}. Grey bars join networks that Nemenyi's test does not tell apart, "
                    "which does not make them the same."
                ),
                content=partial(critical_difference, ranks, critical=first["critical_difference"]),
                sources=(source,),
            )
        )
    return artefacts


EXHIBIT = Exhibit(
    name="rankings",
    title="Ranks over datasets",
    queries=("rankings",),
    build=ranking_figures,
    missing="no ranking; it takes several networks on the same two datasets or more",
)
