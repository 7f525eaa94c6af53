"""A run keeps what its network looks at: maps, the images they are of, statistics, filters."""

import json
import math
import shutil
from dataclasses import asdict

import numpy as np
import polars as pl
import pytest
import torch
from numpy.testing import assert_allclose
from polars.testing import assert_frame_equal

from collect.backbones.build import build_backbone
from collect.data.inputs import network_input
from collect.data.run_data import run_data
from collect.measures import filter_shape as filter_shapes
from collect.measures.filter_shape import filter_shape
from collect.networks.heads import Network, linear_head
from collect.probing.attention_reading import attention_maps, attention_statistics, has_attention
from collect.recording.pictures import (
    Pictures,
    filter_rows,
    filter_shape_rows,
    seen_images,
)
from collect.run import execute
from tests.collect.small_runs import small_run
from warehouse.connection import connect
from warehouse.ingest import ingest
from warehouse.layout import Layout

pytestmark = pytest.mark.train
KINDS = ("cls_attention", "rollout", "mean_patch_similarity")
PROBING = {"n_target": 10, "n_source": 7, "n_attention_images": 3}


def network_of(name, size=32):
    torch.manual_seed(0)
    backbone = build_backbone(name, "random", image_size=size)
    return Network(backbone, "mean", linear_head(backbone.n_features, 2)).eval()


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    root = tmp_path_factory.mktemp("vit")
    config = small_run(root, backbone="miniature_vit", pretraining="supervised", probing=PROBING)
    return config, root, execute(config, Layout(root / "w"), lambda _: None)


@pytest.fixture(scope="module")
def views(run):
    _, root, _ = run
    ingest(Layout(root / "w"))
    names = ("attention_maps", "probe_images", "filters", "raw.attention", "raw.similarities")
    with connect(root / "w") as con:
        return {name: con.sql(f"from {name}").pl() for name in names}


@pytest.fixture
def images(rng):
    return torch.from_numpy(rng.integers(0, 256, size=(5, 1, 32, 32), dtype=np.uint8))


def selected_epoch(path):
    return json.loads((path / "run.json").read_text())["selected_epoch"]


def test_maps_of_both_probes_before_and_after(run, views):
    maps = views["attention_maps"]
    counts = maps.group_by("epoch", "probe", "kind").len()
    expected = {
        (epoch, probe, kind, 3)
        for epoch in (0, selected_epoch(run[2]))
        for probe in ("target", "source")
        for kind in KINDS
    }
    assert set(counts.iter_rows()) == expected
    assert set(maps["layer"]) == {"blocks.5"}
    assert set(maps.select("height", "width").iter_rows()) == {(8, 8)}
    assert_allclose(maps["attention"].list.sum(), 1, rtol=1e-5)  # float32
    assert maps["attention"].list.min().min() >= 0


def test_fine_tuning_changes_the_maps(views):
    maps = views["attention_maps"].filter(kind="cls_attention", probe="target").sort("sample_id")
    before, after = (maps.filter(is_start)["attention"].to_list() for is_start in _ends(maps))
    assert before != after


def _ends(maps):
    return maps["epoch"] == 0, maps["epoch"] > 0


def test_images_are_those_of_the_maps_and_of_the_file(run, views):
    config, _, _ = run
    pictures = views["probe_images"]
    assert len(pictures) == 6
    of_maps = views["attention_maps"].select("probe", "sample_id").unique()
    assert set(of_maps.iter_rows()) == set(pictures.select("probe", "sample_id").iter_rows())
    shapes = set(pictures.select("height", "width", "n_channels").iter_rows())
    assert shapes == {(32, 32, 1)}
    stored = np.load(config.dataset.path)["train_images"]
    known = {image.tobytes() for image in stored}
    target = pictures.filter(probe="target")["pixels"].to_list()
    assert all(bytes(pixels) in known for pixels in target)


def test_every_block_has_its_statistics_over_the_whole_probe(views):
    rows = views["raw.attention"]
    blocks = {f"blocks.{i}" for i in range(6)}
    for _, part in rows.group_by("epoch", "probe"):
        assert set(part["layer"]) == blocks
        assert set(part["statistic"]) == {"entropy", "mean_distance", "artefact_rate"}
    assert set(rows.select("probe", "n_images").iter_rows()) == {("target", 10), ("source", 7)}
    entropy = rows.filter(statistic="entropy")["value"]
    assert entropy.is_between(0, math.log(65)).all()
    assert rows.filter(statistic="mean_distance")["value"].is_between(0, 7 * math.sqrt(2)).all()
    assert rows.filter(statistic="artefact_rate")["value"].is_between(0, 1).all()


