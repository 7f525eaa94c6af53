"""Claims and audits show what analysis left: verdicts per rigour, and what does not agree."""

from reports.exhibits import claims
from reports.exhibits.exhibit import Data
from reports.store import read
from reports.tables.model import Table
from tests.reports.building import built, lines_of, rows
from tests.reports.conftest import insert


def claim(rigour: str, verdict: str) -> dict[str, object]:
    """Return a row of results.claims."""
    return {
        "analysis_id": "a1",
        "claim": "falls",
        "source": "Juodelyte et al. (2023)",
        "text": "The gain falls with similarity in every layer, 100 % of the time.",
        "kind": "slope",
        "expects": "less",
        "scope": "every",
        "rigour": rigour,
        "verdict": verdict,
        "n_panels": 10,
        "n_supported": 4,
        "n_contradicted": 1,
        "n_equivalent": 2,
        "n_inconclusive": 3,
        "level": 0.95,
        "margin": 0.0,
    }


def test_a_claim_is_quoted_with_a_verdict_per_rigour_in_rising_order(con):
    three = (claim("clustered", "inconclusive"), claim("as_published", "supported"))
    insert(con, "results.claims", rows(*three, claim("mixed", "equivalent")))
    (artefact,) = built(con, claims.CLAIMS)
    lines = lines_of(artefact)
    assert "The gain falls with similarity" in lines[2]
    assert [line.split(" | ")[:2] for line in lines[3:]] == [
        ["| as published", "supported"],
        ["| clustered", "inconclusive"],
        ["| mixed", "equivalent"],
    ]
    assert lines[3].endswith("| 4 | 1 | 2 | 3 |")


def test_a_claim_in_short_is_one_row_of_verdicts_in_rising_order(con):
    three = (claim("clustered", "inconclusive"), claim("as_published", "supported"))
    insert(con, "results.claims", rows(*three))
    (artefact,) = built(con, claims.IN_SHORT)
    lines = lines_of(artefact)
    assert lines[0].endswith("| verdict as published | verdict clustered |")
    assert lines[2].endswith("the time. | supported | inconclusive |")


def test_two_claims_of_one_sentence_are_told_apart_by_their_ids(con):
    first, second = claim("wild", "supported"), claim("wild", "equivalent")
    insert(con, "results.claims", rows(first, second | {"claim": "falls-in-all"}))
    (in_short,), (long,) = built(con, claims.IN_SHORT), built(con, claims.CLAIMS)
    assert [line.split("the time. ")[1] for line in lines_of(in_short)[2:4]] == [
        "(falls) | supported |",
        "(falls-in-all) | equivalent |",
    ]
    assert [line for line in lines_of(long) if "(falls" in line] == lines_of(long)[2:6:2]


def audit(number: int, *, agrees: bool) -> dict[str, object]:
    """Return a row of results.audits."""
    return {
        "analysis_id": "a1",
        "number": number,
        "printed_table": "pales2024_table3",
        "kind": "derived",
        "states": "Percentage gain",
        "table_row": "SAM",
        "table_column": "ISIC",
        "printed": "1.1",
        "found": "1.9",
        "is_consistent": agrees,
        "explanation": "a difference, not a ratio",
    }


def test_the_audit_lists_what_does_not_agree(con):
    insert(con, "results.audits", rows(audit(1, agrees=True), audit(2, agrees=False)))
    (artefact,) = built(con, claims.AUDIT)
    lines = lines_of(artefact)
    assert len(lines) == 4
    assert "| SAM | ISIC | 1.1 | 1.9 | a difference, not a ratio |" in lines[3]
    assert isinstance(artefact.content, Table)
    assert artefact.content.notes == ("2 checks, 1 of them consistent.",)


def test_a_paper_gets_its_own_claims(con):
    insert(con, "results.claims", rows(claim("mixed", "supported")))
    frames = {name: read(con, name) for name in claims.CLAIMS.queries}
    for paper, expected in (("juodelyte2023", 1), ("zu2025", 0), (None, 1)):
        assert len(claims.CLAIMS.build(Data(frames, {}, {}, paper))) == expected
