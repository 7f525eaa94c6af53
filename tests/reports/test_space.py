"""The similarity space and the way to it: surface, members, bands, boxes."""

import numpy as np
import polars as pl
import pytest

from reports.exhibits import bands, distributions, members, space
from reports.figures.bands import mean_bands
from reports.figures.boxes import quartile_boxes
from reports.figures.space import SpacePanel, panels_on_a_page, space_panels
from reports.figures.surface import membership_surfaces
from reports.style import MM_PER_INCH, appearances
from tests.reports.building import (
    FIT,
    add_runs,
    assert_nothing_overlaps,
    built,
    drawn,
    figure_of,
    rows,
)
from tests.reports.conftest import insert


def test_a_surface_puts_shares_at_their_thresholds_and_draws_the_frontier():
    grid = pl.DataFrame(
        {
            "eta": [0.0, 0.5, 1.0] * 2,
            "epsilon": [0.0] * 3 + [0.1] * 3,
            "fraction": [0.0, 0.1, 0.2, 0.0, 0.6, 1.0],
            "is_frontier": [False, False, False, False, True, False],
        }
    )
    figure = membership_surfaces(
        [("net\nfull, chest", grid.sample(fraction=1, shuffle=True, seed=1))]
    )
    assert_nothing_overlaps(figure)
    axis = figure.axes[0]
    mesh = np.asarray(axis.collections[0].get_array()).reshape(2, 3)
    np.testing.assert_allclose(mesh, [[0, 0.1, 0.2], [0, 0.6, 1.0]])
    np.testing.assert_allclose(drawn(axis.lines[0]), [[0.5, 0.1]])


def point(layer: str, scope: str, dataset: str | None) -> dict[str, object]:
    """Return a row of results.membership_surfaces."""
    return FIT | {
        "layer": layer,
        "score": "auc",
        "reference_policy": "best",
        "divergence": "absolute",
        "scope": scope,
        "dataset": dataset,
        "eta": 0.5,
        "epsilon": 0.1,
        "fraction": 0.4,
        "n_units": 5,
        "is_frontier": False,
    }


def test_the_surface_is_that_of_the_last_layer_and_of_all_datasets_together(con):
    scopes = (("intersection", None), ("dataset", "breast"))
    each = [point(layer, *scope) for layer in ("conv1", "block4") for scope in scopes]
    insert(con, "results.membership_surfaces", rows(*each))
    (artefact,) = built(con, space.SURFACES)
    assert set(artefact.sources[0].rows["layer"]) == {"block4"}
    titles = [axis.get_title(loc="left") for axis in figure_of(artefact).axes]
    assert titles[0] == "resnet50 · ImageNet\nfull, intersection"


def test_a_surface_says_on_which_side_of_the_reference_there_is_room(con):
    each = [point("block4", "intersection", None) | {"epsilon": e} for e in (0.0, 0.1)]
    insert(
        con, "results.membership_surfaces", rows(*(e | {"divergence": "shortfall"} for e in each))
    )
    (artefact,) = built(con, space.SURFACES)
    assert "whose AUC lies at most ε below the best network's mean" in artefact.caption


def test_bands_hold_the_mean_and_what_analysis_put_around_it():
    frame = pl.DataFrame(
        {
            "series": ["net"] * 3,
            "epoch": [2, 0, 1],
            "mean": [0.5, 1.0, 0.7],
            "band_low": [0.4, 1.0, 0.6],
            "band_high": [0.6, 1.0, 0.8],
        }
    )
    scores = frame.with_columns(mean=pl.Series([0.9, 0.5, 0.8]), band_low=None, band_high=None)
    quantities = [
        ("CKA", [("chest\nfull", frame)] * 4),
        ("accuracy", [("chest\nfull", scores)] * 4),
    ]
    figure = mean_bands(quantities, appearances(["net"]))
    assert_nothing_overlaps(figure)
    shown = [axis for axis in figure.axes if axis.axison]
    assert len(shown) == 8
    assert [axis.get_ylabel() for axis in figure.axes[::3]] == ["CKA", "accuracy"] * 2
    assert [drawn(axis.lines[0])[-1, 1] for axis in shown[:6]] == [0.5] * 3 + [0.9] * 3
    axis = figure.axes[0]
    np.testing.assert_allclose(drawn(axis.lines[0]), [[0, 1.0], [1, 0.7], [2, 0.5]])
    corners = np.asarray(axis.collections[0].get_paths()[0].vertices)
    assert corners[:, 1].min() == pytest.approx(0.4)


