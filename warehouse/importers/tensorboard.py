"""Reads the scalars of TensorBoard's event files."""

import struct
from collections.abc import Iterator
from pathlib import Path

from warehouse.importers.logged import LoggedRows
from warehouse.importers.wire import fields, messages, single, text

FLOAT = 1  # DataType.DT_FLOAT


def read_tensorboard(directory: Path) -> LoggedRows:
    """Scalars below a log directory; the run is the path of the folder that holds an event file.

    Columns: ``run``, ``metric``, ``step``, ``value``. Both ways to log a scalar are read, the
    simple value and the tensor with one float. What follows the last whole record, as a killed
    process leaves it, is noted.
    """
    rows: list[dict[str, str]] = []
    notes: list[str] = []
    for path in sorted(directory.rglob("*tfevents*")):
        run = path.parent.relative_to(directory).as_posix()
        content = path.read_bytes()
        end = 0
        for start, event in _records(content):
            end = start + 12 + len(event) + 4
            rows += [{"run": run, **scalar} for scalar in _scalars(event)]
        if end < len(content):
            notes.append(f"{run}: {len(content) - end} bytes at the end are no whole record")
    return LoggedRows(rows, notes)


def _records(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Start and bytes of each record: length (8), its checksum (4), record, its checksum (4)."""
    position = 0
    while position + 12 <= len(content):
        (length,) = struct.unpack_from("<Q", content, position)
        end = position + 12 + length + 4
        if end > len(content):
            return
        yield position, content[position + 12 : end - 4]
        position = end


def _scalars(event: bytes) -> Iterator[dict[str, str]]:
    """Scalars of an Event: step is field 2, summary field 5, its values field 1."""
    step = next((value for number, value in fields(event) if number == 2), 0)
    for summary in messages(event, 5):
        for value in messages(summary, 1):
            number = _number(value)
            if number is not None:
                yield {"metric": text(value, 1), "step": str(step), "value": repr(number)}


def _number(value: bytes) -> float | None:
    """Value of a Summary.Value: field 2 is the simple value, field 8 a tensor."""
    for raw in messages(value, 2):
        if len(raw) == 4:
            return single(raw)
    for tensor in messages(value, 8):
        if (1, FLOAT) in fields(tensor):
            raw = b"".join([*messages(tensor, 5), *messages(tensor, 4)])
            return single(raw) if len(raw) == 4 else None
    return None
