"""Reads the offline run folders of Weights & Biases."""

import json
import struct
from collections.abc import Iterator
from pathlib import Path

from warehouse.errors import WarehouseError
from warehouse.importers.logged import LoggedRows
from warehouse.importers.wire import messages, text

HEADER = 7
BLOCK = 32 * 1024
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4
HISTORY, CONFIG, RUN = 2, 5, 17  # fields of Record


def read_wandb(directory: Path) -> LoggedRows:
    """History of each run below a folder, one row per metric and step.

    Columns: ``run`` (its id), ``metric``, ``step``, ``value``, and one for each key of the
    configuration. Metrics that are not numbers are left out and noted.

    Raises
    ------
    WarehouseError
        If a file is not what Weights & Biases writes.
    """
    rows: list[dict[str, str]] = []
    notes: list[str] = []
    files = {path.resolve() for path in directory.rglob("*.wandb")}  # latest-run is a link
    for path in sorted(files):
        content = path.read_bytes()
        if content[:4] != b":W&B":
            raise WarehouseError(f"{path} is no run of Weights & Biases")
        run, config, steps = "", dict[str, str](), list[dict[str, object]]()
        try:
            for record in _records(content):
                for message in messages(record, RUN):
                    run = text(message, 1)
                    for settings in messages(message, 4):
                        config |= _config(settings)
                for message in messages(record, CONFIG):
                    config |= _config(message)
                steps += [_items(message, 1) for message in messages(record, HISTORY)]
        except (ValueError, struct.error) as error:
            raise WarehouseError(f"{path} is damaged: {error}") from error
        rows += [row for step in steps for row in _rows(run, config, step)]
        left_out = {name for step in steps for name, value in step.items() if not _is_number(value)}
        notes += [f"run {run}: {name} is no number" for name in sorted(left_out)]
    return LoggedRows(rows, notes)


def _rows(run: str, config: dict[str, str], step: dict[str, object]) -> Iterator[dict[str, str]]:
    number = step.get("_step", 0)
    for metric, value in step.items():
        if not metric.startswith("_") and _is_number(value):
            yield {
                **config,
                "run": run,
                "metric": metric,
                "step": str(number),
                "value": repr(value),
            }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _config(message: bytes) -> dict[str, str]:
    items = _items(message, 1)
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in items.items()
        if name != "_wandb"
    }


def _items(message: bytes, number: int) -> dict[str, object]:
    """Keys and JSON values of the items of a record: key 1, nested key 2, value 16."""
    found: dict[str, object] = {}
    for item in messages(message, number):
        name = text(item, 1) or ".".join(part.decode() for part in messages(item, 2))
        found[name] = json.loads(text(item, 16))
    return found


def _records(content: bytes) -> Iterator[bytes]:
    """Parse LevelDB's log format: blocks of 32 KiB, pieces with checksum, length and kind."""
    position, whole = HEADER, b""
    while position + HEADER <= len(content):
        left = BLOCK - position % BLOCK
        if left < HEADER:
            position += left
            continue
        _, length, kind = struct.unpack_from("<IHB", content, position)
        piece = content[position + HEADER : position + HEADER + length]
        position += HEADER + length
        if len(piece) < length:
            return  # the process was killed in the middle of a record
        whole = piece if kind in (FULL, FIRST) else whole + piece
        if kind in (FULL, LAST):
            yield whole
