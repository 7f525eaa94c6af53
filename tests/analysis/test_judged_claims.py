"""A claim is judged panel by panel under rising rigour, on the effects that it is about."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from numpy.testing import assert_allclose
from polars.testing import assert_frame_equal
from scipy import stats

from analysis.means.comparisons import Comparison, compare_within_datasets
from analysis.regression.fits import regress
from analysis.steps.claim_effects import claimed_effects, unmet
from analysis.steps.claims import METHOD, RIGOURS, Fit, judge
from analysis.testing.claims import conclude
from analysis.testing.claims_file import read_claims
from tests.analysis.test_claims import SLOPE

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
    sizes = {"n_folds": 5, "n_train": 80, "n_test": 20}
    frame = pl.DataFrame(rows, schema=columns, orient="row")
    return {"scores": frame.with_columns(pl.lit(n).alias(name) for name, n in sizes.items())}


def verdicts(claim, frames):
    return dict(conclude(claim, judge(claim, frames)).select("rigour", "verdict").iter_rows())


def test_a_true_slope_is_supported_at_every_rigour(rng):
    [claim] = read_claims(SLOPE)
    assert verdicts(claim, slope_frames(rng, slope=-1.0)) == dict.fromkeys(RIGOURS, "supported")


def test_a_slope_the_other_way_is_contradicted_at_every_rigour(rng):
    [claim] = read_claims(SLOPE)
    assert verdicts(claim, slope_frames(rng, slope=1.0)) == dict.fromkeys(RIGOURS, "contradicted")


def test_a_slope_takes_each_run_once(rng):
    [claim] = read_claims(SLOPE)
    once = slope_frames(rng, slope=-1.0)["points"]
    twice = pl.concat([once.with_columns(probe=pl.lit(name)) for name in ("source", "target")])
    message = "claim .*: run 0 is in panel early 2 times, with several of probe: name it in where"
    with pytest.raises(ValueError, match=message):
        judge(claim, {"points": twice})
    named = replace(claim, where={**claim.where, "probe": "source"})
    assert_frame_equal(judge(named, {"points": twice}), judge(claim, {"points": once}))


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


def test_the_runs_of_a_difference_are_those_of_both_sides(rng):
    [claim] = read_claims(DIFFERENCE.format(expects="greater", margin=0.0))
    scores = score_frames(rng, effect=0.2)["scores"]
    panels = judge(claim, {"scores": scores})
    assert set(panels["n_runs"]) == {40}
    assert {tuple(ids) for ids in panels["run_ids"]} == {tuple(scores["run_id"].sort())}


def test_one_dataset_takes_the_interval_over_its_folds(rng):
    [claim] = read_claims(DIFFERENCE.format(expects="greater", margin=0.0))
    panels = judge(claim, score_frames(rng, effect=0.2, n_datasets=1))
    row = panels.filter(pl.col("rigour") == "clustered").row(0, named=True)
    naive = panels.filter(pl.col("rigour") == "independent").row(0, named=True)
    assert "Nadeau-Bengio" in row["reason"]
    stretch = (row["ci_high"] - row["ci_low"]) / (naive["ci_high"] - naive["ci_low"])
    assert stretch == pytest.approx(np.sqrt((1 / 5 + 1 / 4) / (1 / 5)))


def test_that_interval_and_its_p_value_are_those_of_the_comparison(rng):
    [claim] = read_claims(DIFFERENCE.format(expects="greater", margin=0.0))
    scores = score_frames(rng, effect=0.01, n_datasets=1)["scores"]
    scores = scores.with_columns(n_train=pl.lit(60), n_test=pl.lit(25))  # a part selects
    row = judge(claim, {"scores": scores}).filter(rigour="clustered").row(0, named=True)
    named = scores.with_columns(network="pretraining", seed=pl.lit(None, pl.Int64))
    theirs = compare_within_datasets(named, Comparison(), by=["score"]).row(0, named=True)
    assert theirs["method"] == "nadeau_bengio"
    for number in ("estimate", "ci_low", "ci_high", "p_value"):
        assert_allclose(row[number], theirs[number], rtol=1e-10)


def test_folds_that_all_differ_alike_have_no_interval(rng):
    [claim] = read_claims(DIFFERENCE.format(expects="greater", margin=0.0))
    scores = score_frames(rng, effect=0.0, n_datasets=1)["scores"].with_columns(value=pl.lit(0.5))
    found = judge(claim, {"scores": scores}).filter(rigour="clustered").row(0, named=True)
    assert (found["verdict"], found["ci_low"], found["p_value"]) == ("inconclusive", None, None)


@pytest.mark.parametrize("method", sorted(set(METHOD.values())))
@pytest.mark.parametrize("level", [0.8, 0.99])
def test_a_fit_has_the_interval_of_any_level(rng, method, level):
    [claim] = read_claims(SLOPE)
    effects, model = claimed_effects(claim, slope_frames(rng, slope=-0.1, shared=0.2))
    found = Fit.of(effects, model, method).at(level).sort("panel")
    anew = regress(effects, model, by=["panel"], methods=[method], level=level)
    anew = anew.filter(term="similarity").sort("panel")
    for end in ("ci_low", "ci_high"):
        assert_allclose(found[end].to_numpy(), anew[end].to_numpy(), rtol=1e-12)


def test_a_network_that_never_moves_has_no_slope_to_differ_from(rng):
    steeper = SLOPE.replace('"slope"', '"slope_difference"').replace(
        "where =", 'first = "frozen"\nsecond = "moved"\nwhere ='
    )
    [claim] = read_claims(steeper)
    points = slope_frames(rng, slope=-1.0)["points"].with_columns(pretraining=pl.lit("moved"))
    rounding = pl.Series(1e-8 * rng.integers(0, 3, size=len(points)))  # a distance is a root
    frozen = points.with_columns(pretraining=pl.lit("frozen"), similarity=rounding)
    panels = judge(claim, {"points": pl.concat([points, frozen])})
    assert panels["estimate"].null_count() == len(panels)
    assert panels.filter(rigour="clustered")["reason"].str.contains("dependent").all()


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


def test_no_runs_give_no_verdict(rng):
    [claim] = read_claims(SLOPE.replace('"gain"', '"another"'))
    assert judge(claim, slope_frames(rng, slope=1.0)).is_empty()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("outcome =", "outcomes ="), r"no column 'outcomes'; did you mean outcome\?"),
        (('["layer"]', '["layers"]'), r"no column 'layers'; did you mean layer\?"),
        (('"gain"', "3"), "outcome = 3: outcome is text"),
    ],
)
def test_refuses_a_column_that_is_not_there_or_is_of_another_type(rng, change, message):
    [claim] = read_claims(SLOPE.replace(*change))
    with pytest.raises(ValueError, match=message):
        judge(claim, slope_frames(rng, slope=1.0))


def test_refuses_to_pair_on_a_column_that_is_not_there(rng):
    text = DIFFERENCE.format(expects="less", margin=0.0) + 'pair_on = ["dataset", "folds"]'
    [claim] = read_claims(text)
    with pytest.raises(ValueError, match=r"no column 'folds'; did you mean fold\?"):
        judge(claim, score_frames(rng, effect=0.0))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (SLOPE.replace('"gain"', '"gian"'), "no run has outcome = 'gian'; there are gain"),
        (
            DIFFERENCE.format(expects="less", margin=0.0).replace('"b" }', '"c" }'),
            "no run has pretraining = 'c'; there are a, b",
        ),
    ],
)
def test_says_which_filter_no_run_meets(rng, text, reason):
    [claim] = read_claims(text)
    frames = slope_frames(rng, slope=1.0) | score_frames(rng, effect=0.0)
    assert judge(claim, frames).is_empty()
    assert unmet(claim, frames) == reason


def test_seeds_of_a_fold_are_no_folds(rng):
    [claim] = read_claims(DIFFERENCE.format(expects="greater", margin=0.0))
    frames = score_frames(rng, effect=0.2, n_datasets=1)
    seeds = pl.concat(
        frames["scores"].with_columns(
            value=pl.col("value") + 0.001 * rng.normal(size=10), seed=seed
        )
        for seed in range(6)
    )
    paired = replace(claim, pair_on=("dataset", "fold", "seed"))
    found = judge(paired, {"scores": seeds}).filter(rigour="clustered").row(0, named=True)
    folds = seeds.group_by("dataset", "fold", "pretraining", "score").agg(
        pl.col("value", "n_folds", "n_train", "n_test").mean(), pl.col("run_id").first()
    )
    single = judge(claim, {"scores": folds}).filter(rigour="clustered").row(0, named=True)
    assert found["n_runs"] == 30
    for end in ("estimate", "ci_low", "ci_high"):
        assert found[end] == pytest.approx(single[end], rel=1e-10)


def test_seeds_on_one_split_of_one_dataset_support_nothing_beyond_it(rng):
    [claim] = read_claims(DIFFERENCE.format(expects="greater", margin=0.0))
    seeds = score_frames(rng, effect=5.0, n_datasets=1)["scores"].with_columns(
        seed="fold", fold=pl.lit(None, pl.Int64)
    )
    paired = replace(claim, pair_on=("dataset", "fold", "seed"))
    found = verdicts(paired, {"scores": seeds})
    assert found["as_published"] == found["independent"] == "supported"
    assert {found[name] for name in ("clustered", "wild", "mixed", "adjusted")} == {"inconclusive"}


def test_claims_are_held_against_printed_means(rng):
    [claim] = read_claims(
        DIFFERENCE.format(expects="greater", margin=0.0)
        + 'view = "summaries"\npair_on = ["dataset"]'
    )
    printed = pl.DataFrame(
        {
            "dataset": [f"d{i}" for i in range(8)] * 2,
            "run_id": [str(i) for i in range(16)],
            "score": "auc",
            "pretraining": ["a"] * 8 + ["b"] * 8,
            "mean": np.concatenate([np.zeros(8), 0.2 + 0.01 * rng.normal(size=8)]),
        }
    )
    panels = judge(claim, {"summaries": printed})
    plain = panels.filter(rigour="independent").row(0, named=True)
    theirs = stats.ttest_1samp(printed["mean"][8:], 0).confidence_interval(0.95)
    assert [plain["ci_low"], plain["ci_high"]] == pytest.approx([theirs.low, theirs.high], rel=1e-9)
    assert set(verdicts(claim, {"summaries": printed}).values()) == {"supported"}


def test_one_of_many_panels_contradicts_only_what_chance_would_not():
    # 40 panels without any slope: some fall below 0 at the level of one panel, and say nothing.
    [claim] = read_claims(SLOPE.replace('"less"', '"greater"'))
    panels, datasets, rng = 40, 6, np.random.default_rng(7)
    n = panels * datasets
    frame = pl.DataFrame(
        {
            "layer": np.repeat(np.arange(panels), datasets).astype(str),
            "dataset": np.tile(np.arange(datasets), panels).astype(str),
            "run_id": [str(i) for i in range(n)],
            "similarity": rng.normal(size=n),
            "outcome": "gain",
            "outcome_value": rng.normal(size=n),
        }
    )
    judged = judge(claim, {"points": frame}).filter(rigour="independent")
    falls = pl.col("estimate") < 0
    for column, error in (("verdict", 0.05), ("verdict_among_many", 0.05 / 40)):
        expected = judged.filter(falls, pl.col("p_value") < error)["panel"].to_list()
        found = judged.filter(pl.col(column) == "contradicted")["panel"].to_list()
        assert found == expected
    (row,) = conclude(claim, judged).iter_rows(named=True)
    assert row["n_contradicted"] > 0
    assert row["verdict"] == "inconclusive"


def test_a_clear_contradiction_in_one_of_many_panels_still_counts(rng):
    [claim] = read_claims(SLOPE.replace('"less"', '"greater"'))
    frames = slope_frames(rng, slope=1.0)
    points = frames["points"].with_columns(
        outcome_value=pl.when(pl.col("layer") == "late")
        .then(-pl.col("outcome_value"))
        .otherwise("outcome_value")
    )
    assert set(verdicts(claim, {"points": points}).values()) == {"contradicted"}


CHANGES = """
[[claim]]
id = "resists"
text = "b keeps more of its accuracy than a."
kind = "difference"
expects = "greater"
first = { pretraining = "a", adaptation = "full" }
first_start = { pretraining = "a", adaptation = "linear" }
second = { pretraining = "b", adaptation = "full" }
second_start = { pretraining = "b", adaptation = "linear" }
"""


def test_changes_are_compared_each_with_its_own_start(rng):
    """B is worse before and after, but loses less: by 0.2 on every dataset."""
    rows = [
        (f"d{i}", 1, name, adaptation, level + 0.01 * rng.normal(), f"{i}{name}{adaptation}")
        for i in range(8)
        for name, adaptation, level in (
            ("a", "linear", 0.9), ("a", "full", 0.5), ("b", "linear", 0.6), ("b", "full", 0.4),
        )
    ]  # fmt: skip
    columns = ["dataset", "fold", "pretraining", "adaptation", "value", "run_id"]
    frames = {"scores": pl.DataFrame(rows, schema=columns, orient="row")}
    [claim] = read_claims(CHANGES)
    assert set(verdicts(claim, frames).values()) == {"supported"}
    row = judge(claim, frames).filter(rigour="clustered").row(0, named=True)
    wide = {(d, n, a): value for d, _, n, a, value, _ in rows}
    changes = [
        (wide[d, "b", "full"] - wide[d, "b", "linear"])
        - (wide[d, "a", "full"] - wide[d, "a", "linear"])
        for d in sorted({d for d, *_ in rows})
    ]
    theirs = stats.ttest_1samp(changes, 0).confidence_interval(0.95)
    assert_allclose([row["ci_low"], row["ci_high"]], np.array([theirs.low, theirs.high]), rtol=1e-9)
    last = replace(claim, first_start=None, second_start=None)
    assert set(verdicts(last, frames).values()) == {"contradicted"}


def test_recovery_is_a_difference_between_two_epochs_of_the_same_run(rng):
    [claim] = read_claims(
        DIFFERENCE.format(expects="greater", margin=0.0)
        .replace('{ pretraining = "a" }', "{ epoch = 1 }")
        .replace('{ pretraining = "b" }', "{ epoch = 2 }")
        .replace('["score"]', '["layer"]')
        + 'view = "trajectories"'
    )
    falls = {"deep": (0.4, 0.3), "shallow": (0.4, 0.6)}
    rows = [
        (f"d{i}", 1, layer, epoch, values[epoch - 1] + 0.01 * rng.normal(), str(i))
        for i in range(8)
        for layer, values in falls.items()
        for epoch in (1, 2)
    ]
    columns = ["dataset", "fold", "layer", "epoch", "similarity", "run_id"]
    panels = judge(claim, {"trajectories": pl.DataFrame(rows, schema=columns, orient="row")})
    found = panels.filter(rigour="clustered").select("panel", "verdict")
    assert dict(found.iter_rows()) == {"deep": "contradicted", "shallow": "supported"}
