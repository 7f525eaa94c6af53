"""Networks compared on a dataset, across datasets, by rank and from printed summaries."""

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from analysis.means.across_datasets import compare_across_datasets, signed_rank_probabilities
from analysis.means.comparisons import Comparison, compare_within_datasets
from analysis.means.friedman import friedman
from analysis.means.interquartile import interquartile_mean
from analysis.means.rankings import rank_networks
from analysis.printed.summaries import Summary, meta_analysis, welch

REFERENCE = Path(__file__).parent / "reference"


@pytest.fixture(scope="module")
def scores():
    """Seven datasets, three networks, five folds, as R drew them."""
    return pl.read_csv(REFERENCE / "comparisons_scores.csv").with_columns(
        score=pl.lit("auc"),
        run_id=pl.concat_str("dataset", "network", "fold", separator="-"),
        n_folds=pl.lit(5),
        seed=pl.lit(0),
        n_train=pl.lit(400),
        n_test=pl.lit(100),
    )


@pytest.fixture(scope="module")
def expected():
    frame = pl.read_csv(REFERENCE / "comparisons_expected.csv", comment_prefix="#")
    return {(row[0], row[1]): row[2] for row in frame.rows()}


def pair(rows, first="a", second="b", **where):
    found = rows.filter(
        pl.col("first") == first,
        pl.col("second") == second,
        *(pl.col(name) == value for name, value in where.items()),
    )
    assert len(found) == 1
    return found.row(0, named=True)


def test_folds_of_a_dataset_take_the_corrected_t_test(scores):
    row = pair(compare_within_datasets(scores, Comparison(), by=["score"]), dataset="d3")
    values = {
        name: scores.filter(pl.col("dataset") == "d3", pl.col("network") == name)
        .sort("fold")["value"]
        .to_numpy()
        for name in "ab"
    }
    difference = values["b"] - values["a"]
    std_error = difference.std(ddof=1) * math.sqrt(1 / 5 + 100 / 400)
    assert_allclose(row["estimate"], difference.mean(), rtol=1e-12)
    assert_allclose(row["std_error"], std_error, rtol=1e-12)
    expected_p = 2 * stats.t.sf(abs(difference.mean()) / std_error, 4)
    assert_allclose(row["p_value"], expected_p, rtol=1e-10)
    assert (row["n_pairs"], len(row["run_ids"]), row["method"]) == (5, 10, "nadeau_bengio")


def test_across_datasets_agrees_with_r(scores, expected):
    row = pair(compare_across_datasets(scores, Comparison(), by=["score"]))
    for quantity in ("estimate", "ci_low", "ci_high", "p_value"):
        assert_allclose(row[quantity], expected["t_datasets", quantity], rtol=1e-9)
    assert_allclose(row["p_wilcoxon"], expected["wilcoxon", "p_value"], rtol=1e-9)
    assert row["n_datasets"] == 7


def test_every_pair_is_compared_once(scores):
    rows = compare_within_datasets(scores, Comparison(), by=["score"])
    assert len(rows) == 3 * 7
    assert rows.select("first", "second").unique().sort("first", "second").rows() == [
        ("a", "b"),
        ("a", "c"),
        ("b", "c"),
    ]


def test_seeds_of_a_fold_are_averaged_before_pairing(scores):
    doubled = pl.concat(
        [
            scores.with_columns(value=pl.col("value") + shift, seed=pl.lit(seed))
            for seed, shift in ((1, 0.1), (2, -0.1))
        ]
    )
    numbers = ["estimate", "std_error", "p_value"]
    assert_allclose(
        compare_within_datasets(doubled, Comparison(), by=["score"]).select(numbers),
        compare_within_datasets(scores, Comparison(), by=["score"]).select(numbers),
        rtol=1e-9,
    )


def test_only_shared_folds_are_paired(scores):
    fewer = scores.filter(~((pl.col("network") == "b") & (pl.col("fold") > 3)))
    assert (
        pair(compare_within_datasets(fewer, Comparison(), by=["score"]), dataset="d1")["n_pairs"]
        == 3
    )


