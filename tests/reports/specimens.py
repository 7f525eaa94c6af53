"""Rows for every exhibit: the smallest warehouse in which it has something to show.

A new exhibit gets a line in ``SPECIMENS``; its tables then get golden files, its figures golden
drawings.
"""

from collections.abc import Callable, Mapping

import duckdb
import numpy as np

from reports.exhibits import claims, papers
from reports.exhibits.exhibit import Exhibit
from reports.exhibits.printed_layouts import LAYOUTS
from reports.exhibits.registry import EXHIBITS
from tests.reports import (
    test_attention,
    test_claims,
    test_differences,
    test_forgetting,
    test_fragility,
    test_maps,
    test_pales2024,
    test_planning_exhibits,
    test_pooling,
    test_printed,
    test_rankings,
    test_reliability,
    test_scores,
    test_slope_signs,
    test_slopes,
    test_space,
)
from tests.reports.building import add_runs, rows, similarity
from tests.reports.conftest import LAYERS, insert

Insert = Callable[[duckdb.DuckDBPyConnection], None]


def result(table: str, *each: Mapping[str, object]) -> Insert:
    """Return what inserts rows of one table of results."""
    return lambda con: insert(con, f"results.{table}", rows(*each))


def nothing(con: duckdb.DuckDBPyConnection) -> None:
    """Add nothing: the small warehouse of every test has what the exhibit takes."""


def judge(con: duckdb.DuckDBPyConnection) -> None:
    """Insert a claim with three verdicts and the panels behind them."""
    rigours = (("as_published", "supported"), ("clustered", "inconclusive"))
    insert(con, "results.claims", rows(*(test_claims.claim(*one) for one in rigours)))


def compare_networks(con: duckdb.DuckDBPyConnection) -> None:
    """Insert the similarity of each pair of three networks."""
    insert(con, "raw.similarities", test_maps.add_networks(con))


def compare_runs(con: duckdb.DuckDBPyConnection) -> None:
    """Insert what Figures 3 and 5 of Juodelyte et al. compare: runs of one network with another."""
    values = [(layer, "cca_mean_juodelyte", 0.5 - 0.1 * i) for i, layer in enumerate(LAYERS)]
    values += [("logits", "prediction_similarity", 0.9)]
    values += [("logits", "prediction_similarity_independent_juodelyte", 0.7)]
    each = [
        similarity(
            run_id=f"bre-ImageNet-full-{fold}",
            epoch=None,
            layer=layer,
            token="spatial",
            reference="run",
            reference_run_id=f"bre-RadImageNet-full-{fold}",
            reference_layer=layer,
            measure=measure,
            value=value + 0.01 * fold,
        )
        for layer, measure, value in values
        for fold in (1, 2)
    ]
    insert(con, "raw.similarities", rows(*each))


def fine_tune(con: duckdb.DuckDBPyConnection) -> None:
    """Insert a run with similarity, accuracy and calibration error at two epochs."""
    add_runs(con, {"run_id": "v1", "pretraining": "imagenet", "adaptation": "full"})
    score = {"run_id": "v1", "split": "test", "confidence_source": "head", "token": "cls"}
    values = {"accuracy": (0.5, 0.8), "ece_width_15": (0.2, 0.1)}
    each = [
        score | {"epoch": epoch, "score": name, "value": ends[place], "n_neighbours": 0}
        for name, ends in values.items()
        for place, epoch in enumerate((0, 2))
    ]
    insert(con, "raw.scores", rows(*each))
    near = [
        similarity(epoch=epoch, layer=layer, reference_layer=layer, value=1 - epoch * 0.1 * depth)
        for depth, layer in enumerate(("blocks.0", "blocks.1"), start=1)
        for epoch in (0, 2)
    ]
    insert(con, "raw.similarities", rows(*near))


def calibrate(con: duckdb.DuckDBPyConnection) -> None:
    """Keep predictions of a run."""
    test_reliability.add_calibration(con, np.random.default_rng(7))


def vote(con: duckdb.DuckDBPyConnection) -> None:
    """Insert votes on target images before training."""
    test_pales2024.add_resolutions(con)
    test_pales2024.add_votes(con)


