"""Which files of a report are no longer what the warehouse says."""

import hashlib
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path

import polars as pl

from reports.rendering import Report
from warehouse.errors import ReportError

Problem = dict[str, str | None]
COLUMNS = {
    "file": pl.String,
    "problem": pl.String,
    "row": pl.String,
    "column": pl.String,
    "in_report": pl.String,
    "in_warehouse": pl.String,
}
PICTURES = (".pdf", ".png")
WHOLE = ("index.html", "report.pdf")  # made of everything else; not made again for a check


def manifest_of(directory: Path) -> dict[str, object]:
    """Return the manifest of a report.

    Raises
    ------
    ReportError
        If there is none.
    """
    try:
        manifest = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
        if isinstance(manifest, dict) and "artefacts" in manifest:
            return manifest
    except (OSError, ValueError):
        pass
    raise ReportError(f"no report in {directory}: repdrift report build -o {directory} writes one")


def problems(report: Report, directory: Path) -> pl.DataFrame:
    """Compare a report on disk with the one that the warehouse gives now.

    Parameters
    ----------
    report : Report
        As rendered now; without pictures is enough.
    directory : Path
        Of the report on disk.

    Returns
    -------
    DataFrame
        ``file, problem, row, column, in_report, in_warehouse``, a row per number that is ``stale``,
        per row of numbers that is ``gone`` or ``new``, and per file that is ``missing``, ``stale``,
        ``gone`` (no longer made) or, a picture or the page, ``edited``. Empty when all is as it
        should be.

    Notes
    -----
    Pictures, the page and the PDF are not made again: they are stale when what they were made of
    has another hash than it had then.
    """
    manifest = manifest_of(directory)
    listed = _listed(manifest)
    recorded = listed | _documents(manifest)
    moved = {path for path, new in _digests(report).items() if recorded.get(path) != new}
    rows = _of_made(report, directory)
    for path in sorted(listed.keys() - report.files.keys()):
        stem, _, suffix = path.rpartition(".")
        if f".{suffix}" in PICTURES and f"{stem}.csv" in report.files:
            is_stale = any(other.startswith(f"{stem}.") for other in moved)
            rows += _of_unmade(path, directory, is_stale=is_stale, digest=listed[path])
        else:
            rows.append({"file": path, "problem": "gone"})
            moved.add(path)
    for path in WHOLE:
        if path in recorded or (directory / path).is_file():
            digest = recorded.get(path)
            rows += _of_unmade(path, directory, is_stale=bool(moved), digest=digest)
    return pl.DataFrame(rows, schema=COLUMNS)


def _of_made(report: Report, directory: Path) -> list[Problem]:
    """Return the problems of files that are made again: tables, numbers, the document."""
    rows: list[Problem] = []
    for path, content in report.files.items():
        on_disk = _read(directory / path)
        if on_disk is None:
            rows.append({"file": path, "problem": "missing"})
        elif on_disk != content and path != "manifest.json":
            rows.extend(_differences(path, on_disk, content, _key(path, report)))
    return rows


def _of_unmade(path: str, directory: Path, *, is_stale: bool, digest: str | None) -> list[Problem]:
    """Return what is wrong with a file that is not made again; without a digest edits go unseen."""
    content = _read(directory / path)
    if content is None:
        return [{"file": path, "problem": "missing"}]
    if is_stale:
        return [{"file": path, "problem": "stale"}]
    is_same = digest in (None, _digest(content))
    return [] if is_same else [{"file": path, "problem": "edited"}]


def _digests(report: Report) -> dict[str, str]:
    return {
        path: _digest(content) for path, content in report.files.items() if path != "manifest.json"
    }


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _listed(manifest: Mapping[str, object]) -> dict[str, str]:
    entries = manifest["artefacts"]
    if not isinstance(entries, list):
        raise ReportError("manifest.json lists no artefacts; build the report again")
    return {path: digest for entry in entries for path, digest in entry["files"].items()}


def _documents(manifest: Mapping[str, object]) -> dict[str, str]:
    documents = manifest.get("documents")
    if not isinstance(documents, dict):
        raise ReportError("manifest.json knows no hash of the page; build the report again")
    return documents


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _key(path: str, report: Report) -> list[str]:
    """Return the columns that name a row of a CSV, as the header of its query says."""
    sql = report.files.get(f"{path.removesuffix('.csv')}.sql", b"").decode()
    key = re.search(r"^-- key: (.*)$", sql, re.MULTILINE)
    return [name.strip() for name in key[1].split(",")] if key else []


def _differences(path: str, found: bytes, expected: bytes, key: list[str]) -> list[Problem]:
    old, new = (_rows(text) for text in (found, expected))
    if not key or old is None or new is None or old.columns != new.columns:
        return [{"file": path, "problem": "stale"}]
    before, after = _by_key(old, key), _by_key(new, key)
    changes: list[Problem] = []
    for values in {**before, **after}:
        row = " ".join(value for value in values if value)
        if values in before and values in after:
            changes += _changed(before[values], after[values], {"file": path, "row": row})
        else:
            problem = "gone" if values in before else "new"
            changes.append({"file": path, "problem": problem, "row": row})
    return changes or [{"file": path, "problem": "stale"}]


def _rows(text: bytes) -> pl.DataFrame | None:
    """Return the rows of a CSV as text; None where someone made it something else."""
    try:
        return pl.read_csv(io.BytesIO(text), infer_schema=False)
    except pl.exceptions.PolarsError:
        return None


def _by_key(
    frame: pl.DataFrame, key: list[str]
) -> dict[tuple[str | None, ...], dict[str, str | None]]:
    return {tuple(row[name] for name in key): row for row in frame.iter_rows(named=True)}


def _changed(
    before: Mapping[str, str | None], after: Mapping[str, str | None], where: Problem
) -> list[Problem]:
    return [
        {
            **where,
            "problem": "stale",
            "column": column,
            "in_report": before[column],
            "in_warehouse": value,
        }
        for column, value in after.items()
        if before[column] != value
    ]
