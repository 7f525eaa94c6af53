"""Maps of similarity put values in place and cross out noise."""

import numpy as np
import polars as pl
import pytest

from reports.exhibits import maps
from tests.reports.building import add_runs, built, drawn, figure_of, rows, similarity
from tests.reports.conftest import insert


def add_layers(con) -> None:
    """Insert a run with the similarity of two layers to two layers."""
    add_runs(con, {"run_id": "v1", "pretraining": "imagenet", "adaptation": "full"})
    cells = {("a", "a"): 0.9, ("a", "b"): 0.1, ("b", "a"): 0.3, ("b", "b"): 0.8}
    insert(
        con,
        "raw.similarities",
        rows(*(similarity(layer=x, reference_layer=y, value=v) for (x, y), v in cells.items())),
    )


def test_layer_maps_put_values_in_place_and_cross_out_the_noise(con):
    add_layers(con)
    (artefact,) = built(con, maps.LAYERS)
    axis = figure_of(artefact).axes[0]
    np.testing.assert_allclose(np.asarray(axis.images[0].get_array()), [[0.9, 0.1], [0.3, 0.8]])
    crosses = next(line for line in axis.lines if line.get_label() == "floor")
    np.testing.assert_allclose(drawn(crosses), [[1.0, 0.0]])  # 0.1 is below 0 + 2 * 0.1


def add_networks(con) -> pl.DataFrame:
    """Insert runs of three networks; return the similarities of each pair, to be inserted."""
    networks = ("imagenet", "dino", "mae")
    add_runs(
        con,
        *(
            {"run_id": f"v{i}", "pretraining": p, "adaptation": "full"}
            for i, p in enumerate(networks)
        ),
    )
    pairs = (("v0", "v1", 0.4), ("v0", "v2", 0.5), ("v1", "v2", 0.6))
    return rows(
        *(
            similarity(
                run_id=x, layer="l", reference_layer="l", reference="run",
                reference_run_id=y, value=v,
            )
            for x, y, v in pairs
        )
    )  # fmt: skip


def test_network_maps_need_three_networks(con):
    lines = add_networks(con)
    insert(con, "raw.similarities", lines.head(1))
    assert built(con, maps.NETWORKS) == []
    insert(con, "raw.similarities", lines.tail(2))
    (artefact,) = built(con, maps.NETWORKS)
    axis = figure_of(artefact).axes[0]
    names = [label.get_text() for label in axis.get_xticklabels()]
    values = np.asarray(axis.images[0].get_array())
    place = {name: index for index, name in enumerate(names)}
    assert names == ["dino", "imagenet", "mae"]  # what all share goes into the caption
    assert "networks (vit)" in artefact.caption
    assert values[place["imagenet"], place["dino"]] == pytest.approx(0.4)
    assert values[place["dino"], place["imagenet"]] == pytest.approx(
        0.4
    )  # the measure is symmetric
    assert np.isnan(np.diag(values)).all()


def test_networks_whose_layers_have_other_names_meet_at_the_last_layer_of_each(con):
    networks = (("vit", "imagenet"), ("vit", "dino"), ("resnet", "imagenet"))
    add_runs(
        con,
        *(
            {"run_id": f"v{i}", "backbone": b, "pretraining": p, "adaptation": "full"}
            for i, (b, p) in enumerate(networks)
        ),
    )
    last = {"v0": "blocks.10", "v1": "blocks.10", "v2": "layer4"}
    pairs = (("v0", "v1", 0.4), ("v0", "v2", 0.5), ("v1", "v2", 0.6))
    each = [
        similarity(
            run_id=x, layer=layer, reference_layer=other, reference="run",
            reference_run_id=y, value=value if (layer, other) == (last[x], last[y]) else 0.99,
        )
        for x, y, value in pairs
        for layer in ("blocks.9", last[x])
        for other in ("layer1" if y == "v2" else "blocks.9", last[y])
    ]  # fmt: skip
    insert(con, "raw.similarities", rows(*each))
    (artefact,) = built(con, maps.NETWORKS)
    values = np.asarray(figure_of(artefact).axes[0].images[0].get_array())
    assert sorted(set(values[np.isfinite(values)].round(6))) == [0.4, 0.5, 0.6]