@pytest.mark.parametrize(
    ("theirs", "n_pairs"),
    [("own", 5), ("other", 3), (None, 5)],
    ids=["same images", "other images in two folds", "unknown"],
)
def test_only_folds_of_the_same_images_are_paired(scores, theirs, n_pairs):
    has_theirs = (pl.col("network") == "b") & (pl.col("fold") > 3)
    split = pl.when(has_theirs).then(pl.lit(theirs)).otherwise(pl.lit("own"))
    split = pl.format("{} {}", split, "fold") if theirs else split
    rows = compare_within_datasets(
        scores.with_columns(split_hash=split), Comparison(), by=["score"]
    )
    kept = scores.filter(pl.col("fold") <= 3) if n_pairs == 3 else scores
    plain = compare_within_datasets(kept, Comparison(), by=["score"])
    assert pair(rows, dataset="d1") == pair(plain, dataset="d1")
    assert pair(rows, "a", "c", dataset="d1")["n_pairs"] == 5


def test_seeds_on_two_splits_are_paired_within_each(scores):
    one = scores.filter(fold=1, dataset="d1").with_columns(fold=pl.lit(None, pl.Int64))
    own, other = (
        one.with_columns(seed=pl.lit(seed), run_id=pl.lit(f"{seed}"), split_hash=pl.lit(split))
        for seed, split in ((0, "x"), (1, "y"))
    )
    moved = other.with_columns(
        split_hash=pl.when(pl.col("network") == "b").then(pl.lit("z")).otherwise("split_hash")
    )
    for second, n_pairs in ((other, 2), (moved, 1)):
        rows = compare_within_datasets(pl.concat([own, second]), Comparison(), by=["score"])
        assert pair(rows)["n_pairs"] == n_pairs


def test_seeds_without_folds_are_paired_by_seed():
    scores = pl.DataFrame(
        {
            "score": "auc",
            "dataset": "d",
            "network": ["a"] * 4 + ["b"] * 4,
            "run_id": [f"r{i}" for i in range(8)],
            "seed": [1, 2, 3, 4] * 2,
            "value": [0.1, 0.2, 0.3, 0.4, 0.2, 0.4, 0.3, 0.5],
        }
    ).with_columns(
        pl.lit(None, dtype=pl.Int64).alias(n) for n in ("fold", "n_folds", "n_train", "n_test")
    )
    row = pair(compare_within_datasets(scores, Comparison(), by=["score"]))
    theirs = stats.ttest_rel([0.2, 0.4, 0.3, 0.5], [0.1, 0.2, 0.3, 0.4])
    assert row["method"] == "t"
    assert_allclose(row["p_value"], theirs.pvalue, rtol=1e-9)


def test_seeds_of_a_single_fold_are_paired_by_seed(scores):
    rng = np.random.default_rng(3)
    (fold,) = scores["fold"].unique().sort().head(1)
    seeds = pl.concat(
        scores.filter(fold=fold).with_columns(
            seed=pl.lit(seed, scores.schema["seed"]),
            run_id=pl.format("{}-{}", "run_id", pl.lit(seed)),
            value=pl.col("value")
            + pl.Series(0.01 * rng.normal(size=len(scores.filter(fold=fold)))),
        )
        for seed in range(4)
    )
    row = pair(compare_within_datasets(seeds, Comparison(), by=["score"]), dataset="d1")
    wide = seeds.filter(dataset="d1").pivot("network", index="seed", values="value")
    theirs = stats.ttest_rel(wide["b"], wide["a"])
    assert (row["method"], row["n_pairs"]) == ("t", 4)
    assert_allclose(row["p_value"], theirs.pvalue, rtol=1e-9)
    other = seeds.with_columns(seed=pl.when(network="b").then(pl.col("seed") + 9).otherwise("seed"))
    unpaired = pair(compare_within_datasets(other, Comparison(), by=["score"]), dataset="d1")
    assert (unpaired["n_pairs"], unpaired["p_value"]) == (1, None)


def test_one_fold_has_a_difference_but_no_verdict(scores):
    row = pair(
        compare_within_datasets(scores.filter(pl.col("fold") == 1), Comparison(), by=["score"]),
        dataset="d1",
    )
    assert row["p_value"] is None
    assert row["verdict"] == "inconclusive"


@pytest.mark.parametrize(("margin", "verdict"), [(0.005, "supported"), (0.2, "supported")])
def test_verdict_is_about_the_second_being_better(scores, margin, verdict):
    shifted = scores.with_columns(
        value=pl.col("value") + pl.when(pl.col("network") == "b").then(0.5).otherwise(0.0)
    )
    comparison = Comparison(margin=margin)
    assert pair(compare_across_datasets(shifted, comparison, by=["score"]))["verdict"] == verdict


def test_equal_networks_are_equivalent_within_a_wide_margin_only(scores):
    rows = {
        margin: pair(
            compare_across_datasets(scores, Comparison(margin=margin), by=["score"]), "a", "c"
        )
        for margin in (0.0001, 0.2)
    }
    assert rows[0.2]["p_equivalent"] < 0.05 < rows[0.0001]["p_equivalent"]
    assert rows[0.2]["p_within"] > 0.99 > rows[0.0001]["p_within"]


