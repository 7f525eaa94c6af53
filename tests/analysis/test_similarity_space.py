"""The similarity space as a probability and a surface: by hand, and in simulation."""

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from scipy import special, stats

from analysis.drift.membership import membership
from analysis.drift.membership_probability import Space, membership_probability, without_floor
from analysis.drift.similarity_space import ETAS, membership_surface
from analysis.means.shares import share_intervals


def binomial(members, runs):
    return share_intervals(members / runs, runs)


def members(similarity, score, *, images=None, floor=None, width=None, probe="source"):
    n = len(similarity)
    return pl.DataFrame(
        {
            "cell": "a",
            "run_id": [str(i) for i in range(n)],
            "similarity": similarity,
            "similarity_low": [None if width is None else s - width / 2 for s in similarity],
            "similarity_high": [None if width is None else s + width / 2 for s in similarity],
            "similarity_floor": floor,
            "outcome_value": score,
            "reference_score": 0.9,
            "n_test": images,
            "probe": probe,
            "fold": None,
            "n_folds": None,
            "n_train": None,
        },
        schema_overrides={
            "fold": pl.Int64,
            "n_folds": pl.Int64,
            "n_train": pl.Int64,
            "similarity_low": pl.Float64,
            "similarity_high": pl.Float64,
            "similarity_floor": pl.Float64,
            "n_test": pl.Int64,
        },
    )


@pytest.mark.parametrize(("similarity", "expected"), [(0.9, 1.0), (0.3, 0.0)])
def test_without_noise_probability_is_membership(similarity, expected):
    points = members([similarity] * 4, [0.9] * 4)
    row = membership_probability(points, Space(0.5, 0.05), by=["cell"]).row(0, named=True)
    assert row["probability"] == expected
    assert_allclose([row["ci_low"], row["ci_high"]], binomial(4 * expected, 4))


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_few_runs_cover_the_share_of_members_that_many_would_have(rng, share):
    trials, runs = 300, 5
    similarity = np.where(rng.uniform(size=trials * runs) < share, 0.9, 0.1)
    points = members(similarity.tolist(), [0.9] * trials * runs).with_columns(
        cell=pl.Series(np.repeat(np.arange(trials), runs))
    )
    rows = membership_probability(points, Space(0.5, 0.05), by=["cell"])
    covered = ((rows["ci_low"] <= share) & (rows["ci_high"] >= share)).mean()
    # Five runs have six outcomes, so the coverage jumps about the level as the share moves.
    exact = sum(
        stats.binom.pmf(k, runs, share)
        for k in range(runs + 1)
        if binomial(k, runs)[0] <= share <= binomial(k, runs)[1]
    )
    assert covered == pytest.approx(exact, abs=4 * np.sqrt(0.25 / trials))
    assert exact > 0.95


def test_probability_is_that_of_the_noise_it_is_given():
    # One standard error of 0.05 below the threshold.
    points = members([0.5] * 6, [0.9] * 6, width=0.1 * stats.norm.ppf(0.975))
    space = Space(0.45, 0.05)
    row = membership_probability(points, space, by=["cell"]).row(0, named=True)
    assert row["probability"] == pytest.approx(stats.norm.sf(1.0), rel=1e-6)


@pytest.mark.parametrize("divergence", ["absolute", "shortfall"])
def test_probability_is_the_share_of_members_among_draws_of_runs_and_images(rng, divergence):
    similarity, score = [0.4, 0.55, 0.6, 0.9], [0.80, 0.84, 0.93, 0.97]
    points = members(similarity, score, images=100, width=0.3)
    space = Space(0.45, 0.05, divergence)
    probability = membership_probability(points, space, by=["cell"])["probability"].item()
    n_draws = 40_000
    picks = rng.integers(0, 4, size=n_draws)
    drawn = np.array(similarity)[picks] + 0.3 / (2 * 1.96) * rng.normal(size=n_draws)
    scores = np.array(score)[picks]
    gap = 0.9 - scores - np.sqrt(scores * (1 - scores) / 100) * rng.normal(size=n_draws)
    gap = np.abs(gap) if divergence == "absolute" else gap
    found = np.mean((drawn >= 0.55) & (gap <= 0.05))
    assert probability == pytest.approx(found, abs=4 * np.sqrt(0.25 / n_draws))


