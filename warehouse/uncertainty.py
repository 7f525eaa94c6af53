"""Kinds of uncertainty: a table shows one of them, unless it is told to mix."""

from collections.abc import Iterable

from warehouse.errors import RepdriftError

KINDS = ("fold", "seed", "test_sample", "stimulus", "total")


class MixedUncertaintyError(RepdriftError):
    """Intervals that are about different things would stand in one column."""


def require_one_kind(
    kinds: Iterable[str], *, table: str, way_out: str, allow_mixed: bool = False
) -> None:
    """Refuse a table whose intervals are about different kinds of variation.

    An interval over folds answers another question than one over test images: side by side in one
    column they look comparable, and are not. Analysis and reports both ask here.

    Parameters
    ----------
    kinds : iterable of str
        The column ``uncertainty`` of the rows of the table.
    table : str
        What the message calls it.
    way_out : str
        How to choose one kind.
    allow_mixed : bool, default False
        Whether the mixture was asked for.

    Raises
    ------
    MixedUncertaintyError
        If there are several kinds and the mixture was not asked for; the message names them.

    Examples
    --------
    >>> require_one_kind(["fold", "fold"], table="scores", way_out="")
    >>> require_one_kind(["fold", "seed"], table="scores", way_out="take --uncertainty fold")
    Traceback (most recent call last):
        ...
    warehouse.uncertainty.MixedUncertaintyError: scores would mix intervals over fold and seed in
    one column: take --uncertainty fold
    """
    found = sorted(set(kinds))
    if len(found) > 1 and not allow_mixed:
        names = f"{', '.join(found[:-1])} and {found[-1]}"
        raise MixedUncertaintyError(
            f"{table} would mix intervals over {names} in one column: {way_out}"
        )
