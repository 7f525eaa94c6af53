"""Claims as they are written down: a TOML file, checked before anything is judged."""

import tomllib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from analysis.testing.claims import Claim
from warehouse.errors import nearest

KNOWN = tuple(field.name for field in fields(Claim))
REQUIRED = ("id", "text", "kind", "expects")
ALLOWED = {
    "kind": ("slope", "slope_difference", "difference", "mean"),
    "expects": ("greater", "less", "equivalent"),
    "scope": ("every", "most", "any"),
    "view": ("scores", "similarities", "trajectories", "summaries"),
}


def read_claims(text: str) -> list[Claim]:
    """Read a claims file.

    Parameters
    ----------
    text : str
        TOML with ``source`` and a list ``claim``.

    Returns
    -------
    list of Claim

    Raises
    ------
    ValueError
        If it is no TOML, holds no claim, a key is unknown or missing, or a value is none of those
        allowed; the message names the claim.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"no TOML: {error}") from error
    _require_known(document, ("source", "claim"))
    entries = document.get("claim")
    if not _is_list_of(dict)(entries) or not entries:
        raise ValueError("no claim: each begins with a line [[claim]]")
    claims = [_claim(entry, document.get("source", "")) for entry in entries]
    name, n_times = Counter(claim.id for claim in claims).most_common(1)[0]
    if n_times > 1:
        raise ValueError(f"claim {name}: {n_times} claims have this id")
    return claims


def _claim(entry: Mapping[str, Any], source: str) -> Claim:
    try:
        _require_valid(entry)
        lists = {key: tuple(entry[key]) for key in ("over", "pair_on") if key in entry}
        claim = Claim(**{"source": source, **entry, **lists})
        _require_complete(claim)
    except ValueError as error:
        raise ValueError(f"claim {entry.get('id', 'without an id')}: {error}") from error
    return claim


def _require_valid(entry: Mapping[str, Any]) -> None:
    _require_known(entry, KNOWN)
    missing = [key for key in REQUIRED if key not in entry]
    if missing:
        raise ValueError(f"{missing[0]} is missing")
    for key, allowed in ALLOWED.items():
        if key in entry and entry[key] not in allowed:
            raise ValueError(f"{key} = {entry[key]!r} is none of {', '.join(allowed)}")
    for what, (keys, is_so) in SHAPES.items():
        for key in keys:
            if key in entry and not is_so(entry[key]):
                raise ValueError(f"{key} = {entry[key]!r} is not {what}")


def _require_complete(claim: Claim) -> None:
    if claim.expects == "equivalent" and claim.margin <= 0:
        raise ValueError("margin says how large an effect still counts as none")
    if claim.kind in {"difference", "slope_difference"}:
        if not (claim.first and claim.second):
            raise ValueError(f"a {claim.kind} needs first and second")
        sides = (claim.first, claim.second)
        if any(isinstance(side, dict) != (claim.kind == "difference") for side in sides):
            wanted = "tables" if claim.kind == "difference" else f"values of {claim.between}"
            raise ValueError(f"first and second of a {claim.kind} are {wanted}")
    if (claim.first_start is None) != (claim.second_start is None):
        raise ValueError("changes need both first_start and second_start")


def _require_known(entry: Mapping[str, Any], known: tuple[str, ...]) -> None:
    unknown = sorted(set(entry) - set(known))
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r}; {nearest(unknown[0], sorted(known))}")


def _is_list_of(kind: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and all(isinstance(one, kind) for one in value)


def _is_size(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


SHAPES: dict[str, tuple[tuple[str, ...], Callable[[object], bool]]] = {
    "text": (("id", "source", "text", "between"), lambda value: isinstance(value, str)),
    "a list of columns": (("over", "pair_on"), _is_list_of(str)),
    "a table": (("where", "first_start", "second_start"), lambda value: isinstance(value, dict)),
    "a number": (("threshold",), lambda value: isinstance(value, int | float)),
    "a number of at least 0": (("margin",), _is_size),
}
