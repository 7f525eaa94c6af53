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
        ``gone`` (no longer made) or, a picture, ``edited``. Empty when all is as it should be.
    """
    listed = _listed(manifest_of(directory))
    rows: list[Problem] = []
    for path, content in report.files.items():
        on_disk = _read(directory / path)
        if on_disk is None:
            rows.append({"file": path, "problem": "missing"})
        elif on_disk != content and path != "manifest.json":
            rows.extend(_differences(path, on_disk, content, _key(path, report)))
    for path in sorted(listed.keys() - report.files.keys()):
        rows.extend(_of_picture_or_gone(path, listed[path], directory, report))
    return pl.DataFrame(rows, schema=COLUMNS)


def _of_picture_or_gone(path: str, digest: str, directory: Path, report: Report) -> list[Problem]:
    stem, _, suffix = path.rpartition(".")
    if f".{suffix}" not in PICTURES or f"{stem}.csv" not in report.files:
        return [{"file": path, "problem": "gone"}]
    content = _read(directory / path)
    if content is None:
        return [{"file": path, "problem": "missing"}]
    is_same = hashlib.sha256(content).hexdigest() == digest
    return [] if is_same else [{"file": path, "problem": "edited"}]


def _listed(manifest: Mapping[str, object]) -> dict[str, str]:
    entries = manifest["artefacts"]
    if not isinstance(entries, list):
        raise ReportError("manifest.json lists no artefacts; build the report again")
    return {path: digest for entry in entries for path, digest in entry["files"].items()}


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _key(path: str, report: Report) -> list[str]:
    """Return the columns that name a row of a CSV, as the header of its query says."""
    sql = report.files.get(f"{path.removesuffix('.csv')}.sql", b"").decode()
    key = re.search(r"^-- key: (.*)$", sql, re.MULTILINE)
    return [name.strip() for name in key[1].split(",")] if key else []


def _differences(path: str, found: bytes, expected: bytes, key: list[str]) -> list[Problem]:
    if not key:
        return [{"file": path, "problem": "stale"}]
    old, new = (pl.read_csv(io.BytesIO(text), infer_schema=False) for text in (found, expected))
    if old.columns != new.columns:
        return [{"file": path, "problem": "stale"}]
    before, after = _by_key(old, key), _by_key(new, key)
    changes: list[Problem] = []
    for label in {**before, **after}:
        if label in before and label in after:
            changes += _changed(before[label], after[label], {"file": path, "row": label})
        else:
            problem = "gone" if label in before else "new"
            changes.append({"file": path, "problem": problem, "row": label})
    return changes or [{"file": path, "problem": "stale"}]


def _by_key(frame: pl.DataFrame, key: list[str]) -> dict[str, dict[str, str | None]]:
    return {
        " ".join(row[name] for name in key if row[name]): row for row in frame.iter_rows(named=True)
    }


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
