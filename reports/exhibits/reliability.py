"""Is a network right as often as it says? Reliability diagrams of the held-out fold."""

from collections.abc import Mapping
from functools import partial

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, Selection, named, slug
from reports.exhibits.settings import CELL, with_setting
from reports.figures.reliability import Diagram, reliability_diagrams
from reports.formatting import number, percent
from reports.style import network

FIGURE = ("origin", "study", "confidence_source", "token", "n_neighbours")
PANEL = ("dataset", "setting")
ECE = "ece_width_15"
MOST_PANELS = 9


def build(data: Data) -> list[Artefact]:
    """Return one figure per origin and source of the confidences; more beyond nine panels."""
    artefacts = []
    for key in data.frames["reliability"].select(FIGURE).unique(maintain_order=True).rows():
        where = dict(zip(FIGURE, key, strict=True))
        bins = data.select("reliability", **where)
        scores = data.select("scores", split="test", score=ECE, **where)
        rows = with_setting(bins.rows).with_columns(
            series=named("backbone", "pretraining", network)
        )
        diagrams = [
            Diagram(f"{dataset}\n{setting}", own, _statistics(own, scores.rows))
            for (dataset, setting), own in rows.group_by(PANEL, maintain_order=True)
        ]
        artefacts += [
            _figure(data, (bins, scores), diagrams[start : start + MOST_PANELS], start)
            for start in range(0, len(diagrams), MOST_PANELS)
        ]
    return artefacts


def _figure(
    data: Data, sources: tuple[Selection, ...], diagrams: list[Diagram], start: int
) -> Artefact:
    where = sources[0].where
    return Artefact(
        name=slug("reliability", *(where[name] for name in FIGURE), start // MOST_PANELS or None),
        caption=(
            f"Reliability on the held-out fold, {_whose(where)} ({where['origin']}): how "
            "often forecasts of one confidence are right, in fifteen bins of equal width. Dashed: "
            f"perfectly calibrated. Lines: {percent(sources[0].rows['level'][0])} intervals "
            "(Wilson, with as many independent forecasts as images of one patient are worth). ECE: "
            "calibration error of these bins, over the forecasts of all runs; then the mean over "
            "runs with its interval."
        ),
        content=partial(reliability_diagrams, diagrams, data.networks),
        sources=sources,
    )


def _whose(where: Mapping[str, object]) -> str:
    if where["confidence_source"] == "head":
        return "confidences of the head"
    return f"vote of {where['n_neighbours']} neighbours ({where['token']} features)"


def _statistics(bins: pl.DataFrame, scores: pl.DataFrame) -> dict[str, str]:
    lines = {}
    for (series,), own in bins.group_by("series", maintain_order=True):
        cell = scores.join(own.select(CELL).unique(), on=CELL, nulls_equal=True, how="semi")
        n_runs = own["run_ids"].explode().n_unique()
        text = f"ECE {number(own['ece'][0], 3)}"
        if len(cell) and n_runs > 1:
            mean, low, high = cell.select("estimate", "ci_low", "ci_high").row(0)
            text += f"; runs {number(mean, 3)}"
            if low is not None:
                text += f" [{number(low, 3)}, {number(high, 3)}]"
        size = f"n {own['n_forecasts'].sum():,}, {n_runs} run{'s' * (n_runs > 1)}"
        lines[str(series)] = f"{text}\n{size}"
    return lines


EXHIBIT = Exhibit(
    name="reliability",
    title="Calibration",
    queries=("reliability", "scores"),
    build=build,
    missing="no predictions of the held-out fold; repdrift analysis run bins those that runs kept",
)
