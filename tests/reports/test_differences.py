"""Where one network drifts further: differences at their layers, marked where they survive."""

from dataclasses import replace

import numpy as np
import pytest

from reports.exhibits import differences
from reports.exhibits.exhibit import Data
from reports.store import read
from tests.reports.building import built, drawn, figure_of, rows, segments
from tests.reports.conftest import insert

FULL, FROZEN = (f"vit / imagenet / {one} / cls / linear" for one in ("full", "freeze_first_k 2"))


def difference(layer: str, estimate: float, p: float | None, **values: object) -> dict[str, object]:
    """Return a row of results.similarity_differences: frozen less full."""
    return {
        "analysis_id": "a1",
        "origin": "repdrift",
        "study": "s",
        "dataset": "breast",
        "layer": layer,
        "reference_layer": layer,
        "token": "cls",
        "probe": "target",
        "measure": "cka_linear_debiased",
        "first": FULL,
        "second": FROZEN,
        "method": "nadeau_bengio",
        "estimate": estimate,
        "ci_low": estimate - 0.1,
        "ci_high": estimate + 0.1,
        "level": 0.95,
        "p_false_discovery": p,
        "family": "all",
        "family_size": 2,
        "margin": 0.01,
        "verdict": "inconclusive",
        "n_pairs": 5,
        "run_ids": ["v1", "v2"],
    } | values


def add_profile(con) -> None:
    """Insert a difference of an early layer that survives, and of a late one that does not."""
    early, late = difference("blocks.2", 0.3, 0.01), difference("blocks.10", -0.05, 0.4)
    insert(con, "results.similarity_differences", rows(early, late))


def test_a_profile_shows_each_layer_and_fills_what_survives_its_family(con):
    add_profile(con)
    (artefact,) = built(con, differences.EXHIBIT)
    axis = figure_of(artefact).axes[0]
    marks = {line.get_label(): drawn(line).tolist() for line in axis.lines}
    assert (marks["marked"], marks["not marked"]) == ([[0.0, 0.3]], [[1.0, -0.05]])
    ends = [line[:, 1].tolist() for line in segments(axis.collections[0])]
    assert ends == [pytest.approx([0.2, 0.4]), pytest.approx([-0.15, 0.05])]
    assert axis.get_title(loc="left") == "breast\nfreeze first k 2 \N{MINUS SIGN} full"


def test_a_map_shows_each_pair_of_layers(con):
    cells = {("a", "a"): (0.0, None), ("a", "b"): (0.2, 0.03), ("b", "a"): (-0.4, 0.2)}
    each = [difference(x, v, p, reference_layer=y) for (x, y), (v, p) in cells.items()]
    insert(con, "results.similarity_differences", rows(*each))
    (artefact,) = built(con, differences.EXHIBIT)
    axis = figure_of(artefact).axes[0]
    (image,) = axis.images
    np.testing.assert_allclose(np.asarray(image.get_array())[:, 0], [0.0, -0.4])
    assert image.get_clim() == (-0.4, 0.4)  # none is in the middle of the colours
    dots = next(line for line in axis.lines if line.get_label() == "marked")
    assert drawn(dots).tolist() == [[1.0, 0.0]]


def test_networks_that_differ_in_two_respects_are_left_to_the_table(con):
    other = "vit / dino / full / mean / linear"
    insert(con, "results.similarity_differences", rows(difference("a", 0.1, 0.5, second=other)))
    assert built(con, differences.EXHIBIT) == []


def test_the_primary_selection_shows_networks_whose_heads_read_the_features(con):
    own, other = (
        [f"vit / imagenet / {treatment} / {pooling} / linear" for treatment in ("full", "scratch")]
        for pooling in ("cls", "mean")
    )
    pairs = [own, other, [own[0], other[0]]]
    each = [difference("a", 0.1, 0.5, first=first, second=second) for first, second in pairs]
    insert(con, "results.similarity_differences", rows(*each))
    (everything,) = built(con, differences.EXHIBIT)
    data = Data({"similarity_differences": read(con, "similarity_differences")}, {}, {})
    (primary,) = differences.build(replace(data, conditions={"similarity_differences": {}}))
    n_panels = [sum(axis.axison for axis in figure_of(one).axes) for one in (everything, primary)]
    assert n_panels == [3, 2]
