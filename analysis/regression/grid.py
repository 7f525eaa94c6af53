"""The grid of a multiverse: which layers, measures, outcomes, gains, outlier rules, errors."""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from typing import Any, Self

import polars as pl

from analysis.regression.fits import METHODS

GAINS = ("none", "difference", "ratio", "ancova")
OUTLIERS = ("kept", "fences")
_CLOSED = {"gains": GAINS, "outliers": OUTLIERS, "standard_errors": METHODS}
_OPEN = {"layers": "layer", "measures": "measure", "outcomes": "score"}


class UnknownChoiceError(ValueError):
    """A grid names a choice that there is not."""


@dataclass(frozen=True)
class Grid:
    """Choices of a multiverse; an empty tuple of names takes all that the runs have.

    Attributes
    ----------
    gains : tuple of str
        Of ``none`` (the outcome itself), ``difference``, ``ratio``, ``ancova``.
    outliers : tuple of str
        Of ``kept``, ``fences``.
    standard_errors : tuple of str
        Of `analysis.regression.fits.METHODS`.
    layers, measures, outcomes : tuple of str
        Names in the data.
    """

    gains: tuple[str, ...]
    outliers: tuple[str, ...]
    standard_errors: tuple[str, ...]
    layers: tuple[str, ...] = ()
    measures: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()

    @classmethod
    def of(cls, choices: Mapping[str, Any]) -> Self:
        """Check choices as they come from TOML or JSON.

        Raises
        ------
        UnknownChoiceError
            If a key or a choice is unknown, is missing, or is not a list of strings.
        """
        _require_known("key", choices, [field.name for field in fields(cls)])
        for key, names in choices.items():
            if not (isinstance(names, Sequence) and all(isinstance(name, str) for name in names)):
                raise UnknownChoiceError(f"{key} = {names!r}: expected a list of names")
            if isinstance(names, str) or (key in _CLOSED and not names):
                raise UnknownChoiceError(f"{key} = {names!r}: expected a list of names, at least 1")
        for key, known in _CLOSED.items():
            if key not in choices:
                raise UnknownChoiceError(f"{key} is missing: choose of {', '.join(known)}")
            _require_known(key, choices[key], known)
        return cls(**{key: tuple(dict.fromkeys(names)) for key, names in choices.items()})

    def chosen(self, points: pl.DataFrame) -> pl.DataFrame:
        """Points of the layers, measures and outcomes of the grid.

        Parameters
        ----------
        points : DataFrame
            With columns ``layer, measure, score``.

        Raises
        ------
        UnknownChoiceError
            If no run has one of them.
        """
        for key, column in _OPEN.items():
            names = asdict(self)[key]
            if names:
                _require_known(key, names, points[column].unique().sort().to_list())
                points = points.filter(pl.col(column).is_in(names))
        return points


def read_grid(text: str) -> Grid:
    """Read a grid from TOML.

    Raises
    ------
    ValueError
        If it is no TOML; as `UnknownChoiceError` if it is no grid.

    Examples
    --------
    >>> read_grid('''
    ... gains = ["ratio"]
    ... outliers = ["kept"]
    ... standard_errors = ["cluster_cr3"]
    ... layers = ["early", "late"]
    ... ''').layers
    ('early', 'late')
    """
    return Grid.of(tomllib.loads(text))


def _require_known(key: str, names: Collection[str], known: Sequence[str]) -> None:
    for name in names:
        if name not in known:
            near = [one for one in known if name in one] or get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
            raise UnknownChoiceError(f"{key}: there is no {name!r}; {hint}")
