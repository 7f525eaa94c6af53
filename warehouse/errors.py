"""Expected errors: bad input, not bugs. The command line prints them as one line and exits with 1.

RepdriftError
├── WarehouseError    the store: missing, locked, newer, damaged
├── MixedUncertaintyError (warehouse.uncertainty)    intervals of several kinds in one column
├── StudyError        a study file or a dataset that cannot be used
├── CollectError      a run that cannot be made (weights not at hand, out of memory)
├── AnalysisError     an analysis that has nothing to work on
├── ChoiceError       a choice that is unknown, or that no run has
└── ReportError       an artefact that cannot be written
"""

from collections.abc import Iterable
from difflib import get_close_matches


class RepdriftError(Exception):
    """What a user can mend; the message names the thing and the way out."""


class WarehouseError(RepdriftError):
    """The store is missing, locked, newer than this version, or damaged."""


class StudyError(RepdriftError):
    """A study file or a dataset cannot be used as it is."""


class CollectError(RepdriftError):
    """A run cannot be made."""


class AnalysisError(RepdriftError):
    """An analysis has nothing to work on."""


class ChoiceError(RepdriftError):
    """A choice is unknown, or no run has it."""


class ReportError(RepdriftError):
    """An artefact cannot be written."""


def reason(error: Exception) -> str:
    """Say what went wrong with a file that the message names already.

    Examples
    --------
    >>> reason(FileNotFoundError(2, "No such file or directory", "claims.toml"))
    'No such file or directory'
    """
    system = error.strerror if isinstance(error, OSError) else None
    return system or str(error)


def nearest(name: str, known: Iterable[str]) -> str:
    """Say the way out for a name that nothing has: the nearest that there is, or all of them.

    Examples
    --------
    >>> nearest("acuracy", ["accuracy", "auc"])
    'did you mean accuracy?'
    >>> nearest("x", ["accuracy", "auc"])
    'there are accuracy, auc'
    """
    known = list(dict.fromkeys(known))
    near = get_close_matches(name, known, n=1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known) or 'none'}"