def test_filters_are_the_weights_channel_by_channel(views):
    start = views["filters"].filter(epoch=0).sort("filter")
    assert set(start["layer"]) == {"patch_embed.proj"}
    backbone = build_backbone("miniature_vit", "supervised")
    expected = backbone.module.state_dict()["patch_embed.proj.weight"]
    kept = torch.tensor(start["weights"].to_list())
    assert torch.equal(kept.reshape(-1, 3, 4, 4), expected[:64])
    assert start["filter"].to_list() == list(range(64))


def test_similarities_are_what_they_are_without_pictures(run, tmp_path):
    config, _, path = run
    probing = config.probing.model_copy(update={"n_attention_images": 0})
    plain = config.model_copy(update={"probing": probing})
    assert plain.run_id == config.run_id
    other = execute(plain, Layout(tmp_path), lambda _: None)
    for name in ("similarities", "scores", "predictions"):
        assert_frame_equal(
            pl.read_parquet(path / f"{name}.parquet"), pl.read_parquet(other / f"{name}.parquet")
        )
    left = {file.stem for file in other.glob("*.parquet")}
    assert not left & {"attention", "attention_maps", "probe_images"}
    assert "filters" in left


@pytest.fixture(scope="module")
def convolutional_run(tmp_path_factory):
    root = tmp_path_factory.mktemp("convolutional")
    return execute(small_run(root), Layout(root / "w"), lambda _: None)


def test_a_convolutional_network_keeps_filters_alone(convolutional_run):
    path = convolutional_run
    left = {file.stem for file in path.glob("*.parquet")}
    assert not left & {"attention", "attention_maps", "probe_images"}
    filters = pl.read_parquet(path / "filters.parquet")
    assert set(filters["layer"]) == {"conv_stem"}
    assert set(filters["epoch"]) == {0, selected_epoch(path)}


def test_small_kernels_have_filters_without_a_shape(convolutional_run):
    path = convolutional_run
    assert not (path / "filter_shapes.parquet").exists()
    assert "kernels of 3 x 3 pixels are too small" in (path / "run.log").read_text()


def test_shapes_are_those_of_the_filters_that_are_kept():
    network = network_of("resnet18")
    shapes = filter_shape_rows(network)
    weights = torch.tensor(filter_rows(network)["weights"].to_list()).reshape(-1, 3, 7, 7)
    expected = asdict(filter_shape(weights))
    assert dict(shapes.select("statistic", "value").iter_rows()) == pytest.approx(
        expected, abs=1e-6
    )
    assert shapes.select("layer", "n_filters").unique().rows() == [("conv1", 64)]


@pytest.mark.slow
def test_shapes_are_recorded_where_there_are_some(run, monkeypatch, tmp_path):
    monkeypatch.setattr(filter_shapes, "LEAST_SIDE", 4)
    config, _, _ = run
    path = execute(config, Layout(tmp_path), lambda _: None)
    found = pl.read_parquet(path / "filter_shapes.parquet")
    assert set(found["epoch"]) == {0, selected_epoch(path)}
    assert found["value"].is_between(0, 1).all()


def test_a_transformer_at_another_size_is_read_by_both_tokens_and_mapped_on_its_own_grid(tmp_path):
    """48 pixels are 12 x 12 patches: the position embedding of 8 x 8 is interpolated."""
    config = small_run(
        tmp_path,
        backbone="miniature_vit",
        pretraining="contrastive",
        image_size=48,
        pooling="cls+mean",
        probing={**PROBING, "tokens": ("cls", "mean")},
        training={"epochs": 1},
    )
    path = execute(config, Layout(tmp_path / "w"), lambda _: None)
    assert json.loads((path / "run.json").read_text())["n_tokens"] == 1 + 12 * 12
    assert set(pl.read_parquet(path / "similarities.parquet")["token"]) == {"cls", "mean"}
    votes = pl.read_parquet(path / "scores.parquet").filter(confidence_source="knn")
    assert set(votes["token"]) == {"cls", "mean", "cls+mean"}
    maps = pl.read_parquet(path / "attention_maps.parquet")
    assert set(maps.select("height", "width").iter_rows()) == {(12, 12)}
    assert set(maps["attention"].list.len()) == {144}
    pictures = pl.read_parquet(path / "probe_images.parquet")
    assert set(pictures.select("height", "width").iter_rows()) == {(48, 48)}


def test_attention_that_is_not_block_by_block_is_left_out_with_the_reason(run):
    network = network_of("cait_xxs24_224")  # its class token comes in after 24 blocks without it
    data = run_data(run[0], network.description.inputs, torch.device("cpu"))
    pictures = Pictures(data, n_images=2)
    pictures.record(0, network)
    reason = "the network does not have one attention of all tokens per layer"
    assert list(pictures.left_out) == [
        f"attention, {probe} probe, epoch 0: {reason}" for probe in ("target", "source")
    ]


