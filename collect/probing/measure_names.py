"""Names of measures, as studies and commands give them."""

from collections.abc import Iterable
from difflib import get_close_matches

from collect.measures.registry import MEASURES
from warehouse.errors import CollectError


def require_measures(names: Iterable[str]) -> None:
    """Refuse a name that no measure has.

    Raises
    ------
    CollectError
        For the first such name; the message has the nearest and all that there are.
    """
    for name in names:
        if name not in MEASURES:
            near = get_close_matches(name, MEASURES, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise CollectError(f"no measure {name!r}; {hint}there are {', '.join(MEASURES)}")
