"""The claims of the three papers, judged on published runs and on printed tables."""

import io
from pathlib import Path

import polars as pl
import pytest
from numpy.testing import assert_allclose
from statsmodels.stats.multitest import multipletests
from typer.testing import CliRunner

from analysis.cli import app
from analysis.printed.files import PAPERS, PUBLISHED, load_claims
from tests.analysis.test_claims import SLOPE
from warehouse.connection import connect
from warehouse.errors import AnalysisError
from warehouse.importers.imported import land
from warehouse.importers.mapping import read_mapping
from warehouse.importers.tabular import read_tables
from warehouse.ingest import ingest
from warehouse.layout import Layout
from warehouse.views import read_view


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


def test_panels_of_a_claim_and_rigour_are_one_family(published_warehouse, published_verdicts):
    assert published_verdicts
    with connect(published_warehouse) as con:
        panels = read_view(con, "results.claim_panels", where={"rigour": "clustered"})
    panels = panels.filter(
        pl.col("claim").str.starts_with("figure-6-slopes"), pl.col("p_value").is_not_null()
    )
    [family] = panels["family"].unique()
    assert family == f"claim={panels['claim'][0]}, rigour=clustered"
    assert set(panels["family_size"]) == {len(panels)}
    theirs = multipletests(panels["p_value"].to_numpy(), method="holm")[1]
    assert_allclose(panels["p_adjusted"], theirs, rtol=1e-12)


def test_command_refuses_claims_about_nothing(published_warehouse, tmp_path):
    path = tmp_path / "claims.toml"
    path.write_text(SLOPE)
    outcome = CliRunner().invoke(app, ["claims", str(path), "-w", str(published_warehouse)])
    assert isinstance(outcome.exception, AnalysisError)
    assert "none of 1 claims is about a run" in str(outcome.exception)


def test_command_says_which_of_ones_own_claims_no_run_fits(published_warehouse, tmp_path):
    where = 'where = { outcome = "gain_ratio:auc", measure = "cca_mean_juodelyte" }'
    judged = SLOPE.replace('where = { outcome = "gain" }', where)
    misspelt = judged.replace('source = "test"', "").replace("falls", "rises")
    path = tmp_path / "claims.toml"
    path.write_text(judged + misspelt.replace("cca_mean_juodelyte", "cca_men"))
    outcome = CliRunner().invoke(app, ["claims", str(path), "-w", str(published_warehouse)])
    assert outcome.exit_code == 0, outcome.output
    assert "rises" not in outcome.stdout
    assert outcome.stderr == (
        "claim rises: no run has measure = 'cca_men'; there are cca_mean_juodelyte\n"
    )


@pytest.fixture(scope="module")
def printed_verdicts(tmp_path_factory):
    """Verdicts of the shipped claims about printed tables."""
    layout = Layout(tmp_path_factory.mktemp("printed"))
    folder = Path(str(PUBLISHED))
    for paper in ("zu2025", "pales2024"):
        land(layout, read_tables(folder, read_mapping(paper)))
    ingest(layout)
    outcome = CliRunner().invoke(app, ["claims", "-w", str(layout.root)])
    assert outcome.exit_code == 0, outcome.output
    return pl.read_csv(io.StringIO(outcome.stdout))


def test_printed_tables_of_four_datasets_settle_no_claim_about_all_networks(printed_verdicts):
    by_signs = printed_verdicts.filter(rigour="as_published")
    assert dict(by_signs.select("claim", "verdict").iter_rows()) == {
        "fine-tuning-beats-frozen-as-printed": "supported",
        "deit-classifier-adds-little-as-printed": "supported",
        "dinov2-beats-the-baseline-as-printed": "supported",
        "seem-matches-the-baseline-as-printed": "supported",
        "other-foundations-lag-behind-as-printed": "supported",
        "a-frozen-foundation-needs-a-classifier-as-printed": "supported",
        "full-beats-linear-as-printed": "contradicted",  # DINOv2 on APTOS2019 and MedFM-Endo
        "full-beats-scratch-as-printed": "supported",
        "linear-beats-scratch-as-printed": "supported",
        "supervised-beats-unsupervised-as-printed": "supported",
    }
    honest = printed_verdicts.filter(pl.col("rigour") != "as_published")
    assert set(honest["verdict"]) == {"inconclusive"}
    wild = printed_verdicts.filter(rigour="wild")
    assert wild["n_inconclusive"].to_list() == wild["n_panels"].to_list()
