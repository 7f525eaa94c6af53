"""A claim is judged panel by panel under rising rigour, and its verdicts combined as it says."""

import numpy as np
import polars as pl
import pytest
from typer.testing import CliRunner

from analysis.claims import combined, conclude, read_claims
from analysis.cli import app
from analysis.judging import RIGOURS, judge
from analysis.published_files import PAPERS, load_claims
from warehouse.connection import connect
from warehouse.errors import AnalysisError
from warehouse.views import read_view

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
DIFFERENCE = """
[[claim]]
id = "better"
text = "b is better than a."
kind = "difference"
expects = "{expects}"
over = ["score"]
first = {{ pretraining = "a" }}
second = {{ pretraining = "b" }}
margin = {margin}
"""


def slope_frames(rng, *, slope, clusters=8, shared=0.0):
    """Two layers, eight datasets of five runs."""
    n = 2 * clusters * 5
    similarity = rng.normal(size=n)
    datasets = np.tile(np.repeat(np.arange(clusters), 5), 2)
    outcome = slope * similarity + shared * rng.normal(size=clusters)[datasets]
    points = pl.DataFrame(
        {
            "layer": np.repeat(["early", "late"], n // 2),
            "dataset": datasets.astype(str),
            "run_id": [str(i) for i in range(n)],
            "similarity": similarity,
            "outcome": "gain",
            "outcome_value": outcome + 0.1 * rng.normal(size=n),
        }
    )
    return {"points": points}


def score_frames(rng, *, effect, n_datasets=8, spread=0.01):
    rows = []
    for dataset in range(n_datasets):
        for fold in range(1, 6):
            base = rng.normal()
            for name in "ab":
                value = base + (name == "b") * effect + spread * rng.normal()
                rows.append((f"d{dataset}", fold, name, "auc", value, f"{dataset}{fold}{name}"))
    columns = ["dataset", "fold", "pretraining", "score", "value", "run_id"]
    return {"scores": pl.DataFrame(rows, schema=columns, orient="row")}


def verdicts(claim, frames):
    return dict(conclude(claim, judge(claim, frames)).select("rigour", "verdict").iter_rows())


def test_a_true_slope_is_supported_at_every_rigour(rng):
    [claim] = read_claims(SLOPE)
    assert verdicts(claim, slope_frames(rng, slope=-1.0)) == dict.fromkeys(RIGOURS, "supported")


def test_a_slope_the_other_way_is_contradicted_at_every_rigour(rng):
    [claim] = read_claims(SLOPE)
    assert verdicts(claim, slope_frames(rng, slope=1.0)) == dict.fromkeys(RIGOURS, "contradicted")


def test_signs_alone_are_what_a_reader_of_a_plot_goes_by(rng):
    [claim] = read_claims(SLOPE)
    found = verdicts(claim, slope_frames(rng, slope=-0.02, shared=2.0))
    assert found["as_published"] in {"supported", "contradicted"}
    assert found["clustered"] == found["wild"] == "inconclusive"


def test_a_true_difference_is_supported_and_no_difference_is_equivalent(rng):
    [claim] = read_claims(DIFFERENCE.format(expects="greater", margin=0.05))
    assert set(verdicts(claim, score_frames(rng, effect=0.2)).values()) == {"supported"}
    nothing = verdicts(claim, score_frames(rng, effect=0.0))
    assert {nothing[name] for name in ("independent", "clustered", "mixed")} == {"equivalent"}


def test_equivalence_has_to_be_shown(rng):
    [claim] = read_claims(DIFFERENCE.format(expects="equivalent", margin=0.05))
    assert verdicts(claim, score_frames(rng, effect=0.0))["clustered"] == "supported"
    assert verdicts(claim, score_frames(rng, effect=0.0, spread=1.0))["clustered"] == "inconclusive"
    assert verdicts(claim, score_frames(rng, effect=0.5))["clustered"] == "contradicted"


def test_differences_are_paired_on_dataset_and_fold(rng):
    [claim] = read_claims(DIFFERENCE.format(expects="greater", margin=0.0))
    frames = score_frames(rng, effect=0.2)
    panel = judge(claim, frames).filter(pl.col("rigour") == "clustered").row(0, named=True)
    wide = frames["scores"].pivot("pretraining", index=["dataset", "fold"], values="value")
    assert panel["estimate"] == pytest.approx((wide["b"] - wide["a"]).to_numpy().mean())
    assert (panel["n_runs"], panel["n_clusters"]) == (40, 8)


def test_one_dataset_takes_the_interval_over_its_folds(rng):
    [claim] = read_claims(DIFFERENCE.format(expects="greater", margin=0.0))
    panels = judge(claim, score_frames(rng, effect=0.2, n_datasets=1))
    row = panels.filter(pl.col("rigour") == "clustered").row(0, named=True)
    naive = panels.filter(pl.col("rigour") == "independent").row(0, named=True)
    assert "Nadeau-Bengio" in row["reason"]
    stretch = (row["ci_high"] - row["ci_low"]) / (naive["ci_high"] - naive["ci_low"])
    assert stretch == pytest.approx(np.sqrt((1 / 5 + 1 / 4) / (1 / 5)))


def test_a_mean_is_held_against_its_threshold(rng):
    [claim] = read_claims(
        '[[claim]]\nid = "low"\ntext = "below 0.5"\nkind = "mean"\nexpects = "less"\n'
        'view = "similarities"\nthreshold = 0.5'
    )
    rows = pl.DataFrame(
        {
            "dataset": np.repeat(list("abcdefgh"), 3),
            "run_id": [str(i) for i in range(24)],
            "value": 0.3 + 0.05 * rng.normal(size=24),
        }
    )
    assert set(verdicts(claim, {"similarities": rows}).values()) == {"supported"}


def test_adjustment_is_for_the_number_of_panels(rng):
    [claim] = read_claims(SLOPE)
    panels = judge(claim, slope_frames(rng, slope=-1.0, shared=0.5)).filter(panel="early")
    width = dict(panels.select("rigour", pl.col("ci_high") - pl.col("ci_low")).iter_rows())
    assert width["adjusted"] > width["clustered"]


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


def test_no_runs_give_no_verdict(rng):
    [claim] = read_claims(SLOPE.replace('"gain"', '"another"'))
    assert judge(claim, slope_frames(rng, slope=1.0)).is_empty()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("kind =", "sort ="), "claim falls: unknown key 'sort'"),
        (('kind = "slope"', 'kind = "slop"'), "claim falls: kind = 'slop' is none of"),
        (('text = "The', 'source = "The'), "claim falls: text is missing"),
        (('"less"', '"equivalent"'), "claim falls: margin says how large"),
        (('"slope"', '"slope_difference"'), "needs first and second"),
        (("[[claim]]", "[[claim"), "no TOML"),
    ],
    ids=["key", "kind", "text", "margin", "sides", "toml"],
)
def test_refuses(change, message):
    with pytest.raises(ValueError, match=message):
        read_claims(SLOPE.replace(*change))


