"""What an executor says when everything has ended."""

from collections.abc import Sequence

from warehouse.errors import CollectError


def report_failures(failures: Sequence[str], *, n_runs: int) -> None:
    """Raise when runs failed.

    Parameters
    ----------
    failures : sequence of str
        One line per run that failed.
    n_runs : int
        Runs that were asked for.

    Raises
    ------
    CollectError
        With the number of failures and the first reason.
    """
    if failures:
        raise CollectError(f"{len(failures)} of {n_runs} runs failed; first: {failures[0]}")
