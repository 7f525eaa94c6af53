"""Comparisons agree with baycomp, rliable and autorank (tests/analysis/reference/peers.py)."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose

from analysis.means.across_datasets import compare_across_datasets
from analysis.means.comparisons import Comparison, compare_within_datasets
from analysis.means.rankings import rank_networks

REFERENCE = Path(__file__).parent / "reference"
COMPARISON = Comparison(margin=0.01, n_draws=100_000, n_resamples=20)
PAIRS = ["a b", "a c", "b c"]


@pytest.fixture(scope="module")
def scores():
    """Seven datasets, three networks, five folds."""
    return pl.read_csv(REFERENCE / "comparisons_scores.csv").with_columns(
        score=pl.lit("auc"),
        run_id=pl.concat_str("dataset", "network", "fold", separator="-"),
        n_folds=pl.lit(5),
        seed=pl.lit(0),
        n_train=pl.lit(400),
        n_test=pl.lit(100),
    )


@pytest.fixture(scope="module")
def peers():
    """Numbers of the peers, by quantity and networks."""
    frame = pl.read_csv(REFERENCE / "peers_expected.csv", comment_prefix="#")
    return {(row[0], row[1] or ""): row[2] for row in frame.rows()}


@pytest.fixture(scope="module")
def across(scores):
    rows = compare_across_datasets(scores, COMPARISON, by=["score"])
    return {f"{row['first']} {row['second']}": row for row in rows.iter_rows(named=True)}


@pytest.mark.parametrize("pair", PAIRS)
def test_the_bayesian_signed_rank_is_that_of_baycomp(across, peers, pair):
    for side in ("first", "rope", "second"):
        theirs = peers[f"baycomp signed rank {side}", pair]
        # A share of our 100,000 draws, against one of their 400,000.
        error = np.sqrt(theirs * (1 - theirs) * (1 / 100_000 + 1 / 400_000))
        assert across[pair][f"p_{side}"] == pytest.approx(theirs, abs=4 * error + 1e-4)


@pytest.mark.parametrize("pair", PAIRS)
def test_the_posterior_over_folds_is_the_correlated_t_of_baycomp(scores, peers, pair):
    first, second = pair.split()
    rows = compare_within_datasets(scores, COMPARISON, by=["score"])
    row = rows.row(by_predicate=(pl.col("dataset") == "d3") & _is(first, second), named=True)
    for side in ("below", "within", "above"):
        theirs = peers[f"baycomp correlated t {side}", pair]
        assert_allclose(row[f"p_{side}"], theirs, rtol=1e-9)


@pytest.mark.parametrize("pair", PAIRS)
def test_the_improvement_is_that_of_rliable(across, peers, pair):
    assert_allclose(across[pair]["improvement"], peers["rliable improvement", pair], rtol=1e-12)


def test_interquartile_means_are_those_of_rliable_and_ranks_those_of_autorank(scores, peers):
    for row in rank_networks(scores, by=["score"], n_resamples=20).iter_rows(named=True):
        network = row["network"]
        assert_allclose(row["iqm"], peers["rliable iqm", network], rtol=1e-12)
        assert_allclose(row["mean_rank"], peers["autorank mean rank", network], rtol=1e-12)
        # Their quantile is that of a table with three decimals.
        assert_allclose(
            row["critical_difference"], peers["autorank critical difference", ""], rtol=3e-4
        )


def _is(first, second):
    return (pl.col("first") == first) & (pl.col("second") == second)
