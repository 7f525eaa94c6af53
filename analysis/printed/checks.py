"""Checks of printed tables as they are declared, held against the tables before they are made."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from warehouse.errors import nearest

Tables = Mapping[str, pl.DataFrame]
Check = Mapping[str, Any]


@dataclass(frozen=True)
class Keys:
    """What a kind of check needs beside ``kind``, ``table`` and ``states``, and what it may take.

    Attributes
    ----------
    needed : mapping of str to type
        Keys with the type of their values.
    optional : mapping of str to type
        Keys that may be left out.
    """

    needed: Mapping[str, type]
    optional: Mapping[str, type]


COMMON: dict[str, type] = {"kind": str, "table": str, "states": str}
KEYS = {
    "derived": Keys({"base": str, "definition": str, "scale": int}, {}),
    "largest_gain": Keys({"row": str, "baselines": list, "gain": str, "scale": int}, {}),
    "greater": Keys(
        {"larger": list, "smaller": list},
        {"larger_than": str, "every_pair": bool, "columns": list},
    ),
    "best": Keys({"best": dict}, {}),
    "highest": Keys({"alpha": float}, {}),
    "repeated": Keys({}, {}),
    "sum_at_most": Keys({}, {}),
    "same": Keys({"rows": list}, {}),
    "bracket_sign": Keys({"rows": list, "sign": str}, {}),
}
ALLOWED = {"definition": ("difference", "ratio"), "sign": ("+", "-")}


def require_check(tables: Tables, check: Check) -> None:
    """Refuse a check that cannot be made on the tables, or would look at nothing.

    Raises
    ------
    ValueError
        If its kind is unknown, a key is missing, unknown or of another type, or a table, row or
        column that it names is not there.
    """
    kind = check.get("kind")
    if kind not in KEYS:
        raise ValueError(f"unknown kind of check {kind!r}; known are {', '.join(KEYS)}")
    try:
        _require_keys(check, {**COMMON, **KEYS[kind].needed}, KEYS[kind].optional)
        for table in (check[key] for key in ("table", "base", "larger_than") if key in check):
            _require_one(table, "table", list(tables))
        for name, table in _named(check, "row"):
            _require_one(name, "row", tables[table]["row"].to_list())
        for name, table in _named(check, "column"):
            _require_one(name, "column", tables[table]["column"].to_list())
    except ValueError as error:
        raise ValueError(f"check {kind} of {check.get('table', 'no table')}: {error}") from error


def _require_keys(check: Check, needed: Mapping[str, type], optional: Mapping[str, type]) -> None:
    known = {**needed, **optional}
    for key, value in check.items():
        _require_one(key, "key", list(known))
        if not isinstance(value, known[key]) or isinstance(value, bool) != (known[key] is bool):
            raise ValueError(f"{key} = {value!r} is no {known[key].__name__}")
        if value not in ALLOWED.get(key, (value,)):
            raise ValueError(f"{key} = {value!r} is none of {', '.join(ALLOWED[key])}")
    missing = [key for key in needed if key not in check]
    if missing:
        raise ValueError(f"{missing[0]} is missing")


def _named(check: Check, what: str) -> Iterator[tuple[str, str]]:
    """Rows or columns that a check names, each with its table."""
    best: Mapping[str, str] = check.get("best", {})
    table = check["table"]
    if what == "column":
        yield from ((name, table) for name in (*best, *check.get("columns", ())))
        return
    own = ["train", "test", "total"] if check["kind"] == "sum_at_most" else []
    own += [check["row"]] if "row" in check else []
    for key in ("baselines", "larger", "rows"):
        own += check.get(key, [])
    yield from ((name, table) for name in (*own, *best.values()))
    yield from ((name, check.get("larger_than", table)) for name in check.get("smaller", ()))


def _require_one(name: str, what: str, known: list[str]) -> None:
    if name not in known:
        raise ValueError(f"no {what} {name!r}; {nearest(name, known)}")
