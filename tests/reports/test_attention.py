"""Maps of attention and filters are drawn as they were kept, before beside after."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from reports.exhibits import attention, filters
from reports.figures.filters import mosaic
from reports.store import read
from tests.reports.building import add_runs, built, drawn, figure_of, rows
from tests.reports.conftest import insert

IMAGE = np.arange(4 * 4 * 3, dtype=np.uint8).reshape(4, 4, 3)


def keep(
    con, table: str, each: Sequence[dict[str, object]], schema: dict[str, pl.DataType]
) -> None:
    """Keep rows in the place of the Parquet files of the runs."""
    con.register(
        "kept", pl.DataFrame(list(each), schema_overrides=schema, infer_schema_length=None)
    )
    con.execute(f"drop view if exists {table}")
    con.execute(f"create or replace temporary table {table} as from kept")
    con.unregister("kept")


def add_looks(con, grids: dict[tuple[str, int, str, str], list[float]]) -> None:
    """Keep maps of 2 x 2 patches by run, epoch, kind and image, and the images."""
    runs = sorted({run for run, _, _, _ in grids})
    add_runs(
        con,
        *(
            {"run_id": run, "pretraining": "imagenet", "adaptation": "full", "fold": 1, "seed": i}
            for i, run in enumerate(runs)
        ),
    )
    where = {"probe": "source", "layer": "blocks.11", "height": 2, "width": 2}
    maps = [
        where | {"run_id": r, "epoch": e, "kind": k, "sample_id": s, "attention": grid}
        for (r, e, k, s), grid in grids.items()
    ]
    keep(con, "attention_maps", maps, {"attention": pl.List(pl.Float32)})
    images = [
        {"run_id": r, "probe": "source", "sample_id": s, "height": 4, "width": 4}
        | {"n_channels": 3, "pixels": IMAGE.ravel().tolist()}
        for r, s in sorted({(run, sample) for run, _, _, sample in grids})
    ]
    keep(con, "probe_images", images, {"pixels": pl.List(pl.UInt8)})


def looks_of(run: str, *samples: str) -> dict[tuple[str, int, str, str], list[float]]:
    """Return maps before and after for each image; attention moves to the last patch."""
    return {
        (run, epoch, kind, sample): grid
        for epoch, grid in ((0, [0.1, 0.2, 0.3, 0.4]), (2, [0.0, 0.1, 0.1, 0.8]))
        for kind in ("cls_attention", "mean_patch_similarity")
        for sample in samples
    }


def add_looks_with_numbers(con) -> None:
    """Keep the maps of one image and the numbers on all eight."""
    add_looks(con, looks_of("v1", "a"))
    statistics = {"entropy": (3.91, 3.52), "mean_distance": (2.0, 1.5), "artefact_rate": (0, 0.034)}
    values = [
        {"run_id": "v1", "epoch": epoch, "probe": "source", "layer": "blocks.11"}
        | {"statistic": name, "value": ends[place], "n_images": 8}
        for name, ends in statistics.items()
        for place, epoch in enumerate((0, 2))
    ]
    insert(con, "raw.attention", rows(*values))


def test_maps_stand_beside_the_image_before_and_after_on_one_scale(con):
    add_looks_with_numbers(con)
    (artefact,) = built(con, attention.MAPS)
    image, *maps = figure_of(artefact).axes
    np.testing.assert_array_equal(image.images[0].get_array(), IMAGE)
    titles = [axis.get_title() for axis in maps]
    assert titles == [
        f"{kind}\n{stage}"
        for kind in ("class token", "patch mean")
        for stage in ("before", "after")
    ]
    before, after = (np.asarray(axis.images[0].get_array()) for axis in maps[:2])
    np.testing.assert_allclose(before, [[0.1, 0.2], [0.3, 0.4]], rtol=1e-6)
    np.testing.assert_allclose(after, [[0.0, 0.1], [0.1, 0.8]], rtol=1e-6)
    for axis in maps:
        low, high = axis.images[0].get_clim()
        assert (low, round(high, 6)) == (0, 0.8)
    assert maps[1].texts[0].get_text() == "≤ 3.2×"  # 0.8 where 0.25 is even
    assert maps[-1].texts[-1].get_text().splitlines() == [
        "entropy 3.91 → 3.52 nats",
        "distance 2.00 → 1.50 patches",
        "artefacts 0.00 → 3.40 %",
        "n 1 run",
    ]


def test_the_first_run_of_a_cell_and_its_first_images_are_pictured(con):
    add_looks(con, looks_of("v2", "a") | looks_of("v1", "d", "c", "b", "a"))
    kept = read(con, "attention_maps")
    assert set(kept["run_id"]) == {"v1"}
    assert sorted(set(kept["sample_id"])) == ["a", "b", "c"]
    (artefact,) = built(con, attention.MAPS)
    assert len(figure_of(artefact).axes) == 3 * 5


def test_a_kind_that_was_not_kept_after_fine_tuning_leaves_its_panels_empty(con):
    grids = looks_of("v1", "a")
    del grids["v1", 2, "cls_attention", "a"]
    add_looks(con, grids)
    (artefact,) = built(con, attention.MAPS)
    counts = [len(axis.images) for axis in figure_of(artefact).axes]
    assert counts == [1, 0, 0, 1, 1]


def add_entropies(con) -> None:
    """Insert the entropy of two blocks before and after."""
    add_runs(con, {"run_id": "v1", "pretraining": "imagenet", "adaptation": "full"})
    ends = {"blocks.0": (4.0, 3.0), "blocks.1": (3.5, 2.0)}
    values = [
        {"run_id": "v1", "epoch": epoch, "probe": "source", "layer": layer}
        | {"statistic": "entropy", "value": ends[layer][place], "n_images": 8}
        for layer in ends
        for place, epoch in enumerate((0, 2))
    ]
    insert(con, "raw.attention", rows(*values))


def test_numbers_of_every_block_are_drawn_before_and_after(con):
    add_entropies(con)
    (artefact,) = built(con, attention.PROFILES)
    axis = figure_of(artefact).axes[0]
    lines = {str(line.get_label()): drawn(line).tolist() for line in axis.lines}
    assert lines == {"before": [[0, 4.0], [1, 3.5]], "vit · imagenet": [[0, 3.0], [1, 2.0]]}
    assert axis.get_ylabel() == "entropy, nats"


def test_filters_are_scaled_one_by_one_in_a_square():
    # Of a filter [[0, 1], [2, 4]] the smallest weight is black, the largest white.
    weights = np.stack([np.array([[0.0, 1.0], [2.0, 4.0]]) * k for k in (1, -1, 0)])
    square = mosaic(weights)
    assert square.shape == (6 * 3 - 1, 6 * 3 - 1)
    np.testing.assert_allclose(square[:2, :2], [[0, 0.25], [0.5, 1]])
    np.testing.assert_allclose(square[:2, 3:5], [[1, 0.75], [0.5, 0]])
    np.testing.assert_allclose(square[:2, 6:8], 0.5)
    assert square[2].tolist() == [1] * 17  # between the rows


START = np.arange(2 * 3 * 2 * 2, dtype=float).reshape(2, 3, 2, 2)  # filter, channel, y, x
END = START + 0.5


def add_filters(con) -> None:
    """Keep two filters of one run before and after."""
    add_runs(con, {"run_id": "v1", "pretraining": "imagenet", "adaptation": "full"})
    each = [
        {"run_id": "v1", "epoch": epoch, "layer": "patch_embed.proj", "filter": i}
        | {"height": 2, "width": 2, "n_channels": 3, "weights": weights[i].ravel().tolist()}
        for epoch, weights in ((0, START), (2, END))
        for i in range(2)
    ]
    keep(con, "filters", each, {"weights": pl.List(pl.Float32)})


def test_filters_say_how_far_they_moved(con):
    add_filters(con)
    (artefact,) = built(con, filters.EXHIBIT)
    before, after = figure_of(artefact).axes
    assert [axis.get_title(loc="left") for axis in (before, after)] == [
        "vit\nimagenet, before",
        "vit\nimagenet, after",
    ]
    np.testing.assert_allclose(np.asarray(before.images[0].get_array()), mosaic(START[:, 0]))
    change = np.linalg.norm(END - START) / np.linalg.norm(START)
    assert after.texts[0].get_text() == f"change {change:.3f}"


def test_filters_say_what_they_look_like(con):
    add_filters(con)
    shape = {"gabor_r2": 0.831, "gabor_r2_of_noise": 0.404, "gabor_share": 0.9}
    shape |= {"spectral_entropy": 0.451, "spectral_entropy_of_noise": 0.866}
    where = {"run_id": "v1", "layer": "patch_embed.proj", "n_filters": 64}
    each = [
        where | {"epoch": epoch, "statistic": name, "value": value - 0.1 * (epoch > 0)}
        for epoch in (0, 2)
        for name, value in shape.items()
    ]
    insert(con, "raw.filter_shapes", rows(*each))
    (artefact,) = built(con, filters.EXHIBIT)
    before, after = figure_of(artefact).axes
    assert before.texts[0].get_text().strip() == "Gabor R² 0.83, entropy 0.45"
    assert after.texts[0].get_text().endswith("\nGabor R² 0.73, entropy 0.35")
    assert "95 % of noise kernels stay below 0.40" in artefact.caption
