"""What papers claim and print: verdicts under rising rigour, and an audit of printed tables."""

import unicodedata

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, slug
from reports.exhibits.result_table import Shown, result_table

RIGOURS = ("as_published", "independent", "clustered", "wild", "mixed", "adjusted")


def claim_tables(data: Data) -> list[Artefact]:
    """Return one table per source: a block per claim, a row per rigour."""
    artefacts = []
    for name in data.frames["claims"]["source"].unique(maintain_order=True):
        if not is_of(name, data.paper):
            continue
        source = data.select("claims", source=name)
        panels = data.select("claim_panels", source=name)
        order = {rigour: place for place, rigour in enumerate(RIGOURS)}
        rows = source.rows.with_columns(
            place=pl.col("rigour").replace_strict(order, default=len(RIGOURS)),
            first=pl.int_range(pl.len()).min().over("claim"),
        ).sort("first", "place")
        first = rows.row(0, named=True)
        table = result_table(
            rows.with_columns(pl.col("rigour").str.replace_all("_", " ").alias("words")),
            (
                Shown("words", "rigour"),
                Shown("verdict", "verdict"),
                Shown("n_supported", "supported", 0, "panels"),
                Shown("n_contradicted", "contradicted", 0, "panels"),
                Shown("n_equivalent", "equivalent", 0, "panels"),
                Shown("n_inconclusive", "inconclusive", 0, "panels"),
            ),
            key=("claim", "rigour"),
            block="text",
            notes=(
                "As published: the sign of the estimates. Independent: runs as if independent. "
                "Clustered: by dataset (CR3), or Nadeau-Bengio over folds. Wild: wild cluster "
                "bootstrap. Mixed: random intercept by dataset. Adjusted: clustered, and adjusted "
                "for the number of panels.",
                f"Level {first['level']:.0%}. Inconclusive: the data do not say; that is not "
                "evidence for no effect. The CSV of panels has the effect behind each verdict.",
            ),
        )
        artefacts.append(
            Artefact(slug("claims", name), f"Claims of {name}.", table, (source, panels))
        )
    return artefacts


def is_of(name: str, paper: str | None) -> bool:
    """Return whether the name of a source or printed table is that of a paper.

    Examples
    --------
    >>> is_of("Palés Huix et al. (2024)", "pales2024"), is_of("zu2025_table1", "pales2024")
    (True, False)
    """
    if paper is None:
        return True
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return plain.startswith(paper.rstrip("0123456789"))


def audit_table(data: Data) -> list[Artefact]:
    """Return the printed numbers that do not agree with the rest of their table or the text."""
    tables = data.frames["audits"]["printed_table"].unique(maintain_order=True)
    source = data.select(
        "audits", printed_table=tuple(name for name in tables if is_of(name, data.paper))
    )
    found = source.rows.filter(~pl.col("is_consistent"))
    if found.is_empty():
        return []
    table = result_table(
        found,
        (
            Shown("states", "the paper says", width_mm=42),
            Shown("table_row", "row", width_mm=21),
            Shown("table_column", "column", width_mm=20),
            Shown("printed", "printed"),
            Shown("found", "found"),
            Shown("explanation", "would be explained by", width_mm=30),
        ),
        key=("number",),
        block="printed_table",
        notes=(f"{len(source.rows)} checks, {len(source.rows) - len(found)} of them consistent.",),
    )
    caption = "Printed numbers that do not agree with the rest of their table or with the text."
    return [Artefact("audit", caption, table, (source,))]


CLAIMS = Exhibit(
    name="claims",
    title="Claims",
    queries=("claims", "claim_panels"),
    build=claim_tables,
    missing="no claims were judged; repdrift analysis judges those of a claims file",
)
AUDIT = Exhibit(
    name="audit",
    title="Audit of printed tables",
    queries=("audits",),
    build=audit_table,
    missing="no audit of printed tables was run",
)