def test_refuses_a_column_that_is_not_there(rng):
    [claim] = read_claims(SLOPE.replace("outcome =", "outcomes ="))
    with pytest.raises(ValueError, match="no column 'outcomes'"):
        judge(claim, slope_frames(rng, slope=1.0))


def test_claims_of_the_three_papers_are_shipped():
    claims = load_claims()
    assert {claim.source.split()[0].lower() for claim in claims} == {
        paper.rstrip("0123456789") for paper in PAPERS
    }
    assert len({claim.id for claim in claims}) == len(claims)


@pytest.fixture(scope="module")
def published_verdicts(published_warehouse):
    """Verdicts of `repdrift analysis claims` on the published runs."""
    outcome = CliRunner().invoke(app, ["claims", "-w", str(published_warehouse)])
    assert outcome.exit_code == 0, outcome.output
    return {
        tuple(line.split(",")[:2]): line.split(",")[2] for line in outcome.stdout.splitlines()[1:]
    }


@pytest.mark.parametrize(
    ("claim", "as_published", "clustered"),
    [
        ("figure-6-slopes-fall", "supported", "inconclusive"),
        ("figure-6-steeper-for-radimagenet", "contradicted", "inconclusive"),
        ("imagenet-beats-radimagenet", "supported", "supported"),
        ("representations-diverge", "contradicted", "inconclusive"),
        ("early-layers-as-similar-as-random-ones", "supported", "inconclusive"),
        ("early-layers-change-less", "supported", "supported"),
        ("predictions-more-similar-than-independent", "supported", "inconclusive"),
    ],
)
def test_published_claims_under_rigour(published_verdicts, claim, as_published, clustered):
    assert published_verdicts[claim, "as_published"] == as_published
    assert published_verdicts[claim, "clustered"] == clustered


def test_verdicts_are_rows_that_lead_to_their_runs(published_verdicts, published_warehouse):
    with connect(published_warehouse) as con:
        claims = read_view(con, "results.claims")
        panels = read_view(con, "results.claim_panels")
        for row in read_view(con, "results.analyses").iter_rows(named=True):
            if row["name"].startswith("claim "):
                assert con.sql(row["query"]).pl()["run_id"].n_unique() == row["n_runs"]
    assert len(claims) == len(published_verdicts)
    assert all(len(ids) for ids in panels["run_ids"])


def test_command_refuses_claims_about_nothing(published_warehouse, tmp_path):
    path = tmp_path / "claims.toml"
    path.write_text(SLOPE)
    outcome = CliRunner().invoke(app, ["claims", str(path), "-w", str(published_warehouse)])
    assert isinstance(outcome.exception, AnalysisError)
    assert "none of 1 claims is about a run" in str(outcome.exception)
