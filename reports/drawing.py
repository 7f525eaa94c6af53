"""Figures as bytes: PDF for print, PNG for everything else, SVG for the page; on all cores."""

import io
import multiprocessing
import os
import pickle
import signal
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import polars as pl
from matplotlib import rc_context
from matplotlib.figure import Figure

from reports.exhibits.exhibit import Artefact
from reports.figures.svg import inline_svg
from reports.page import prefix_of
from reports.style import RC
from reports.tables.model import Table

FIGURE_METADATA: Mapping[str, Mapping[str, str | None]] = {
    "pdf": {"Creator": "repdrift", "Producer": None, "CreationDate": None, "ModDate": None},
    "png": {"Software": None},
}
PNG_DPI = 200
LEAST_PER_PROCESS = 6  # fewer take less time than a process takes to start


@dataclass(frozen=True)
class Drawing:
    """One figure: its files by their path in the report, and the SVG that the page holds."""

    files: dict[str, bytes]
    svg: str


def drawn(artefacts: Sequence[Artefact]) -> dict[str, Drawing]:
    """Draw the figures among artefacts.

    Parameters
    ----------
    artefacts : sequence of Artefact
        Tables among them are left out.

    Returns
    -------
    dict of str to Drawing
        By name, in their order; the same bytes whatever the number of processes.
    """
    figures = [one for one in artefacts if not isinstance(one.content, Table)]
    n_processes = min(os.cpu_count() or 1, len(figures) // LEAST_PER_PROCESS)
    is_daemon = multiprocessing.current_process().daemon
    if n_processes < 2 or is_daemon:
        made = [draw(one) for one in figures]
    else:
        # Started anew, not forked: the threads of this process's libraries would not survive that.
        context = multiprocessing.get_context("spawn")
        # Ctrl-C reaches every process: this one cancels what is left, the others end in silence.
        with ProcessPoolExecutor(n_processes, context, _ignore_interrupts) as pool:
            made = list(pool.map(_draw_packed, map(packed, figures)))
    return {one.name: drawing for one, drawing in zip(figures, made, strict=True)}


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def packed(artefact: Artefact) -> bytes:
    """Return what a drawing needs, to be unpickled by another process.

    The rows behind it are left out: they would be copied for nothing.
    """
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = {pl.DataFrame: _packed_frame}
    pickler.dump(replace(artefact, sources=(), hover={}))
    return buffer.getvalue()


def _packed_frame(frame: pl.DataFrame) -> tuple[Callable[[bytes], pl.DataFrame], tuple[bytes]]:
    """Tell pickle to keep the strings of a frame, not those of every frame that it was cut from.

    Rows share lists of strings with the frame that they are cut from, and polars pickles them all:
    17 GB for the figures of 10,000 runs, which hold 40 MB.
    """
    buffer = io.BytesIO()
    frame.write_ipc(buffer, compat_level=pl.CompatLevel.oldest())
    return pl.read_ipc, (buffer.getvalue(),)


def _draw_packed(artefact: bytes) -> Drawing:
    return draw(pickle.loads(artefact))


def draw(artefact: Artefact) -> Drawing:
    """Draw one figure in every format; equal rows give equal bytes."""
    assert not isinstance(artefact.content, Table)
    with rc_context(RC):
        figure = artefact.content()
        files = {
            f"figures/{artefact.name}.{suffix}": figure_bytes(figure, suffix)
            for suffix in ("pdf", "png")
        }
        svg = inline_svg(
            figure,
            prefix=prefix_of(artefact.name),
            artefact=artefact.name,
            caption=artefact.caption,
        )
    return Drawing(files, svg)


def figure_bytes(figure: Figure, suffix: str) -> bytes:
    """Return a figure as PDF or PNG without a date; equal figures give equal bytes."""
    buffer = io.BytesIO()
    figure.savefig(
        buffer, format=suffix, dpi=PNG_DPI, metadata=dict(FIGURE_METADATA.get(suffix, {}))
    )
    return buffer.getvalue()