RADIMAGENET = "resnet50 / RadImageNet / full / mean / linear"
SPECIMENS: Mapping[str, Insert] = {
    "juodelyte2023-table-2": nothing,
    "juodelyte2023-figure-3": compare_runs,
    "juodelyte2023-figure-5": compare_runs,
    "juodelyte2023-figure-6": nothing,
    "in-short": judge,
    "claims": judge,
    "scores": nothing,
    "score-matrix": nothing,
    "rankings": result(
        "rankings", *(test_rankings.ranking(*one) for one in (("full", 1.4), ("linear", 2.9)))
    ),
    "interquartile-means": result(
        "rankings", *(test_rankings.ranking(*one) for one in (("full", 1.4), ("linear", 2.9)))
    ),
    "comparisons": result(
        "comparisons",
        *(test_rankings.pair(dataset, RADIMAGENET, 0.04) for dataset in (None, "breast")),
    ),
    "power": result("detectable_effects", test_planning_exhibits.detectable_effect()),
    "power-curves": test_planning_exhibits.add_power_curves,
    "variance": result(
        "variance_components",
        *(test_planning_exhibits.component(*one) for one in (("dataset", 0.95), ("fold", 0.05))),
    ),
    "agreements": result("agreements", test_planning_exhibits.agreement()),
    "reliability": calibrate,
    "forgetting": test_forgetting.add_forgetting,
    "similarities": nothing,
    "fragility": test_fragility.add_fragile_layers,
    "distributions": result("similarity_distributions", test_space.box()),
    "members": result("memberships", test_space.membership()),
    "surfaces": result(
        "membership_surfaces",
        *(
            test_space.point("block4", "intersection", None)
            | {"eta": eta, "epsilon": epsilon, "fraction": eta, "is_frontier": eta == 0.5}
            for eta in (0.0, 0.5)
            for epsilon in (0.0, 0.1)
        ),
    ),
    "layer-maps": test_maps.add_layers,
    "network-maps": compare_networks,
    "differences": test_differences.add_profile,
    "attention": test_attention.add_looks_with_numbers,
    "attention-by-block": test_attention.add_entropies,
    "filters": test_attention.add_filters,
    "bands": test_space.add_trajectories,
    "trajectories": fine_tune,
    "depth": test_scores.add_depths,
    "outcomes": nothing,
    "rigour": nothing,
    "signs": test_slope_signs.add_signs,
    "dataset-slopes": test_slope_signs.add_dataset_slopes,
    "bins": test_slopes.add_bins,
    "specifications": test_planning_exhibits.add_specifications,
    "influences": result("influences", test_slopes.influence("chest", 1.5)),
    "gains": result("gain_definitions", test_slopes.gain_definition()),
    "slope-differences": result("slope_differences", test_slopes.slope_difference()),
    "slope-equivalences": result("slope_equivalences", test_slopes.slope_equivalence()),
    "slope-power": result("detectable_slopes", test_planning_exhibits.detectable_slope()),
    "projections-before": test_planning_exhibits.add_projections_before,
    "projections": result("projections", test_planning_exhibits.projection()),
    "regressions": test_slope_signs.add_joint,
    "audit": result(
        "audits", test_claims.audit(1, agrees=True), test_claims.audit(2, agrees=False)
    ),
    **{f"{layout.name.replace('_', '-')}-printed": test_printed.add_printed for layout in LAYOUTS},
    "pooling": test_pooling.add_poolings,
    "printed-gains": test_printed.add_printed,
    "baseline-gains": test_pales2024.add_resolutions,
    "target-knn": vote,
    "times": test_pales2024.add_resolutions,
    "sizes": test_pales2024.add_resolutions,
    "resolutions": test_pales2024.add_resolutions,
    "claims-juodelyte2023-table-2": judge,
    "claims-juodelyte2023-others": judge,
}


def every_exhibit() -> list[Exhibit]:
    """Return every exhibit that a report can have; of verdicts on chapters, one of each kind."""
    paper = "juodelyte2023"
    verdicts = [claims.verdicts(paper, ("falls",), "Table 2"), claims.other_verdicts(paper, ())]
    return [*EXHIBITS, *papers.OWN, *verdicts]
