"""What binning hides: the fit on bin means beside the fit on runs."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, Selection, matching, slug
from reports.exhibits.outcomes import (
    FIGURE,
    MOST_COLUMNS,
    MOST_FIGURES,
    MOST_ROWS,
    PANEL_ROW,
    is_shown,
    of_what,
    panel_heading,
)
from reports.exhibits.settings import of_own_head
from reports.figures.binned import BinnedPanel, binned_panels
from reports.layers import evenly_chosen, layer_order
from reports.wording import measure_name, outcome_name


def build(data: Data) -> list[Artefact]:
    """Return one figure per origin, outcome, measure, token and probe; more beyond three rows."""
    artefacts = []
    for key in data.frames["binned_fits"].select(FIGURE).unique(maintain_order=True).rows():
        where = dict(zip(FIGURE, key, strict=True))
        if not is_shown(str(where["outcome"])):
            continue
        fits = data.select("binned_fits", **where)
        points = data.select("similarity_by_outcome", **where)
        keys = of_own_head(data, fits.rows).select(PANEL_ROW).unique().sort(PANEL_ROW)
        keys = keys.head(MOST_ROWS * MOST_FIGURES)
        artefacts += [
            _figure(fits, points, keys[start : start + MOST_ROWS], start // MOST_ROWS)
            for start in range(0, len(keys), MOST_ROWS)
        ]
    return artefacts


def _figure(fits: Selection, points: Selection, keys: pl.DataFrame, part: int) -> Artefact:
    where = fits.where
    layers = evenly_chosen(layer_order(fits.rows["layer"].to_list()), MOST_COLUMNS)
    rows = [
        (
            panel_heading(key, keys),
            [
                _panel(row, points.rows)
                for layer in layers
                for row in fits.rows.filter(matching({**key, "layer": layer})).iter_rows(named=True)
            ],
        )
        for key in keys.iter_rows(named=True)
    ]
    measure, outcome = measure_name(str(where["measure"])), outcome_name(str(where["outcome"]))
    return Artefact(
        name=slug("bins", *(where[name] for name in FIGURE), part or None),
        caption=(
            f"What binning does: {outcome} on {measure} ({of_what(where)}), fitted on runs and on "
            "the means of equally wide bins of similarity without outliers, as Zu et al. fit it "
            "(Figure 5). R² of bin means says how well the means line up, not how well similarity "
            "predicts a run. Inflation: R² of bin means divided by R² of runs. By chance: the "
            "median when outcomes are shuffled over runs; p: the share of shuffles with a larger "
            "R²."
        ),
        content=partial(binned_panels, rows, x_label=measure, y_label=outcome),
        sources=(fits, points),
    )


def _panel(fit: Mapping[str, Any], points: pl.DataFrame) -> BinnedPanel:
    runs = points.filter(
        pl.col("run_id").is_in(list(fit["run_ids"])), pl.col("layer") == fit["layer"]
    ).select(x="similarity", y="outcome_value")
    bins = pl.DataFrame(
        {"x": fit["bin_similarities"], "y": fit["bin_outcomes"], "count": fit["bin_counts"]}
    )
    numbers = {name: value for name, value in fit.items() if isinstance(value, int | float)}
    return BinnedPanel(str(fit["layer"]), runs, numbers, bins)


EXHIBIT = Exhibit(
    name="bins",
    title="What bins hide",
    queries=("binned_fits", "similarity_by_outcome"),
    build=build,
    missing="no fits on bin means; repdrift analysis run fills them where runs are enough",
)
