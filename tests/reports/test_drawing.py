"""Figures come out the same, byte for byte, however many processes draw them."""

import pickle
from dataclasses import replace
from functools import partial

import polars as pl
import pytest

from reports import drawing
from reports.drawing import draw, drawn, packed
from reports.exhibits import regressions, similarities
from reports.exhibits.registry import EXHIBITS
from tests.reports.building import built


@pytest.fixture
def artefacts(con):
    return [one for exhibit in EXHIBITS for one in built(con, exhibit)]


def test_several_processes_draw_what_one_does(artefacts, monkeypatch):
    monkeypatch.setattr(drawing, "LEAST_PER_PROCESS", 1)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    together = drawn(artefacts)
    assert len(together) >= 2
    by_name = {one.name: one for one in artefacts}
    assert together == {name: draw(by_name[name]) for name in together}


def test_tables_are_left_out_and_the_order_stays(con):
    both = [*built(con, regressions.EXHIBIT), *built(con, similarities.EXHIBIT)]
    figures = [one.name for one in both if callable(one.content)]
    assert list(drawn(both)) == figures
    assert drawn([one for one in both if not callable(one.content)]) == {}


def test_an_error_in_another_process_reaches_the_caller(artefacts, monkeypatch):
    monkeypatch.setattr(drawing, "LEAST_PER_PROCESS", 1)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    figures = [one for one in artefacts if callable(one.content)][:1] * 2
    object.__setattr__(figures[0], "content", _broken)
    with pytest.raises(ZeroDivisionError):
        drawn(figures)


def _broken():
    raise ZeroDivisionError


def test_a_drawing_is_packed_without_the_frame_that_its_rows_were_cut_from(artefacts):
    names = [[f"a long name of run {run} of {i}" for run in range(100)] for i in range(1000)]
    every = pl.DataFrame({"run_ids": names, "layer": range(1000)})
    few = every.filter(pl.col("layer") == 3)
    assert len(pickle.dumps(few)) > 100 * few.estimated_size()  # or polars has mended it
    shown = replace(artefacts[0], content=partial(_shape, few))
    assert len(packed(shown)) < 4 * few.estimated_size() + 20_000
    assert pickle.loads(packed(shown)).content() == few.shape


def _shape(rows):
    return rows.shape