def test_friedman_agrees_with_r(scores, expected):
    row = rank_networks(scores, by=["score"]).row(0, named=True)
    assert_allclose(row["friedman_statistic"], expected["friedman", "statistic"], rtol=1e-9)
    assert_allclose(row["friedman_p_value"], expected["friedman", "p_value"], rtol=1e-9)


@pytest.mark.parametrize(("k", "quantile"), [(3, 2.343), (5, 2.728), (10, 3.164)])
def test_critical_difference_is_that_of_demsars_table(rng, k, quantile):
    # Demsar (2006), table 5 (a): q at 0.05.
    found = friedman(rng.normal(size=(14, k))).critical_difference
    # The table has three decimals: half a unit of the last is 2e-4 of the smallest.
    assert_allclose(found, quantile * math.sqrt(k * (k + 1) / (6 * 14)), rtol=3e-4)


def test_ranks_by_hand():
    scores = pl.DataFrame(
        {
            "score": "auc",
            "dataset": [d for d in "xyz" for _ in "abc"],
            "network": list("abc") * 3,
            "run_id": [str(i) for i in range(9)],
            "value": [3.0, 2.0, 1.0, 3.0, 1.0, 2.0, 5.0, 5.0, 1.0],
            **dict.fromkeys(("fold", "n_folds", "n_train", "n_test"), None),
        }
    )
    rows = rank_networks(scores, by=["score"])
    found = {row["network"]: row for row in rows.iter_rows(named=True)}
    assert_allclose([found[n]["mean_rank"] for n in "abc"], [3.5 / 3, 6.5 / 3, 8 / 3])
    assert [found[n]["n_wins"] for n in "abc"] == [2.5, 0.5, 0.0]
    assert rows["network"].to_list() == ["a", "b", "c"]
    assert found["a"]["rank_low"] <= found["a"]["mean_rank"] <= found["a"]["rank_high"]
    assert found["a"]["not_different"] == ["b", "c"]


def test_networks_that_tie_everywhere_are_ranked_without_a_test(scores):
    rows = rank_networks(scores.with_columns(value=pl.lit(1.0)), by=["score"])
    assert rows["mean_rank"].n_unique() == 1
    undefined = rows.select("friedman_p_value", "critical_difference", "not_different")
    assert (undefined.null_count() == len(rows)).row(0) == (True, True, True)


def test_datasets_that_a_network_lacks_are_left_out_of_its_ranking(scores):
    fewer = scores.filter(~((pl.col("network") == "c") & (pl.col("dataset") == "d7")))
    assert set(rank_networks(fewer, by=["score"])["n_datasets"]) == {6}


def test_interquartile_mean_drops_a_quarter_on_each_side():
    values = np.array([[100.0, 1, 2, 3, 4, 5, 6, -100]])
    assert_allclose(interquartile_mean(values), [np.mean([2, 3, 4, 5])])


def signed_rank_by_definition(differences, margin, n_draws, seed):
    """Benavoli et al. (2017), section 4.2, with explicit loops."""
    rng = np.random.default_rng(seed)
    values = [0.0, *differences]
    wins = np.zeros(3)
    for weights in rng.dirichlet([0.5, *np.ones(len(differences))], size=n_draws):
        mass = np.zeros(3)
        for wi, zi in zip(weights, values, strict=True):
            for wj, zj in zip(weights, values, strict=True):
                total = zi + zj
                mass[0 if total < -2 * margin else 2 if total > 2 * margin else 1] += wi * wj
        wins[np.argmax(mass)] += 1
    return wins / n_draws


def test_bayesian_signed_rank_equals_its_definition(rng):
    differences = rng.normal(loc=0.01, scale=0.02, size=6)
    ours = signed_rank_probabilities(differences, margin=0.005, n_draws=400, seed=4)
    assert_allclose(ours, signed_rank_by_definition(differences, 0.005, 400, 4), atol=1e-12)


@pytest.mark.parametrize(
    ("differences", "winner"), [([0.1] * 8, 2), ([-0.1] * 8, 0), ([0.001, -0.001] * 4, 1)]
)
def test_bayesian_signed_rank_is_sure_where_it_should_be(differences, winner):
    probabilities = signed_rank_probabilities(np.array(differences), margin=0.01)
    assert probabilities[winner] > 0.95
    assert sum(probabilities) == pytest.approx(1)


