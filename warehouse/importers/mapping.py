"""A mapping file: which column of somebody's tables is what here."""

import re
import tomllib
from collections.abc import Mapping as Items
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from warehouse.errors import WarehouseError
from warehouse.tables import IN_DATABASE, table

READERS = ("tables", "mlflow", "wandb", "tensorboard")
PLACEHOLDER = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Rule:
    """How a column comes about: a text with ``{columns}`` filled in, looked up, or divided."""

    text: str
    values: Items[str, object] | None = None
    divisor: float | None = None

    @property
    def columns(self) -> list[str]:
        """Columns that the text reads."""
        return PLACEHOLDER.findall(self.text)


@dataclass(frozen=True)
class Wide:
    """Columns whose names are values: ``columns`` become ``{into}``, their cells ``{cell}``."""

    columns: tuple[str, ...]
    into: str


@dataclass(frozen=True)
class RowSet:
    """Rows of some files that go into one table; ``pattern`` picks them and names their parts."""

    files: str
    table: str
    text: str
    pattern: re.Pattern[str]
    wide: Wide | None
    run: Items[str, Rule]
    reference_run: Items[str, Rule]
    columns: Items[str, Rule]


@dataclass(frozen=True)
class Mapping:
    """A mapping file, checked."""

    name: str
    description: str
    reader: str
    row_sets: tuple[RowSet, ...] = field(default=())


def shipped_mappings() -> list[str]:
    """Names of the mappings that come with repdrift."""
    folder = files("warehouse") / "importers" / "mappings"
    return sorted(Path(item.name).stem for item in folder.iterdir() if item.name.endswith(".toml"))


def read_mapping(name: str) -> Mapping:
    """Read a mapping that comes with repdrift, by its name, or a user's, by its path.

    Raises
    ------
    WarehouseError
        If there is no such mapping, or it is wrong; the message names the key.
    """
    shipped = files("warehouse") / "importers" / "mappings" / f"{name}.toml"
    source = shipped if name in shipped_mappings() else Path(name)
    try:
        content = tomllib.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise WarehouseError(
            f"no mapping {name!r}: give the path of a TOML file, or one of "
            f"{', '.join(shipped_mappings())}"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WarehouseError(f"mapping {name} is no TOML: {error}") from error
    try:
        return _mapping(content)
    except (KeyError, TypeError, ValueError, AttributeError, re.error) as error:
        reason = f"the key {error} is missing" if isinstance(error, KeyError) else str(error)
        raise WarehouseError(f"mapping {name}: {reason}") from error


def _mapping(content: dict[str, object]) -> Mapping:
    _known(content, {"name", "description", "reader", "run", "vocabulary", "rows"}, "at the top")
    vocabulary = _table(content.get("vocabulary", {}), "vocabulary")
    everywhere = _rules(content.get("run", {}), vocabulary, "run")
    row_sets = content["rows"]
    if not isinstance(row_sets, list):
        raise ValueError("rows: write [[rows]], once for each set of rows")
    return Mapping(
        name=str(content["name"]),
        description=str(content["description"]),
        reader=_reader(content.get("reader", "tables")),
        row_sets=tuple(
            _row_set(_table(item, "rows"), vocabulary, everywhere, f"[[rows]] number {number}")
            for number, item in enumerate(row_sets, start=1)
        ),
    )


def _reader(name: object) -> str:
    if name not in READERS:
        raise ValueError(f"reader {name!r} is none of {', '.join(READERS)}")
    return str(name)


def _row_set(
    item: dict[str, object], vocabulary: dict[str, object], everywhere: Items[str, Rule], where: str
) -> RowSet:
    keys = {"files", "table", "match", "wide", "run", "reference_run", "columns"}
    _known(item, keys, f"in {where}")
    name = str(item["table"])
    if name not in IN_DATABASE:
        raise ValueError(f"{where}: table {name!r} is none of {', '.join(IN_DATABASE)}")
    match = _table(item.get("match", {"text": "", "pattern": ""}), f"match of {where}")
    run = {**everywhere, **_rules(item.get("run", {}), vocabulary, f"run of {where}")}
    reference_run = _rules(item.get("reference_run", {}), vocabulary, f"reference_run of {where}")
    columns = _rules(item["columns"], vocabulary, f"columns of {where}")
    for given, declared in (
        (run, "raw.runs"),
        (reference_run, "raw.runs"),
        (columns, f"raw.{name}"),
    ):
        _known(given, set(table(declared).types), f"for {declared} in {where}")
    return RowSet(
        files=str(item["files"]),
        table=name,
        text=str(match["text"]),
        pattern=re.compile(str(match["pattern"])),
        wide=_wide(item.get("wide"), where),
        run=run,
        reference_run={**run, **reference_run} if reference_run else {},
        columns=columns,
    )


def _wide(item: object, where: str) -> Wide | None:
    if item is None:
        return None
    content = _table(item, f"wide of {where}")
    columns = content["columns"]
    if not isinstance(columns, list) or not columns:
        raise ValueError(f"wide of {where}: columns is a list of column names")
    return Wide(columns=tuple(map(str, columns)), into=str(content["into"]))


def _rules(item: object, vocabulary: dict[str, object], where: str) -> dict[str, Rule]:
    return {
        name: _rule(rule, vocabulary, f"{name} in {where}")
        for name, rule in _table(item, where).items()
    }


def _rule(item: object, vocabulary: dict[str, object], where: str) -> Rule:
    if not isinstance(item, dict):
        return Rule(str(item))
    _known(item, {"text", "values", "divide_by"}, f"for {where}")
    values = item.get("values")
    if isinstance(values, str):
        if values not in vocabulary:
            raise ValueError(f"{where}: there is no [vocabulary.{values}]")
        values = vocabulary[values]
    divisor = item.get("divide_by")
    return Rule(
        text=str(item["text"]),
        values=None if values is None else _table(values, f"values of {where}"),
        divisor=None if divisor is None else _divisor(divisor, where),
    )


def _divisor(value: object, where: str) -> float:
    if not isinstance(value, int | float) or value == 0:
        raise ValueError(f"{where}: divide_by = {value!r} is no number to divide by")
    return float(value)


def _known(content: Items[str, object], keys: set[str], where: str) -> None:
    unknown = sorted(content.keys() - keys)
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r} {where}; known are {', '.join(sorted(keys))}")


def _table(item: object, where: str) -> dict[str, object]:
    if not isinstance(item, dict):
        raise ValueError(f"{where} is a table of keys and values")
    return item
