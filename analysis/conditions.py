"""Conditions on rows that no row meets, said in one line."""

from collections.abc import Iterable

import polars as pl


def unmet_condition(rows: pl.DataFrame, conditions: Iterable[tuple[str, object]]) -> str | None:
    """Find the first condition that no row meets.

    Parameters
    ----------
    rows : DataFrame
        All rows, before any condition.
    conditions : iterable of tuple
        Column, and the value or list of values that it must have.

    Returns
    -------
    str or None
        The condition and the values that there are; None where each is met by some row.

    Examples
    --------
    >>> rows = pl.DataFrame({"layer": ["early", "late"], "fold": [1, 2]})
    >>> unmet_condition(rows, [("layer", "lat"), ("fold", 3)])
    "layer = 'lat'; there are early, late"
    >>> unmet_condition(rows, [("layer", "late"), ("fold", [1, 3])])
    """
    for name, value in conditions:
        there = [str(one) for one in rows[name].drop_nulls().unique().sort()]
        wanted = value if isinstance(value, list) else [value]
        if not {str(one) for one in wanted} & set(there):
            return f"{name} = {value!r}; there are {', '.join(there) or 'none'}"
    return None
