"""Outcomes on similarity, layer by layer: points, line, band, and naive beside honest p-values."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, Selection, matching, slug
from reports.exhibits.settings import TREATMENT, of_own_head
from reports.figures.regression import Panel, PointGroup, point_groups, regression_panels
from reports.formatting import percent
from reports.layers import evenly_chosen, layer_order
from reports.style import network
from reports.wording import PRIMARY, adaptation_name, measure_name, outcome_name, sentence

FIGURE = ("origin", "study", "outcome", "measure", "token", "probe")
PANEL_ROW = ("backbone", "pretraining", *TREATMENT, "pooling", "head")
MOST_COLUMNS = 5
MOST_ROWS = 3
MOST_FIGURES = 4  # of one outcome and measure; the table of regressions has every network
SHOWN = ("gain_ratio", "calibration_error", "knn_accuracy")


def build(data: Data) -> list[Artefact]:
    """Return one figure per origin, outcome, measure, token and probe; more beyond three rows."""
    artefacts = []
    for key in data.frames["regressions"].select(FIGURE).unique(maintain_order=True).rows():
        where = dict(zip(FIGURE, key, strict=True))
        if is_shown(str(where["outcome"])):
            artefacts.extend(outcome_figures(data, where, name=slug("outcome", *key)))
    return artefacts


def is_shown(outcome: str) -> bool:
    """Return whether an outcome gets a figure: gains of task scores, calibration, k-NN accuracy."""
    kind, _, score = outcome.partition(":")
    return kind in SHOWN and (not score or score in PRIMARY)


def outcome_figures(
    data: Data, where: Mapping[str, object], *, name: str, x_label: str = ""
) -> list[Artefact]:
    """Return the figures of one outcome and measure, three rows of panels in each.

    The first twelve pairs of network and adaptation are drawn; the table has every one.

    Parameters
    ----------
    data : Data
        With the frames ``regressions`` and ``similarity_by_outcome``.
    where : mapping of str to str
        Values of columns that both frames have.
    name : str
        Stem of the file names; a second figure and those after it get a number.
    x_label : str
        Label of the x axis; by default the measure.
    """
    fits = data.select("regressions", **where)
    if _points(data, fits).rows.is_empty():  # results of before a change of what tells runs apart
        return []
    fitted = of_own_head(data, fits.rows.filter(method="ols", term="similarity", status="fitted"))
    keys = fitted.select(PANEL_ROW).unique().sort(PANEL_ROW)
    shown = keys.head(MOST_ROWS * MOST_FIGURES)
    parts = [shown[start : start + MOST_ROWS] for start in range(0, len(shown), MOST_ROWS)]
    return [
        _figure(data, fits, part, name=slug(name, index or None), x_label=x_label)
        for index, part in enumerate(parts)
    ]


def _points(data: Data, fits: Selection) -> Selection:
    return data.select(
        "similarity_by_outcome", **{key: fits.where[key] for key in fits.where if key in FIGURE}
    )


def _figure(
    data: Data, fits: Selection, keys: pl.DataFrame, *, name: str, x_label: str
) -> Artefact:
    points = _points(data, fits)
    every_layer = layer_order(fits.rows["layer"].to_list())
    layers = evenly_chosen(every_layer, MOST_COLUMNS)
    several = points.rows["dataset"].n_unique() > 1
    rows = [
        (
            panel_heading(key, keys),
            [_panel(fits.rows, points.rows, key, layer, several) for layer in layers],
        )
        for key in keys.iter_rows(named=True)
    ]
    measure = measure_name(str(fits.where["measure"]))
    figure = partial(
        regression_panels,
        rows,
        data.datasets if several else data.networks,
        x_label=x_label or f"{measure} to the pre-trained model",
        y_label=outcome_name(str(fits.where["outcome"])),
    )
    left_out = len(every_layer) - len(layers)
    return Artefact(
        name=name,
        caption=caption(fits, measure, several) + _further_layers(left_out),
        content=figure,
        sources=(points, fits),
        hover={group.gid: _details(group) for group in point_groups(rows)},
    )


def _further_layers(n: int) -> str:
    """Return where the layers are that have no panel."""
    if not n:
        return ""
    return f" {n} further {'layer is' if n == 1 else 'layers are'} in the table of regressions."


def _details(group: PointGroup) -> pl.DataFrame:
    return group.points.select(
        pl.col("run_id").alias("run"),
        "dataset",
        "adaptation",
        "fold",
        "seed",
        pl.lit(group.panel.title).alias("layer"),
        pl.col("x").alias("similarity"),
        pl.col("y").alias("outcome"),
    )


def caption(fits: Selection, measure: str, several: bool) -> str:
    """Return what a reader must know: unit, line, band, and how each p-value was made."""
    outcome = outcome_name(str(fits.where["outcome"]))
    return (
        f"{sentence(outcome)} against {measure} per layer ({of_what(fits.where)}). "
        f"A point is a run{', its colour and marker the dataset' if several else ''}. "
        "Line: least squares on the runs; band: pointwise "
        f"{percent(fits.rows['level'][0])} for the mean, as if runs were independent; p naive: the "
        "same assumption. p clustered: standard errors by dataset (CR1); p wild: wild cluster "
        "bootstrap. Unadjusted; the table of regressions has adjusted values."
    )


def of_what(where: Mapping[str, object]) -> str:
    """Return in words which features, images and runs the rows are of, as far as it is said."""
    words = [f"{where[name]} {word}" for name, word in _SHARED.items() if name in where]
    return ", ".join([*words, str(where["origin"])])


_SHARED = {"token": "features", "probe": "probe"}


def panel_heading(key: Mapping[str, Any], keys: pl.DataFrame) -> str:
    """Return the heading of a row of panels: network, adaptation, and the head if heads differ."""
    name = network(key["backbone"], key["pretraining"])
    return f"{name}, {own_setting(key, keys)}"


def own_setting(key: Mapping[str, Any], keys: pl.DataFrame) -> str:
    """Return the adaptation, and the head where those of all keys differ in it."""
    words = [adaptation_name(*(key[name] for name in TREATMENT))]
    poolings, heads = (keys[name].n_unique() > 1 for name in ("pooling", "head"))
    if poolings or heads:
        on = f" on {key['pooling']}" if poolings else ""
        words.append(f"{key['head']} head{on}" if heads else f"head{on}")
    return ", ".join(words)


def _panel(
    fits: pl.DataFrame, points: pl.DataFrame, key: Mapping[str, Any], layer: str, several: bool
) -> Panel:
    fit = fits.filter(matching({**key, "layer": layer}))
    runs = fit.filter(term="similarity")["run_ids"].explode().unique()
    shown = points.filter(pl.col("run_id").is_in(runs.implode()), layer=layer)
    name = network(key["backbone"], key["pretraining"])
    return Panel(
        title=layer,
        points=shown.select(
            x="similarity",
            y="outcome_value",
            series=pl.col("dataset") if several else pl.lit(name),
            run_id="run_id",
            dataset="dataset",
            adaptation="adaptation",
            fold="fold",
            seed="seed",
        ),
        fit=fit,
    )


EXHIBIT = Exhibit(
    name="outcomes",
    title="Does similarity say anything about the outcome?",
    queries=("regressions", "similarity_by_outcome"),
    build=build,
    missing="no regressions; repdrift analysis run fills them",
)
