"""How many datasets, folds or seeds a comparison needs: power curves."""

from functools import partial

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, Selection, slug
from reports.exhibits.rankings import GROUP, SHOWN
from reports.figures.power import power_curves
from reports.formatting import percent
from reports.style import ordered_appearances
from reports.wording import score_name, short_names

FIGURE = (*GROUP, "dataset")
MOST_PAIRS = 6
MOST_FIGURES = 2  # of one score; the CSV has every pair
UNITS = {"dataset": "datasets", "fold": "folds", "seed": "seeds"}


def build(data: Data) -> list[Artefact]:
    """Return, per score and dataset (null: across datasets), the curves of six pairs a figure."""
    artefacts = []
    for key in data.frames["power_curves"].select(FIGURE).unique(maintain_order=True).rows():
        where = dict(zip(FIGURE, key, strict=True))
        if where["score"] not in SHOWN:
            continue
        source = data.select("power_curves", **where)
        names, same = short_names([*source.rows["first"], *source.rows["second"]])
        n = len(source.rows)
        rows = source.rows.with_columns(
            series=pl.format("{} against {}", pl.Series(names[:n]), pl.Series(names[n:]))
        )
        pairs = rows["series"].unique(maintain_order=True).to_list()
        shown = pairs[: MOST_PAIRS * MOST_FIGURES]
        artefacts += [
            _figure(source, rows, shown[start : start + MOST_PAIRS], same, start // MOST_PAIRS)
            for start in range(0, len(shown), MOST_PAIRS)
        ]
    return artefacts


def _figure(
    source: Selection, rows: pl.DataFrame, pairs: list[str], same: str, part: int
) -> Artefact:
    where = source.where
    shown = rows.filter(pl.col("series").is_in(pairs))
    units = [unit for unit in UNITS if unit in set(shown["unit"])]
    panels = [(UNITS[unit], shown.filter(unit=unit)) for unit in units]
    statistics = [_needed(own, words) for words, own in panels]
    first = shown.row(0, named=True)
    n_pairs = rows["series"].n_unique()
    rest = f" The CSV has all {n_pairs} pairs." if n_pairs > MOST_PAIRS * MOST_FIGURES else ""
    return Artefact(
        name=slug("power-curves", *(where[name] for name in FIGURE), part or None),
        caption=(
            f"What comparisons by {score_name(str(where['score']))} "
            f"{'on ' + str(where['dataset']) if where['dataset'] else 'across datasets'} find over "
            f"the number of units ({where['origin']}{', all ' + same if same else ''}). Left: the "
            f"smallest true difference found with probability {percent(first['power'])} by a "
            f"two-sided t test at {percent(1 - first['level'])}. Right: the probability of finding "
            "the wanted difference (dashed on the left). Large marks: the runs at hand. Where one "
            "unit is added the other two stay as they are. Printed: units that the wanted "
            "difference needs." + rest
        ),
        content=partial(power_curves, panels, ordered_appearances(pairs), statistics),
        sources=(source,),
    )


def _needed(rows: pl.DataFrame, units: str) -> dict[str, str]:
    """Return for each pair how many units the wanted effect needs."""
    needed = rows.unique("series", maintain_order=True).select("series", "n_units_needed")
    return {
        name: f"no number of {units} is enough" if count is None else f"needs {count:,} {units}"
        for name, count in needed.iter_rows()
    }


EXHIBIT = Exhibit(
    name="power-curves",
    title="What more runs would find",
    queries=("power_curves",),
    build=build,
    missing="no comparisons to plan from; repdrift analysis run draws the curves",
)
