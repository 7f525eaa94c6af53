"""Claims in terms of data, each judged under rising rigour.

A claim says what an effect should be (a slope, a difference between two sets of runs, a mean
against a threshold), in which panels, and how large an effect would still count as none. The effect
of a panel is always a coefficient of a regression whose clusters are datasets; rigour is how its
interval is made.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import polars as pl

from analysis.testing.verdicts import Claim as Expectation
from analysis.testing.verdicts import Verdict

Kind = Literal["slope", "slope_difference", "difference", "mean"]
Scope = Literal["every", "most", "any"]


@dataclass(frozen=True)
class Claim:
    """One claim; the names are the keys of ``claims.toml``.

    Attributes
    ----------
    id, source, text : str
        Name, who says it, and the words.
    kind : {"slope", "slope_difference", "difference", "mean"}
        ``slope``: of the outcome on similarity. ``slope_difference``: slope of ``second`` less that
        of
        ``first``, two values of ``between``. ``difference``: ``second`` less ``first``, two
        filters, paired on ``pair_on``; each less its start where that is given. ``mean``: less
        ``threshold``.
    expects : {"greater", "less", "equivalent"}
        That the effect is above 0, below 0, or within ``margin`` of 0.
    scope : {"every", "most", "any"}
        In how many panels.
    over : tuple of str
        Columns whose values make panels.
    where : mapping of str to str or list of str
        Rows that the claim is about.
    view : {"scores", "similarities", "trajectories", "summaries"}
        What a ``difference`` or a ``mean`` is taken of; ``trajectories`` are similarities at every
        epoch, ``summaries`` printed means of runs that were not published.
    first, second : str or mapping
        What is compared.
    first_start, second_start : mapping
        What is taken off each side of a ``difference`` first, on the same ``pair_on``: then changes
        are compared.
    pair_on : tuple of str
        Columns on which rows of first and second are paired, beside ``over``.
    between : str
        Column whose values a ``slope_difference`` compares.
    threshold : float
        What a ``mean`` is held against.
    margin : float
        Effects within plus or minus the margin count as none; 0 leaves equivalence out.
    """

    id: str
    source: str
    text: str
    kind: Kind
    expects: Expectation
    scope: Scope = "every"
    over: tuple[str, ...] = ()
    where: Mapping[str, Any] = field(default_factory=dict)
    view: str = "scores"
    first: Any = None
    second: Any = None
    first_start: Mapping[str, Any] | None = None
    second_start: Mapping[str, Any] | None = None
    pair_on: tuple[str, ...] = ("dataset", "fold")
    between: str = "pretraining"
    threshold: float = 0.0
    margin: float = 0.0

    @property
    def table(self) -> str:
        """Which rows it is about: those of its view, or the points of a regression."""
        return "points" if "slope" in self.kind else self.view


def conclude(claim: Claim, panels: pl.DataFrame) -> pl.DataFrame:
    """Combine the verdicts of a claim's panels as its scope demands.

    Parameters
    ----------
    claim : Claim
        With its scope.
    panels : DataFrame
        As `analysis.steps.claims.judge` gives them.

    Returns
    -------
    DataFrame
        One row per rigour: ``rigour, verdict, n_panels, n_supported, n_contradicted, n_equivalent,
        n_inconclusive``. ``every``: supported if all panels are, contradicted if any is. ``most``:
        supported or contradicted if more than half are. ``any``: supported if one is, contradicted
        if all are. Otherwise equivalent if every panel is, else inconclusive.

    Notes
    -----
    Where all panels must agree each is judged at the level. Where r of n are enough, one of many
    would be among them by chance: then those count that hold with an error of ``(1 - level) / (n -
    r + 1)``, which keeps the error of the combined verdict. The numbers of panels are at the level.

    References
    ----------
    .. [1] Benjamini and Heller (2008), "Screening for partial conjunction hypotheses", Biometrics
       64, https://doi.org/10.1111/j.1541-0420.2007.00984.x
    """
    kinds = ("supported", "contradicted", "equivalent", "inconclusive")
    among_many = pl.col("verdict_among_many")
    counts = panels.group_by("rigour", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("n_panels"),
        *((pl.col("verdict") == kind).sum().cast(pl.Int64).alias(f"n_{kind}") for kind in kinds),
        supported=(among_many == "supported").sum(),
        contradicted=(among_many == "contradicted").sum(),
    )
    supports = "n_supported" if claim.scope == "every" else "supported"
    contradicts = "n_contradicted" if claim.scope == "any" else "contradicted"
    rows = counts.select("n_panels", supports, contradicts, "n_equivalent").rows()
    found = [combined(claim.scope, *row) for row in rows]
    return counts.drop("supported", "contradicted").with_columns(
        pl.Series("verdict", found, dtype=pl.String)
    )


def deciding(scope: Scope, n_panels: int) -> int:
    """Count the panels that decide a claim when not all of them must agree.

    Examples
    --------
    >>> deciding("every", 5), deciding("most", 5), deciding("any", 5)
    (1, 3, 1)
    """
    return n_panels // 2 + 1 if scope == "most" else 1


def combined(
    scope: Scope, n_panels: int, n_supported: int, n_contradicted: int, n_equivalent: int
) -> Verdict:
    """Combine the verdicts of panels into one.

    Examples
    --------
    >>> combined("every", 5, 5, 0, 0), combined("every", 5, 4, 1, 0), combined("most", 5, 3, 1, 0)
    ('supported', 'contradicted', 'supported')
    """
    needed = {"every": n_panels, "most": n_panels // 2 + 1, "any": 1}[scope]
    against = {"every": 1, "most": n_panels // 2 + 1, "any": n_panels}[scope]
    if n_supported >= needed:
        return "supported"
    if n_contradicted >= against:
        return "contradicted"
    return "equivalent" if n_equivalent == n_panels else "inconclusive"
