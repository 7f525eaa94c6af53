"""Writes a report to a directory."""

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from reports.rendering import Report
from reports.typesetting import INSTALL, has_pdflatex, typeset
from warehouse.errors import ReportError

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes
    ----------
    document : Path
        ``report.pdf``, or ``report.tex`` where pdflatex is missing.
    messages : tuple of str
        Sections left out, what to install, warnings of LaTeX.
    """

    document: Path
    messages: tuple[str, ...]


def write_report(report: Report, directory: Path, *, pdf: bool = True) -> Written:
    """Write every file of a report; files of an earlier report that are no longer made go.

    Parameters
    ----------
    report : Report
        As rendered.
    directory : Path
        Made when missing. What did not come from a report stays.
    pdf : bool, default True
        Compile the document when pdflatex is there.

    Raises
    ------
    ReportError
        If the directory cannot be written or has files of these names that no report wrote, or
        LaTeX stops.
    """
    # The manifest first: whoever interrupts the writing leaves no file that it does not list.
    files = sorted(report.files.items(), key=lambda file: file[0] != MANIFEST)
    try:
        _remove_earlier(directory, files=report.files.keys())
        for path, content in files:
            target = directory / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    except OSError as error:
        raise ReportError(f"cannot write the report to {directory}: {error.strerror}") from error
    messages = [f"left out: {title}: {why}" for title, why in report.left_out.items()]
    if not pdf:
        return Written(directory / "report.tex", tuple(messages))
    if not has_pdflatex():
        return Written(directory / "report.tex", (*messages, INSTALL))
    return Written(directory / "report.pdf", (*messages, *typeset(directory)))


def _remove_earlier(directory: Path, *, files: Collection[str]) -> None:
    manifest = directory / MANIFEST
    if not manifest.is_file():
        if foreign := [path for path in files if (directory / path).exists()]:
            raise ReportError(
                f"{directory} has a {min(foreign)} that no report wrote: name another directory"
            )
        return
    try:
        entries = json.loads(manifest.read_text(encoding="utf-8"))["artefacts"]
        paths = {path for entry in entries for path in entry["files"]}
    except (ValueError, KeyError, TypeError) as error:
        raise ReportError(f"{manifest} is not the manifest of a report; move it away") from error
    (directory / "report.pdf").unlink(missing_ok=True)
    for path in sorted(paths - set(files)):
        target = (directory / path).resolve()
        if target.is_relative_to(directory.resolve()):
            target.unlink(missing_ok=True)
