"""Reports at scale: the report of 10,000 runs, from an analysed warehouse to the PDF.

Each row says what was measured, against what, their ratio, and the goal. Wall-clock time is what a
user waits; the time of the processor is what the report costs, also where others use the machine.
"""

import resource
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from analysis.settings import Settings
from analysis.store import run_analyses
from bench.analysis import fill
from reports.build import write_report
from reports.rendering import render
from warehouse.connection import connect

LIMIT_S = 120.0
PAGE_LIMIT_MB = 30.0


class Measured(NamedTuple):
    """One line of the table that `make bench` prints."""

    what: str
    against: str
    ratio: float
    goal: str


def rows() -> list[Measured]:
    """Measure `report build`: time, processor time, and the size of the page."""
    with tempfile.TemporaryDirectory() as directory:
        root, out = Path(directory) / "warehouse", Path(directory) / "report"
        n_runs = fill(root)
        for _ in run_analyses(root, Settings()):
            pass
        wall, cpu = time.perf_counter(), _cpu_seconds()
        with connect(root) as con:
            report = render(con)
        write_report(report, out)
        wall, cpu = time.perf_counter() - wall, _cpu_seconds() - cpu
        page_mb = (out / "index.html").stat().st_size / 1e6
    limit = f"{LIMIT_S:.0f} s"
    return [
        Measured(f"report build on {n_runs:,} runs", limit, wall / LIMIT_S, "<= 1"),
        Measured("its processor time, LaTeX too", limit, cpu / LIMIT_S, "<= 1"),
        Measured("its page", f"{PAGE_LIMIT_MB:.0f} MB", page_mb / PAGE_LIMIT_MB, "<= 1"),
    ]


def _cpu_seconds() -> float:
    """Seconds that this process and its finished children have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
