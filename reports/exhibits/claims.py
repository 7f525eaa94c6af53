"""What papers claim and print: verdicts under rising rigour, and an audit of printed tables."""

import unicodedata
from collections.abc import Collection, Sequence

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, slug
from reports.exhibits.result_table import Shown, result_table
from reports.formatting import percent

CLAIM_MM = 66.0
RIGOURS = ("as_published", "independent", "clustered", "wild", "mixed", "adjusted")


def claim_tables(data: Data) -> list[Artefact]:
    """Return one table per source: a block per claim, a row per rigour."""
    sources = data.frames["claims"]["source"].unique(maintain_order=True)
    return [_verdicts(data, name) for name in sources if is_of(name, data.paper)]


def in_short(data: Data) -> list[Artefact]:
    """Return one table per source: a row per claim, its verdict under each level of rigour."""
    sources = data.frames["claims"]["source"].unique(maintain_order=True)
    return [_in_short(data, name) for name in sources if is_of(name, data.paper)]


def _in_short(data: Data, name: str) -> Artefact:
    source = data.select("claims", source=name)
    rigours = [rigour for rigour in RIGOURS if rigour in set(source.rows["rigour"])]
    quoted = _told_apart(source.rows)
    wide = quoted.pivot("rigour", index="text", values="verdict", maintain_order=True)
    table = result_table(
        wide,
        (
            Shown("text", "the paper says", width_mm=CLAIM_MM),
            *(Shown(rigour, rigour.replace("_", " "), group="verdict") for rigour in rigours),
        ),
        key=(),
        notes=("What each level of rigour assumes stands with the claims, panel by panel.",),
    )
    caption = f"Claims of {name} in short: what is left of each under rising rigour."
    return Artefact(slug("in-short", name), caption, table, (source,))


def verdicts(paper: str, claims: Sequence[str], chapter: str) -> Exhibit:
    """Return the exhibit of the verdicts on some claims of a paper."""

    def build(data: Data) -> list[Artefact]:
        return [
            _verdicts(data, name, tuple(claims), chapter)
            for name in data.frames["claims"]["source"].unique(maintain_order=True)
            if is_of(name, paper) and len(data.select("claims", source=name, claim=claims).rows)
        ]

    name = slug("claims", paper, chapter)
    missing = "no claims were judged; repdrift analysis claims judges them"
    return Exhibit(name, f"Verdicts on {chapter}", CLAIMS.queries, build, missing, paper)


def other_verdicts(paper: str, judged: Collection[str]) -> Exhibit:
    """Return the exhibit of the verdicts on the claims that no chapter of a paper names."""

    def build(data: Data) -> list[Artefact]:
        made = []
        for name in data.frames["claims"]["source"].unique(maintain_order=True):
            named = data.select("claims", source=name).rows["claim"].unique(maintain_order=True)
            others = tuple(claim for claim in named if claim not in judged)
            if is_of(name, paper) and others:
                made.append(_verdicts(data, name, others))
        return made

    name = slug("claims", paper, "others")
    missing = "every claim stands in the chapter that it is drawn from"
    return Exhibit(name, "Other claims", CLAIMS.queries, build, missing, paper)


def _verdicts(
    data: Data, name: str, claims: tuple[str, ...] | None = None, chapter: str = ""
) -> Artefact:
    where = {"source": name} | ({} if claims is None else {"claim": claims})
    source, panels = data.select("claims", **where), data.select("claim_panels", **where)
    order = {rigour: place for place, rigour in enumerate(RIGOURS)}
    rows = (
        _told_apart(source.rows)
        .with_columns(
            place=pl.col("rigour").replace_strict(order, default=len(RIGOURS)),
            first=pl.int_range(pl.len()).min().over("claim"),
        )
        .sort("first", "place")
    )
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
            "bootstrap. Mixed: random intercept by dataset, errors by dataset (CR2). Adjusted: "
            "clustered, and adjusted for the number of panels.",
            f"Level {percent(first['level'])}. Inconclusive: the data do not say; that is not "
            "evidence for no effect. The CSV of panels has the effect behind each verdict.",
        ),
    )
    caption = f"Claims of {name}{', ' * bool(chapter)}{chapter}."
    return Artefact(slug("claims", name, chapter), caption, table, (source, panels))


def _told_apart(claims: pl.DataFrame) -> pl.DataFrame:
    """Claims with their id behind the text, where one sentence of a paper makes several."""
    is_shared = pl.col("claim").n_unique().over("text") > 1
    named = pl.format("{} ({})", "text", "claim")
    return claims.with_columns(pl.when(is_shared).then(named).otherwise("text").alias("text"))


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
    found = source.rows.filter(~pl.col("is_consistent"), pl.col("kind") != "highest")
    if found.is_empty():
        return []
    n_checks = len(source.rows.filter(pl.col("kind") != "highest"))  # those stand in the tables
    table = result_table(
        found.with_columns(
            pl.col("printed", "found").str.replace(r"^-", "\N{MINUS SIGN}"),
            heading=pl.format("{}: “{}”", _printed_name(), "states"),
        ),
        (
            Shown("table_row", "row", width_mm=40),
            Shown("table_column", "column"),
            Shown("printed", "printed", width_mm=22),
            Shown("found", "found", width_mm=22),
            Shown("explanation", "would be explained by", width_mm=44),
        ),
        key=("number",),
        block="heading",
        notes=(f"{n_checks} checks, {n_checks - len(found)} of them consistent.",),
    )
    caption = "Printed numbers that do not agree with the rest of their table or with the text."
    return [Artefact("audit", caption, table, (source,))]


def _printed_name() -> pl.Expr:
    """Return the name of a printed table in words: pales2024_table3 is Table 3 of pales2024."""
    name = pl.col("printed_table").str
    return name.replace(r"^(\w+?)_([a-z]+)_?(\d*)$", "$1, $2 $3").str.strip_chars_end()


IN_SHORT = Exhibit(
    name="in-short",
    title="Every claim under rising rigour",
    queries=("claims",),
    build=in_short,
    missing="no claims were judged; repdrift analysis claims judges them",
)
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
