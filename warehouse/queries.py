"""Saved queries: a question, its SQL, and its parameters."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from warehouse.errors import WarehouseError
from warehouse.layout import Layout
from warehouse.tables import statements
from warehouse.view_comments import header

PARAMETER = re.compile(r"\$([a-z_]\w*)")


@dataclass(frozen=True)
class SavedQuery:
    """One file of ``sql/queries`` or of the folder ``queries`` of a warehouse."""

    name: str
    text: str

    @property
    def question(self) -> str:
        """First line of the file: what the query answers."""
        return next(iter(header(self.text)), "")

    @property
    def parameters(self) -> dict[str, str]:
        """Names of the parameters in the SQL, and what the header says about each."""
        lines = (line.partition(": ") for line in header(self.text) if line.startswith("$"))
        described = {name.removeprefix("$"): text for name, _, text in lines}
        body = "\n".join(line for line in self.text.splitlines() if not line.startswith("--"))
        return {name: described.get(name, "") for name in sorted(set(PARAMETER.findall(body)))}

    def bound(self, values: Mapping[str, object]) -> dict[str, object]:
        """All parameters with their values; one that is not given is null.

        Raises
        ------
        WarehouseError
            If a value is given for a parameter that the query does not have.
        """
        unknown = sorted(values.keys() - self.parameters.keys())
        if unknown:
            has = ", ".join(self.parameters) or "none"
            raise WarehouseError(f"{self.name} has no parameter {unknown[0]!r}; it has {has}")
        return {name: values.get(name) for name in self.parameters}


def saved_queries(layout: Layout) -> dict[str, SavedQuery]:
    """List saved queries by name; ``queries/*.sql`` of the warehouse go before those shipped."""
    own = sorted((layout.root / "queries").glob("*.sql"))
    texts = dict(statements("queries")) | {path.name: _text(path) for path in own}
    names = {Path(name).stem: text for name, text in texts.items()}
    return {name: SavedQuery(name, names[name]) for name in sorted(names)}


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise WarehouseError(f"{path} is not text in UTF-8: correct it or move it away") from error


def saved_query(layout: Layout, name: str) -> SavedQuery:
    """Find the saved query of that name, or read the file if the name ends in ``.sql``.

    Raises
    ------
    WarehouseError
        If there is none, or the file cannot be read.
    """
    if name.endswith(".sql"):
        return _query_file(Path(name))
    found = saved_queries(layout)
    if name not in found:
        near = get_close_matches(name, found, n=1)
        hint = f"did you mean @{near[0]}? " if near else ""
        raise WarehouseError(
            f"no saved query {name!r}: {hint}`repdrift sql --list` shows {len(found)}"
        )
    return found[name]


def _query_file(path: Path) -> SavedQuery:
    try:
        return SavedQuery(path.name, path.read_text("utf-8"))
    except UnicodeDecodeError as error:
        raise WarehouseError(f"{path} is no UTF-8 text") from error
    except OSError as error:
        raise WarehouseError(f"cannot read {path}: {error.strerror}") from error


def parsed_values(assignments: list[str]) -> dict[str, object]:
    """Values of parameters from texts such as ``k=10``, ``dataset=knee``, ``layer=null``.

    Raises
    ------
    WarehouseError
        If a text has no ``=``.

    Examples
    --------
    >>> parsed_values(["k=10", "eta=0.1", "dataset=knee", "seed='10'", "layer=null"])
    {'k': 10, 'eta': 0.1, 'dataset': 'knee', 'seed': '10', 'layer': None}
    """
    values: dict[str, object] = {}
    for assignment in assignments:
        name, equals, text = assignment.partition("=")
        if not equals or not name:
            raise WarehouseError(f"parameter {assignment!r}: write name=value")
        values[name] = _parsed(text)
    return values


def _parsed(text: str) -> object:
    literals: dict[str, object] = {"null": None, "true": True, "false": False}
    if text in literals:
        return literals[text]
    if re.fullmatch(r"'.*'", text):
        return text[1:-1]
    if re.fullmatch(r"[+-]?\d+", text):
        return int(text)
    try:
        return float(text)
    except ValueError:
        return text