def test_boxes_are_the_quartiles_of_the_rows():
    frame = pl.DataFrame(
        {
            "group": ["chest"],
            "series": ["net"],
            "minimum": [0.1],
            "low_quartile": [0.2],
            "median": [0.4],
            "high_quartile": [0.5],
            "maximum": [0.9],
        }
    )
    runs = pl.DataFrame({"group": ["chest"] * 3, "series": ["net"] * 3, "value": [0.1, 0.4, 0.9]})
    figure = quartile_boxes([("full", frame, runs)], appearances(["net"]), y_label="CKA")
    assert_nothing_overlaps(figure)
    lines = figure.axes[0].lines
    heights = {float(y) for line in lines for y in drawn(line)[:, 1] if line.get_label() != "run"}
    assert heights == {0.1, 0.2, 0.4, 0.5, 0.9}
    points = [drawn(line)[:, 1].tolist() for line in lines if line.get_label() == "run"]
    assert points == [[0.1, 0.4, 0.9]]


CELL = {name: value for name, value in FIT.items() if name != "layer"} | {
    "dataset": "breast",
    "layer": "block4",
    "level": 0.95,
    "n_runs": 5,
    "run_ids": ["bre-ImageNet-full-1", "bre-ImageNet-full-2"],
}


def membership(**values: object) -> dict[str, object]:
    """Return a row of results.memberships."""
    return (
        CELL
        | {
            "score": "auc",
            "reference_policy": "best",
            "divergence": "absolute",
            "eta": 0.5,
            "epsilon": 0.05,
            "n_members": 1,
            "n_runs": 2,
            "fraction": 0.5,
            "ci_low": 0.09,
            "ci_high": 0.91,
        }
        | values
    )


def test_members_are_counted_over_the_space_that_is_drawn(con):
    insert(con, "results.memberships", rows(membership(), membership(layer="conv1")))
    ((best,),) = con.sql("""
        select max(mean) from (
            select avg(value) as mean from marts.final_scores
            where dataset = 'breast' and split = 'test' and score = 'auc'
            group by pretraining, adaptation
        )
    """).fetchall()
    (artefact,) = built(con, members.EXHIBIT)
    (axis,) = figure_of(artefact).axes
    runs = con.sql("""
        select similarity, outcome_value from marts.similarity_by_outcome
        where outcome = 'score:auc' and layer = 'block4'
            and run_id in ('bre-ImageNet-full-1', 'bre-ImageNet-full-2')
    """).fetchall()
    (points,) = axis.lines
    np.testing.assert_allclose(sorted(drawn(points).tolist()), sorted(runs))
    corners = np.asarray(axis.collections[0].get_paths()[0].vertices)
    assert corners[:, 0].min() == pytest.approx(0.5)
    assert corners[:, 1].min() == pytest.approx(best - 0.05)
    assert corners[:, 1].max() == pytest.approx(best + 0.05)
    assert [text.get_text() for text in axis.texts] == ["1 of 2, 0.50 [0.09, 0.91]"]


def test_several_classes_have_the_reference_of_their_auc(con):
    insert(con, "results.memberships", rows(membership()))
    two_classes = built(con, members.EXHIBIT)[0].sources[0].rows["reference_score"].item()
    con.execute("update raw.scores set score = 'auc_ovr_weighted' where score = 'auc'")
    several = built(con, members.EXHIBIT)[0].sources[0].rows["reference_score"].item()
    assert several == two_classes is not None


def test_a_shortfall_leaves_the_space_open_above(con):
    insert(con, "results.memberships", rows(membership(divergence="shortfall")))
    (artefact,) = built(con, members.EXHIBIT)
    corners = np.asarray(figure_of(artefact).axes[0].collections[0].get_paths()[0].vertices)
    assert corners[:, 1].max() == 1
    assert "at most ε below the best network's mean" in artefact.caption