def test_score_on_few_images_is_uncertain():
    sure = members([0.9] * 6, [0.88] * 6)
    unsure = members([0.9] * 6, [0.88] * 6, images=50)
    space = Space(0.5, 0.05)
    found = [
        membership_probability(points, space, by=["cell"])["probability"].item()
        for points in (sure, unsure)
    ]
    assert found[0] == 1.0
    assert 0.5 < found[1] < 0.9


def test_without_its_floor_unrelated_is_zero_and_equal_is_one():
    points = without_floor(members([0.34, 1.0, 0.67], [0.9] * 3, floor=[0.34, 0.34, None]))
    assert_allclose(points["similarity"], [0.0, 1.0], atol=1e-12)


def two_datasets():
    """Fold 1 is close on both datasets, fold 2 on one of them only."""
    return pl.DataFrame(
        {
            "network": "n",
            "dataset": ["a", "a", "b", "b"],
            "fold": [1, 2, 1, 2],
            "n_folds": 5,
            "seed": 0,
            "n_train": 80,
            "n_test": 20,
            "similarity": [0.8, 0.8, 0.7, 0.2],
            "outcome_value": 0.9,
            "reference_score": 0.9,
        }
    )


def at(surface, scope, eta):
    row = surface.filter(pl.col("scope") == scope, pl.col("eta") == eta, pl.col("epsilon") == 0.0)
    return row["fraction"].to_list()


def test_global_space_is_the_intersection_over_datasets():
    surface = membership_surface(two_datasets(), by=["network"])
    assert at(surface, "intersection", 0.3) == [0.5]
    assert at(surface, "union", 0.3) == [1.0]
    assert at(surface, "dataset", 0.3) == [1.0, 0.5]
    assert at(surface, "intersection", 1.0) == [1.0]


def test_surface_grows_with_both_thresholds():
    surface = membership_surface(two_datasets(), by=["network"])
    for _, rows in surface.sort("eta").group_by("scope", "dataset", "epsilon"):
        assert (rows.sort("eta")["fraction"].diff().drop_nulls() >= 0).all()


def test_frontier_is_the_smallest_eta_with_half_of_the_members():
    surface = membership_surface(two_datasets(), by=["network"])
    frontier = surface.filter(pl.col("is_frontier"), pl.col("epsilon") == 0.0)
    found = {row["scope"]: row["eta"] for row in frontier.iter_rows(named=True)}
    assert (found["intersection"], found["union"]) == (0.3, 0.2)


def test_a_fold_that_a_dataset_lacks_is_in_no_intersection():
    # Held to one dataset alone, fold 2 would count as a member of the global space.
    lacking = two_datasets().filter((pl.col("dataset") == "a") | (pl.col("fold") == 1))
    surface = membership_surface(lacking, by=["network"])
    for scope in ("intersection", "union"):
        rows = surface.filter(scope=scope)
        assert set(rows["n_units"]) == {1}
    assert at(surface, "intersection", 0.2) == [0.0]
    assert surface.filter(scope="dataset", dataset="a")["n_units"].unique().to_list() == [2]


def test_datasets_with_no_fold_in_common_have_no_global_space():
    apart = two_datasets().with_columns(
        fold=pl.when(pl.col("dataset") == "a").then("fold").otherwise(pl.col("fold") + 10)
    )
    assert membership_surface(apart, by=["network"])["scope"].unique().to_list() == ["dataset"]


def runs_of_cells(rng, *, trials, folds, seeds, share, sd=0.05, error=0.0, probe="target"):
    """Return runs whose similarity reaches 0.5 with probability ``share``, seen on new images too.

    Folds share 1 / folds of their part, which is half of the variance; images are those of the
    fold on the target probe, and the same in all runs on the source probe.
    """
    folds_draw = rng.normal(size=(trials, folds, 1))
    common = 1 / folds if folds > 1 else 0.0
    of_folds = np.sqrt(common) * rng.normal(size=(trials, 1, 1)) + np.sqrt(1 - common) * folds_draw
    half = np.sqrt(0.5) if folds > 1 else 0.0
    parts = half * of_folds + np.sqrt(1 - half**2) * rng.normal(size=(trials, folds, seeds))
    images = rng.normal(size=(trials, folds if probe == "target" else 1, 1))
    mean = 0.5 + special.ndtri(share) * np.hypot(sd, error)
    similarity = mean + sd * parts + error * images
    cell, fold, seed = (index.ravel() for index in np.indices(similarity.shape))
    width = stats.norm.ppf(0.975) * error
    return pl.DataFrame(
        {
            "cell": cell,
            "run_id": [f"{a}-{b}" for a, b in zip(fold, seed, strict=True)],
            "fold": fold if folds > 1 else None,
            "n_folds": folds if folds > 1 else None,
            "seed": seed,
            "n_train": 100 * max(folds - 1, 1),
            "n_test": 100,
            "probe": probe,
            "similarity": similarity.ravel(),
            "similarity_low": similarity.ravel() - width,
            "similarity_high": similarity.ravel() + width,
            "similarity_floor": 0.0,
            "outcome_value": 1.0,  # on any images: a score without errors varies on none
            "reference_score": 1.0,
        },
        schema_overrides={"fold": pl.Int64, "n_folds": pl.Int64},
    )


