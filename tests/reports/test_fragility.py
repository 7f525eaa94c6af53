"""What similarities hang on: every column at the layer where it is worst."""

from reports.exhibits import fragility
from tests.reports.building import add_runs, built, lines_of, rows, similarity
from tests.reports.conftest import insert

WORTH = ("value", "trimmed_value", "top_image_influence", "effective_rank", "top_component_share")


def add_fragile_layers(con) -> None:
    """Insert two runs: far images make the late layer, one direction holds the early one."""
    runs = ("v1", "v2")
    add_runs(
        con, *({"run_id": one, "pretraining": "imagenet", "adaptation": "full"} for one in runs)
    )
    layers = {"early": (0.9, 0.88, 0.01, 1.2, 0.97), "late": (0.8, 0.2, 0.3, 12.0, 0.4)}
    each = [
        similarity(
            run_id=run, layer=layer, reference_layer=layer, n_images=80, n_effective=80.0,
            unit="image", **dict(zip(WORTH, worth, strict=True)),
        )
        for layer, worth in layers.items()
        for run in runs
    ]  # fmt: skip
    insert(con, "raw.similarities", rows(*each))


def test_each_column_is_of_the_layer_where_it_is_worst(con):
    add_fragile_layers(con)
    (artefact,) = built(con, fragility.EXHIBIT)
    row = next(line for line in lines_of(artefact) if "imagenet" in line)
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[2:] == ["80", "0.800", "0.200", "late", "0.300", "1.2", "97"]


def test_frozen_backbones_have_nothing_to_lose(con):
    add_fragile_layers(con)
    con.execute("update raw.runs set adaptation = 'linear'")
    assert built(con, fragility.EXHIBIT) == []