def test_a_run_of_before_is_ingested_and_its_views_are_empty(convolutional_run, tmp_path):
    path = tmp_path / "w" / "runs" / convolutional_run.name
    shutil.copytree(convolutional_run, path)
    manifest = json.loads((path / "manifest.json").read_text())
    (path / "filters.parquet").unlink()
    del manifest["files"]["filters.parquet"]
    (path / "manifest.json").write_text(json.dumps(manifest))
    report = ingest(Layout(tmp_path / "w"))
    assert (report.n_new, report.problems) == (1, ())
    with connect(tmp_path / "w") as con:
        for view in ("attention_maps", "probe_images", "filters", "raw.attention"):
            assert con.sql(f"from {view}").fetchall() == []


def test_maps_and_statistics_are_what_the_weights_say(images):
    network = network_of("miniature_vit")
    blocks, normalised, outputs = network.backbone.blocks, [], []
    hooks = [
        b.norm1.register_forward_hook(lambda _m, _i, out: normalised.append(out)) for b in blocks
    ]
    hooks.append(blocks[-1].register_forward_hook(lambda _m, _i, out: outputs.append(out)))
    with torch.inference_mode():
        network.backbone.forward_features(network_input(images, network.description.inputs))
        attention = []
        for block, x in zip(blocks, normalised, strict=True):
            q, k, _ = block.attn.qkv(x).reshape(5, 65, 3, 4, 32).permute(2, 0, 3, 1, 4)
            attention.append((q @ k.mT / math.sqrt(32)).softmax(dim=-1))
    for hook in hooks:
        hook.remove()
    reach = torch.eye(65).expand(5, -1, -1)
    for one in attention:
        reach = (one.mean(dim=1) + torch.eye(65)) / 2 @ reach
    patches = outputs[0][:, 1:]
    cosine = torch.cosine_similarity(patches, patches.mean(dim=1, keepdim=True), dim=2)
    expected = {
        "cls_attention": attention[-1].mean(dim=1)[:, 0, 1:],
        "rollout": reach[:, 0, 1:],
        "mean_patch_similarity": cosine.clamp(min=0),
    }
    found = attention_maps(network, images)
    for kind, values in expected.items():
        shares = values / values.sum(dim=1, keepdim=True)
        torch.testing.assert_close(found[kind], shares.reshape(5, 8, 8))
    statistics = attention_statistics(network, images)
    for block, one in zip(statistics, attention, strict=True):
        entropy = -(one * one.log()).sum(dim=-1).mean()
        assert block["entropy"] == pytest.approx(float(entropy), rel=1e-5)  # float32


def test_batches_do_not_matter(images, monkeypatch):
    network = network_of("miniature_vit")
    whole, maps = attention_statistics(network, images), attention_maps(network, images)
    monkeypatch.setattr("collect.probing.attention_reading.NUMBERS", 2 * 6 * 16 * 65**2)
    parts, part_maps = attention_statistics(network, images), attention_maps(network, images)
    for one, other in zip(whole, parts, strict=True):
        assert one == pytest.approx(other, rel=1e-5)  # float32 sums of other batches
    for kind in KINDS:
        torch.testing.assert_close(maps[kind], part_maps[kind])


def test_position_embeddings_of_a_finer_grid_give_finer_maps(images):
    network = network_of("miniature_vit", size=64)
    assert all(tuple(m.shape) == (5, 16, 16) for m in attention_maps(network, images).values())


def test_reading_leaves_the_network_as_it_was(images):
    network = network_of("miniature_vit")
    inputs = network_input(images, network.description.inputs)
    with torch.inference_mode():
        before = network(inputs)
    attention_maps(network, images)
    attention_statistics(network, images)
    with torch.inference_mode():
        assert torch.equal(network(inputs), before)
    assert all(block.attn.fused_attn for block in network.backbone.blocks)
    hooks = [module._forward_hooks for module in network.backbone.modules()]
    assert not any(hooks)


def test_networks_without_a_class_token_have_no_attention_to_show():
    assert has_attention(network_of("miniature_vit"))
    assert not has_attention(network_of("test_efficientnet"))


def test_pictured_images_have_the_size_that_the_network_saw(images):
    spec = network_of("miniature_vit", size=16).description.inputs
    assert tuple(seen_images(images, spec).shape) == (5, 16, 16, 1)
    spec = network_of("miniature_vit").description.inputs
    assert torch.equal(seen_images(images, spec)[..., 0], images[:, 0])