def held(rows, share):
    return ((rows["ci_low"] <= share) & (rows["ci_high"] >= share)).mean()


DESIGNS = [(1, 5), (1, 20), (5, 1), (5, 4), (3, 3)]
SHARES = [0.5, 0.7, 0.9]
NOISE = [(0.05, 0.0), (0.05, 0.03), (0.02, 0.04)]


def share_coverage(rng, **design):
    """Share of memberships whose interval holds the share of runs trained anew."""
    points = runs_of_cells(rng, **design)
    return held(membership(points, by=["cell"], eta=0.5, epsilon=0.05), design["share"])


def probability_coverage(rng, **design):
    """Share of probabilities whose interval holds that of new runs on new images."""
    points = runs_of_cells(rng, **design)
    rows = membership_probability(points, Space(0.5, 0.05), by=["cell"])
    return held(rows, design["share"])


@pytest.mark.parametrize(("folds", "seeds"), DESIGNS)
def test_folds_and_seeds_hold_the_share_of_members(rng, folds, seeds):
    # An interval of 20 runs of 5 folds would hold a share of 0.7 in seven of ten.
    trials = 400
    for share in SHARES:
        covered = share_coverage(rng, trials=trials, folds=folds, seeds=seeds, share=share)
        assert covered > 0.95 - 4 * np.sqrt(0.95 * 0.05 / trials)


@pytest.mark.parametrize("probe", ["target", "source"])
@pytest.mark.parametrize(("folds", "seeds"), DESIGNS)
def test_probabilities_hold_what_new_runs_on_new_images_would_show(rng, folds, seeds, probe):
    # Seeds on one split share its images: taken for independent, 20 would hold it in one of five.
    trials = 200
    for sd, error in NOISE:
        covered = probability_coverage(
            rng,
            trials=trials,
            folds=folds,
            seeds=seeds,
            share=0.7,
            sd=sd,
            error=error,
            probe=probe,
        )
        assert covered > 0.95 - 4 * np.sqrt(0.95 * 0.05 / trials)


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.3, *SHARES, 0.98])
@pytest.mark.parametrize(("folds", "seeds"), [*DESIGNS, (5, 20), (10, 1)])
def test_shares_and_probabilities_are_held_at_the_level(rng, folds, seeds, share):
    trials = 3000
    design = {"trials": trials, "folds": folds, "seeds": seeds, "share": share}
    least = 0.95 - 3 * np.sqrt(0.95 * 0.05 / trials)
    assert share_coverage(rng, **design) > least
    for probe in ("target", "source"):
        for sd, error in NOISE:
            covered = probability_coverage(rng, **design, sd=sd, error=error, probe=probe)
            assert covered > least, (probe, error)


@pytest.mark.parametrize(("share", "error", "least"), [(0.84, 0.03, 0.80), (0.84, 0.08, 0.75)])
def test_images_count_twice_and_draw_the_probability_towards_a_half(rng, share, error, least):
    points = runs_of_cells(rng, trials=2000, folds=1, seeds=5, share=share, error=error)
    found = membership_probability(points, Space(0.5, 0.05), by=["cell"])["probability"].mean()
    twice = np.hypot(np.hypot(0.05, error), error) / np.hypot(0.05, error)
    assert found == pytest.approx(special.ndtr(special.ndtri(share) / twice), abs=0.02)
    assert least < found < share


