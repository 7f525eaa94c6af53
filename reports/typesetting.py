"""Runs pdflatex on a report, so that the same report gives the same PDF."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from warehouse.errors import ReportError

INSTALL = (
    "pdflatex is not installed: report.tex is complete, report.pdf was not made;"
    " on Debian or Ubuntu: apt-get install --no-install-recommends"
    " texlive-latex-recommended texlive-science texlive-pictures lmodern"
)
MOST_PASSES = 4
_UNSETTLED = re.compile(r"Rerun to get|Rerun LaTeX|widths have changed|may have changed")
_WARNING = re.compile(
    r"^(?:LaTeX Warning: (?:Reference|Citation|Label).*"
    r"|Overfull \\[hv]box \((?:[1-9]|\d\d+)(?:\.\d+)?pt too .*"
    r"|Missing character: .*)$",
    re.MULTILINE,
)


def has_pdflatex() -> bool:
    """Return whether pdflatex can be found."""
    return shutil.which("pdflatex") is not None


def typeset(directory: Path, *, timeout_s: float = 300.0) -> list[str]:
    """Compile ``report.tex`` in a directory into ``report.pdf`` and leave nothing else behind.

    Parameters
    ----------
    directory : Path
        With ``report.tex`` and what it reads.
    timeout_s : float, default 300
        Longest time for one pass, in seconds.

    Returns
    -------
    list of str
        Warnings that matter: text that runs out of the page by 1 pt or more, unknown references,
        characters that the font lacks.

    Raises
    ------
    ReportError
        If pdflatex is missing, stops at an error, or takes too long.

    Notes
    -----
    Files cannot be written outside the directory, and no command can be run from the document.
    """
    if not has_pdflatex():
        raise ReportError(INSTALL)
    with tempfile.TemporaryDirectory() as scratch:
        for _ in range(MOST_PASSES):
            _run_pass(directory, Path(scratch), timeout_s)
            log = (Path(scratch) / "report.log").read_text(encoding="utf-8", errors="replace")
            if not _UNSETTLED.search(log):
                break
        shutil.move(Path(scratch) / "report.pdf", directory / "report.pdf")
    return sorted(set(_WARNING.findall(log)))


def _run_pass(directory: Path, scratch: Path, timeout_s: float) -> None:
    command = [
        "pdflatex",
        "-interaction=nonstopmode",
        "-halt-on-error",
        "-no-shell-escape",
        f"-output-directory={scratch}",
        "report.tex",
    ]
    fixed = {"SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1", "max_print_line": "1000"}
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            env=os.environ | fixed,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ReportError(f"pdflatex took more than {timeout_s:.0f} s on report.tex") from error
    if done.returncode:
        output = done.stdout.decode(errors="replace")
        reason = next((line for line in output.splitlines() if line.startswith("!")), output[-300:])
        raise ReportError(f"pdflatex stopped on {directory / 'report.tex'}: {reason}")
