"""A claims file is read strictly, and verdicts of panels are combined as a claim says."""

from dataclasses import replace

import polars as pl
import pytest

from analysis.testing.claims import combined, conclude
from analysis.testing.claims_file import read_claims

SLOPE = """
source = "test"
[[claim]]
id = "falls"
text = "The outcome falls with similarity in all layers."
kind = "slope"
expects = "less"
over = ["layer"]
where = { outcome = "gain" }
"""


@pytest.mark.parametrize(
    ("scope", "counts", "expected"),
    [
        ("every", (3, 3, 0, 0), "supported"),
        ("every", (3, 2, 0, 0), "inconclusive"),
        ("every", (3, 2, 1, 0), "contradicted"),
        ("every", (3, 0, 0, 3), "equivalent"),
        ("most", (3, 2, 1, 0), "supported"),
        ("most", (4, 2, 2, 0), "inconclusive"),
        ("most", (3, 0, 2, 1), "contradicted"),
        ("any", (3, 1, 2, 0), "supported"),
        ("any", (3, 0, 3, 0), "contradicted"),
        ("any", (3, 0, 2, 0), "inconclusive"),
    ],
)
def test_panels_combine_as_the_scope_says(scope, counts, expected):
    assert combined(scope, *counts) == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("kind =", "sort ="), "claim falls: unknown key 'sort'"),
        (('kind = "slope"', 'kind = "slop"'), "claim falls: kind = 'slop' is none of"),
        (('text = "The', 'source = "The'), "claim falls: text is missing"),
        (('"less"', '"equivalent"'), "claim falls: margin says how large"),
        (('"slope"', '"slope_difference"'), "needs first and second"),
        (
            ("where", 'first_start = { adaptation = "linear" }\nwhere'),
            "changes need both first_start",
        ),
        (("[[claim]]", "[[claim"), "no TOML"),
        (("kind =", "knid ="), r"unknown key 'knid'; did you mean kind\?"),
        (("[[claim]]", "[[claims]]"), r"unknown key 'claims'; did you mean claim\?"),
        (("[[claim]]", "[claim]"), r"no claim: each begins with a line \[\[claim\]\]"),
        (('["layer"]', '"layer"'), "claim falls: over = 'layer' is not a list of columns"),
        (("over", 'margin = "0.1"\nover'), "margin = '0.1' is not a number of at least 0"),
        (('where = { outcome = "gain" }', 'where = "gain"'), "where = 'gain' is not a table"),
        (
            ('kind = "slope"', 'kind = "difference"\nfirst = "a"\nsecond = "b"'),
            "first and second of a difference are tables",
        ),
        (("[[claim]]", SLOPE.removeprefix('\nsource = "test"\n') + "[[claim]]"), "2 claims have"),
    ],
    ids=[
        *("key", "kind", "text", "margin", "sides", "start", "toml", "nearest", "nothing", "one"),
        *("list", "number", "table", "tables", "twice"),
    ],
)
def test_refuses(change, message):
    with pytest.raises(ValueError, match=message):
        read_claims(SLOPE.replace(*change))


@pytest.mark.parametrize(
    ("scope", "single", "many", "expected"),
    [
        # Verdicts of three panels at the level, and those that hold among many.
        ("every", "sss", "iii", "supported"),  # all must agree: each at the level
        ("every", "sci", "iii", "inconclusive"),
        ("every", "sci", "ici", "contradicted"),
        ("any", "sii", "iii", "inconclusive"),
        ("any", "sii", "sii", "supported"),
        ("any", "ccc", "iii", "contradicted"),
        ("most", "ssi", "sii", "inconclusive"),
        ("most", "ssi", "ssi", "supported"),
        ("most", "cci", "cci", "contradicted"),
        ("every", "eee", "iii", "equivalent"),
    ],
)
def test_where_some_panels_decide_they_must_hold_among_many(scope, single, many, expected):
    words = {"s": "supported", "c": "contradicted", "i": "inconclusive", "e": "equivalent"}
    [claim] = read_claims(SLOPE)
    panels = pl.DataFrame(
        {
            "rigour": "clustered",
            "verdict": [words[letter] for letter in single],
            "verdict_among_many": [words[letter] for letter in many],
        }
    )
    (row,) = conclude(replace(claim, scope=scope), panels).iter_rows(named=True)
    assert row["verdict"] == expected
    assert row["n_supported"] == single.count("s")