def test_scores_on_the_test_images_of_one_split_move_together(rng):
    # The true accuracy is one standard error of 100 images above what counts as close.
    trials, limit = 400, 0.85
    truth = limit + np.sqrt(limit * (1 - limit) / 100)
    seen = rng.binomial(100, truth, size=(trials, 1)) / 100 + np.zeros((1, 20))
    points = runs_of_cells(rng, trials=trials, folds=1, seeds=20, share=0.9999).with_columns(
        similarity=1.0,
        similarity_low=pl.lit(1.0),
        similarity_high=pl.lit(1.0),
        outcome_value=pl.Series(seen.ravel()),
        reference_score=pl.lit(limit + 0.05),
    )
    space = Space(0.5, 0.05, "shortfall")
    rows = membership_probability(points, space, by=["cell"])
    chance = stats.binom.sf(np.ceil(100 * limit) - 1, 100, truth)
    assert held(rows, chance) > 0.95 - 4 * np.sqrt(0.95 * 0.05 / trials)


@pytest.mark.parametrize(("folds", "seeds"), [(1, 5), (1, 20), (5, 4)])
def test_intersection_and_union_hold_those_of_many_runs(rng, folds, seeds):
    trials, share, n_datasets = 200, 0.8, 3
    points = pl.concat(
        runs_of_cells(rng, trials=trials, folds=folds, seeds=seeds, share=share).with_columns(
            dataset=pl.lit(f"d{i}")
        )
        for i in range(n_datasets)
    )
    rows = membership_surface(points, by=["cell"]).filter(eta=0.5, epsilon=0.05)
    truth = {"intersection": share**n_datasets, "union": 1 - (1 - share) ** n_datasets}
    for scope, expected in truth.items():
        found = rows.filter(scope=scope)
        assert len(found) == trials
        assert found["fraction"].mean() == pytest.approx(expected, abs=0.06)
        assert held(found, expected) > 0.95 - 4 * np.sqrt(0.95 * 0.05 / trials), scope


@pytest.mark.parametrize(("folds", "seeds"), [(1, 5), (1, 20), (5, 4)])
def test_the_intervals_of_the_surface_enclose_the_true_frontier(rng, folds, seeds):
    # Half of all runs have at least 0.47: the smallest eta of the grid that they need is 0.6.
    trials, true_eta = 200, 0.6
    points = runs_of_cells(rng, trials=trials, folds=folds, seeds=seeds, share=0.3, sd=0.06)
    points = points.with_columns(dataset=pl.lit("d"))
    rows = membership_surface(points, by=["cell"]).filter(scope="dataset", epsilon=0.05)
    first, surely = (
        rows.filter(pl.col(end) >= 0.5).group_by("cell").agg(pl.col("eta").min())
        for end in ("ci_high", "ci_low")
    )
    both = first.join(surely, on="cell", how="left", suffix="_surely")
    enclosed = (both["eta"] <= true_eta) & (both["eta_surely"].fill_null(np.inf) >= true_eta)
    assert enclosed.mean() > 0.95 - 4 * np.sqrt(0.95 * 0.05 / trials)
    frontier = rows.filter("is_frontier")["eta"].to_numpy()
    assert set(frontier) <= set(ETAS[3:9])
    assert np.mean(np.isclose(frontier, true_eta)) > (0.6 if seeds == 5 else 0.8)


def linear_cka(x, y):
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    scale = np.linalg.norm(x.T @ x) * np.linalg.norm(y.T @ y)
    return np.linalg.norm(x.T @ y) ** 2 / scale


def test_unrelated_layers_are_members_until_the_noise_floor_is_taken_off(rng):
    # Fifty images and 400 features: linear CKA of unrelated layers is 0.89.
    rows = []
    for run in range(20):
        start = rng.normal(size=(50, 400))
        drifted = 0.1 * rng.normal(size=start.shape) + start if run % 2 else None
        end = rng.normal(size=start.shape) if drifted is None else drifted
        shuffles = [linear_cka(start, end[rng.permutation(50)]) for _ in range(10)]
        rows.append((f"{run % 2}", str(run), linear_cka(start, end), np.mean(shuffles)))
    names = ["kind", "run_id", "similarity", "similarity_floor"]
    points = pl.DataFrame(rows, schema=names, orient="row").with_columns(
        *(pl.lit(None, pl.Int64).alias(name) for name in ("fold", "n_folds", "n_train", "n_test")),
        outcome_value=pl.lit(0.9),
        reference_score=pl.lit(0.9),
    )
    found = membership(points, by=["kind"], eta=0.2, epsilon=0.05)
    counts = found.select("n_members", "n_members_corrected", "n_runs").rows()
    assert counts == [(10, 0, 10), (10, 10, 10)]
