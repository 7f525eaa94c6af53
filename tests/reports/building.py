"""What the tests of exhibits share: rows to insert, artefacts built of them, marks drawn."""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import polars as pl
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.collections import Collection, LineCollection
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from reports.exhibits.exhibit import Artefact, Data, Exhibit
from reports.rendering import artefact_files
from reports.store import read
from reports.style import RC, appearances
from reports.tables.markdown import markdown_table
from reports.tables.model import Table
from tests.reports.conftest import DATASETS, insert

FIT: dict[str, object] = {
    "analysis_id": "a1",
    "origin": "juodelyte2023",
    "backbone": "resnet50",
    "pretraining": "ImageNet",
    "adaptation": "full",
    "layer": "conv1",
    "token": "spatial",
    "probe": "target",
    "measure": "cca_mean_juodelyte",
}
GROUP: dict[str, object] = {
    "analysis_id": "a1",
    "origin": "juodelyte2023",
    "split": "test",
    "confidence_source": "head",
    "n_neighbours": 0,
    "score": "auc",
    "level": 0.95,
}


def built(con, exhibit: Exhibit) -> list[Artefact]:
    """Return the artefacts of one exhibit."""
    frames = {name: read(con, name) for name in exhibit.queries}
    networks = ["resnet50 · ImageNet", "resnet50 · RadImageNet", "vit · imagenet", "vit · dino"]
    return exhibit.build(Data(frames, appearances(networks), appearances(DATASETS)))


def figure_of(artefact: Artefact) -> Figure:
    """Draw a figure and check that it is legible."""
    assert not isinstance(artefact.content, Table)
    with rc_context(RC):
        figure = artefact.content()
        assert_nothing_overlaps(figure)
    return figure


def lines_of(artefact: Artefact) -> list[str]:
    """Return the rows of a table as Markdown."""
    assert isinstance(artefact.content, Table)
    artefact_files(artefact)
    return [line for line in markdown_table(artefact.content).splitlines() if line.startswith("|")]


def rows(*each: Mapping[str, object]) -> pl.DataFrame:
    """Return rows as a frame."""
    return pl.DataFrame(list(each), infer_schema_length=None)


def add_runs(con, *each: Mapping[str, object]) -> None:
    """Insert runs of a network vit."""
    common = {
        "study": "s",
        "origin": "repdrift",
        "status": "complete",
        "backbone": "vit",
        "pooling": "cls",
        "head": "linear",
        "dataset": "breast",
        "task": "binary",
        "fold": 1,
        "n_folds": 5,
        "seed": 0,
        "selected_epoch": 2,
        "shard_hash": "0",
    }
    insert(con, "raw.runs", rows(*({**common, **run} for run in each)))


def similarity(**values: object) -> dict[str, object]:
    """Return a row of raw.similarities at the selected epoch."""
    return {
        "run_id": "v1",
        "epoch": 2,
        "token": "cls",
        "reference": "pretrained",
        "probe": "target",
        "measure": "cka_linear_debiased",
        "null_mean": 0.0,
        "null_sd": 0.1,
    } | values


def drawn(line: Line2D) -> np.ndarray:
    """Return what a line draws, one point a row."""
    return np.column_stack([np.asarray(line.get_xdata()), np.asarray(line.get_ydata())])


def segments(lines: Collection) -> list[np.ndarray]:
    """Return the ends of straight lines that are drawn together, one line an array."""
    assert isinstance(lines, LineCollection)
    return [np.asarray(ends) for ends in lines.get_segments()]


def ydata(line: Line2D) -> list[float]:
    """Return the heights that a line draws."""
    return [float(y) for y in drawn(line)[:, 1]]


def assert_nothing_overlaps(figure: Figure) -> None:
    """Every text lies inside the figure; legend, labels and ticks keep clear."""
    figure.draw_without_rendering()
    renderer = FigureCanvasAgg(figure).get_renderer()
    inside = figure.bbox.padded(1)
    outer = [legend.get_window_extent(renderer) for legend in figure.legends]
    outer += [text.get_window_extent(renderer) for text in figure.texts]
    tight = [axis.get_tightbbox(renderer) for axis in figure.axes if axis.axison]
    panels = [box for box in tight if box is not None]
    for box in (*outer, *panels):
        assert inside.x0 <= box.x0
        assert box.x1 <= inside.x1
        assert inside.y0 <= box.y0
        assert box.y1 <= inside.y1
    for axis in figure.axes:
        label = axis.yaxis.label.get_window_extent(renderer)
        ticks = [tick for tick in axis.get_yticklabels() if tick.get_text()]
        if axis.axison and axis.get_ylabel():
            assert not any(label.overlaps(tick.get_window_extent(renderer)) for tick in ticks)
        assert_ticks_keep_apart(axis, renderer)
    boxes = outer + panels
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            assert not one.padded(-1).overlaps(other.padded(-1))


def assert_ticks_keep_apart(axis: Axes, renderer: RendererAgg) -> None:
    """No number of the x axis runs into the next one."""
    low, high = axis.get_xlim()
    ticks = [
        tick.get_window_extent(renderer)
        for tick in axis.get_xticklabels()
        if tick.get_text() and not tick.get_rotation() and low <= tick.get_position()[0] <= high
    ]
    for one, other in pairwise(ticks):
        assert one.x1 + 0.5 * one.height <= other.x0
