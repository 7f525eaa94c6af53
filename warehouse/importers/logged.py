"""What the readers of other tools' logs give: one row per run, metric and step, all as text."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LoggedRows:
    """Rows with ``run``, ``metric``, ``step``, ``value`` and a column for each parameter.

    Attributes
    ----------
    rows : list of dict
        Parameters that a run does not have are missing from its rows.
    notes : list of str
        What could not be read.
    """

    rows: list[dict[str, str]]
    notes: list[str]