def test_one_or_two_datasets_have_no_posterior(scores):
    names = scores["dataset"].unique().sort()
    for n in (1, 2, 3):
        some = scores.filter(pl.col("dataset").is_in(names[:n].to_list()))
        row = pair(compare_across_datasets(some, Comparison(n_draws=200), by=["score"]))
        assert (row["p_rope"] is None) == (row["p_second"] is None) == (n < 3)


@pytest.mark.parametrize(("n_datasets", "documented"), [(3, 0.25), (5, 0.19), (20, 0.11)])
def test_how_sure_the_signed_rank_is_of_nothing_is_documented(rng, n_datasets, documented):
    trials = 400
    sure = [
        max(found[0], found[2]) > 0.95
        for found in (
            signed_rank_probabilities(rng.normal(size=n_datasets), margin=1e-9, n_draws=1000)
            for _ in range(trials)
        )
    ]
    error = np.sqrt(documented * (1 - documented) / trials)
    assert np.mean(sure) == pytest.approx(documented, abs=4 * error)


def test_improvement_is_the_share_of_won_duels(scores):
    row = pair(compare_across_datasets(scores, Comparison(n_draws=2000), by=["score"]))
    duels = []
    for (_,), group in scores.group_by("dataset"):
        a, b = (group.filter(pl.col("network") == n)["value"].to_numpy() for n in "ab")
        duels.append(stats.mannwhitneyu(b, a).statistic / 25)
    assert_allclose(row["improvement"], np.mean(duels), rtol=1e-12)
    assert row["improvement_low"] < row["improvement"] < row["improvement_high"]


def test_welch_from_summaries_equals_r_on_the_data(scores, expected):
    cells = []
    for name in "ab":
        values = scores.filter(pl.col("dataset") == "d1", pl.col("network") == name)["value"]
        cells.append(
            Summary(float(values.to_numpy().mean()), float(values.to_numpy().std(ddof=1)), 5)
        )
    found = welch(*cells)
    for quantity in ("df", "p_value", "ci_low"):
        assert_allclose(getattr(found, quantity), expected["welch", quantity], rtol=1e-9)
    theirs = stats.ttest_ind_from_stats(
        cells[1].mean, cells[1].sd, 5, cells[0].mean, cells[0].sd, 5, equal_var=False
    )
    assert_allclose(found.p_value, theirs.pvalue, rtol=1e-12)


def test_meta_analysis_agrees_with_metafor(scores, expected):
    wide = scores.pivot("network", index=["dataset", "fold"], values="value")
    effects = (
        wide.with_columns(d=pl.col("b") - pl.col("a"))
        .group_by("dataset")
        .agg(mean=pl.col("d").mean(), error=pl.col("d").std() / math.sqrt(5))
    )
    found = meta_analysis(effects["mean"].to_numpy(), effects["error"].to_numpy())
    # Fisher scoring here, a bounded search there: both stop short of the maximum of the likelihood.
    for quantity in ("estimate", "std_error", "p_value", "heterogeneity_p_value"):
        assert_allclose(getattr(found, quantity), expected["meta", quantity], rtol=1e-6)
    assert_allclose(found.variance_between, expected["meta", "variance_between"], rtol=1e-5)


def test_meta_analysis_of_equal_effects_has_no_variance_between():
    found = meta_analysis([0.1, 0.1, 0.1], [0.02, 0.03, 0.05])
    assert found.variance_between == 0.0
    assert found.estimate == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: welch(Summary(1, 1, 1), Summary(1, 1, 5)), "at least two runs"),
        (lambda: welch(Summary(1, 0, 5), Summary(2, 0, 5)), "some spread"),
        (lambda: meta_analysis([1.0], [1.0]), "at least two"),
        (lambda: meta_analysis([1.0, 2.0], [1.0, 0.0]), "positive errors"),
        (lambda: friedman(np.ones((1, 3))), "1 datasets and 3 networks"),
        (lambda: friedman(np.ones((2, 3))), "3 networks tie on all 2 datasets"),
    ],
    ids=["one run", "no spread", "one effect", "no error", "one dataset", "ties alone"],
)
def test_refuses(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_meta_analysis_keeps_its_size(rng):
    trials, rejected = 600, 0
    for _ in range(trials):
        effects = rng.normal(scale=0.3, size=7) + rng.normal(scale=0.2, size=7)
        rejected += meta_analysis(effects, np.full(7, 0.2)).p_value < 0.05
    assert rejected / trials == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / trials))
