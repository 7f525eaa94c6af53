"""CLS token or average of all patches: scores, and the paired difference with its sign."""

import polars as pl
import pytest

from reports.exhibits import pooling, score_matrix
from reports.tables.model import Block, Column, Number, Row, Table
from tests.reports.building import GROUP, built, lines_of, rows
from tests.reports.conftest import insert
from warehouse.uncertainty import MixedUncertaintyError

MEANS = {
    ("breast", "imagenet", "cls"): 0.80,
    ("breast", "imagenet", "mean"): 0.85,
    ("breast", "dino_50%", "cls"): 0.82,
    ("breast", "dino_50%", "mean"): 0.70,
    ("chest", "imagenet", "cls"): 0.60,
    ("chest", "dino_50%", "cls"): 0.65,
}


def name(weights: str, read: str) -> str:
    return f"vit / {weights} / full / {read} / linear"


def add_poolings(con) -> None:
    """Insert two networks under both heads on one dataset and under one on another."""
    con.execute("delete from results.intervals")
    cell = GROUP | {
        "study": "s",
        "backbone": "vit",
        "adaptation": "full",
        "head": "linear",
        "uncertainty": "seed",
        "method": "t",
        "sd": 0.01,
        "n_runs": 5,
        "run_ids": ["r"],
    }
    insert(
        con,
        "results.intervals",
        rows(
            *(
                cell | {"dataset": d, "pretraining": w, "pooling": p, "token": p, "estimate": mean}
                for (d, w, p), mean in MEANS.items()
            )
        ),
    )
    pair = GROUP | {
        "study": "s",
        "dataset": "breast",
        "method": "t",
        "margin": 0.01,
        "family_size": 6,
        "n_pairs": 5,
        "verdict": "inconclusive",
        "run_ids": ["r"],
    }
    pairs = (
        ("imagenet", "cls", "imagenet", "mean", 0.05, 0.03, 0.07, 0.01),
        ("dino_50%", "cls", "dino_50%", "mean", -0.12, -0.2, -0.04, 0.02),
        ("dino_50%", "cls", "imagenet", "cls", -0.02, -0.06, 0.02, 0.4),
    )
    insert(
        con,
        "results.comparisons",
        rows(
            *(
                pair
                | {
                    "first": name(w, p),
                    "second": name(other, q),
                    "estimate": estimate,
                    "ci_low": low,
                    "ci_high": high,
                    "p_value": p_adjusted / 6,
                    "p_adjusted": p_adjusted,
                }
                for w, p, other, q, estimate, low, high, p_adjusted in pairs
            )
        ),
    )


@pytest.fixture
def con_with_pooling(con):
    add_poolings(con)
    return con


def test_differences_stand_beside_the_scores_and_ties_are_of_the_test(con_with_pooling):
    (artefact,) = built(con_with_pooling, pooling.EXHIBIT)
    lines = lines_of(artefact)
    assert lines[0].startswith("| network | breast AUC | breast mean − CLS | chest AUC |")
    assert (
        lines[3]
        == "| vit · dino\\_50% | **82.0 ± 1.0** | −12.0 [−20.0, −4.0] | **65.0 ± 1.0** | – |"
    )
    assert lines[4] == "| vit · imagenet | 80.0 ± 1.0† | 5.0 [3.0, 7.0] | 60.0 ± 1.0 | – |"
    assert isinstance(artefact.content, Table)
    assert any("family of 6 tests" in note for note in artefact.content.notes)


def test_without_both_heads_there_is_no_table(con):
    assert built(con, pooling.EXHIBIT) == []


def test_cells_of_another_kind_of_uncertainty_get_a_table_of_their_own(con_with_pooling):
    con_with_pooling.execute(
        "update results.intervals set uncertainty = 'fold' where dataset = 'chest'"
    )
    (artefact,) = built(con_with_pooling, pooling.EXHIBIT)
    assert "chest" not in lines_of(artefact)[0]
    assert built(con_with_pooling, score_matrix.EXHIBIT) == []  # no kind is on two datasets


def test_a_table_refuses_to_mix_kinds_of_uncertainty_unless_it_is_told_to():
    cells = [Number(0.5, spread=0.1, uncertainty=kind) for kind in ("fold", "seed")]
    columns, blocks = (Column("a"), Column("b")), (Block((Row(tuple(cells)),)),)
    with pytest.raises(MixedUncertaintyError, match="fold and seed in one column: make one table"):
        Table(columns, blocks)
    assert Table(columns, blocks, mixes_uncertainty=True).rows


def test_pairs_that_could_not_be_tested_are_no_ties():
    pairs = pl.DataFrame({"family_size": [None]}, schema={"family_size": pl.Int64})
    assert score_matrix.best_note(pairs).endswith("nothing tested.")
    assert "No pair of networks was compared" in score_matrix.best_note(pairs.clear())