def test_a_reference_of_its_own_for_each_network_draws_the_similarity_alone(con):
    insert(con, "results.memberships", rows(membership(reference_policy="linear")))
    (artefact,) = built(con, members.EXHIBIT)
    figure = figure_of(artefact)
    assert figure.axes[0].patches  # from bottom to top
    assert not figure.axes[0].collections


def add_trajectories(con) -> None:
    """Insert two runs with their accuracy and the mean of their similarity at two epochs."""
    own = {"backbone": "vit", "pretraining": "imagenet", "adaptation": "full"}
    add_runs(con, own | {"run_id": "v1"}, own | {"run_id": "v2", "seed": 1})
    values = {("v1", 0): 0.4, ("v1", 1): 0.8, ("v2", 0): 0.5, ("v2", 1): 0.6}
    score = {"split": "test", "confidence_source": "head", "token": "cls", "score": "accuracy"}
    each = (
        score | {"run_id": run, "epoch": epoch, "value": value, "n_neighbours": 0}
        for (run, epoch), value in values.items()
    )
    insert(con, "raw.scores", rows(*each))
    cell = CELL | own | {"origin": "repdrift", "study": "s", "pooling": "cls", "head": "linear"}
    band = cell | {"token": "cls", "mean": 0.5, "band_low": 0.4, "band_high": 0.6, "sd": 0.1}
    insert(con, "results.trajectories", rows(*(band | {"epoch": epoch} for epoch in (0, 1))))


def test_mean_trajectories_stand_over_the_accuracy_of_the_same_runs(con):
    add_trajectories(con)
    (artefact,) = built(con, bands.EXHIBIT)
    above, below = figure_of(artefact).axes
    np.testing.assert_allclose(drawn(above.lines[0]), [[0, 0.5], [1, 0.5]])
    np.testing.assert_allclose(drawn(below.lines[0]), [[0, 0.45], [1, 0.7]])
    heights = np.asarray(below.collections[0].get_paths()[0].vertices)[:, 1]
    assert (heights.min(), heights.max()) == (0.4, 0.8)


def test_one_epoch_has_no_mean_trajectory(con):
    add_trajectories(con)
    con.execute("delete from results.trajectories where epoch = 0")
    assert built(con, bands.EXHIBIT) == []


def box() -> dict[str, object]:
    """Return a row of results.similarity_distributions."""
    quartiles = {"low_quartile": 0.6, "median": 0.7, "high_quartile": 0.8}
    ends = {"minimum": 0.5, "maximum": 0.9, "mean": 0.7, "sd": 0.1}
    return {name: value for name, value in CELL.items() if name != "level"} | quartiles | ends


def test_the_runs_of_a_box_stand_beside_it(con):
    insert(con, "results.similarity_distributions", rows(box()))
    (artefact,) = built(con, distributions.EXHIBIT)
    (axis,) = figure_of(artefact).axes
    values = con.sql("""
        select value from marts.final_similarities
        where dataset = 'breast' and layer = 'block4' and pretraining = 'ImageNet'
            and adaptation = 'full' order by value
    """).fetchall()
    points = next(drawn(line)[:, 1] for line in axis.lines if line.get_label() == "run")
    np.testing.assert_allclose(sorted(points), [value for (value,) in values])


@pytest.mark.parametrize(("n_networks", "n_fit"), [(3, 12), (10, 9), (40, 3)])
def test_panels_of_many_networks_leave_room_for_a_caption(n_networks, n_fit):
    names = [f"net{i}" for i in range(n_networks)]
    runs = pl.DataFrame({"series": names, "x": [0.5] * n_networks, "y": [0.5] * n_networks})
    statistics = dict.fromkeys(names, "1 of 2")
    panels = [SpacePanel("dataset\nfull", runs, 0.5, None, statistics)] * 12
    assert panels_on_a_page(panels) == n_fit
    figure = space_panels(panels[:n_fit], appearances(names), x_label="CKA", y_label="accuracy")
    assert figure.get_figheight() * MM_PER_INCH < 240
