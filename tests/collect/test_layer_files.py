"""Activations that were saved elsewhere are compared as those of a run are."""

import io
from dataclasses import asdict

import numpy as np
import polars as pl
import pytest
import torch
from polars.testing import assert_frame_equal
from safetensors.torch import save_file
from typer.testing import CliRunner

from collect.cli import app
from collect.measures.compare import compare
from collect.measures.inference import Inference
from collect.measures.representation import positions_as_rows
from collect.probing.layer_files import read_layers
from warehouse.errors import CollectError

N_IMAGES = 40


def layers(rng):
    """Two layers of vectors, one of maps, and their slightly changed selves."""
    before = {
        "block1": rng.normal(size=(N_IMAGES, 5)),
        "block2": rng.normal(size=(N_IMAGES, 7)),
        "conv": rng.normal(size=(N_IMAGES, 3, 2, 2)),
    }
    after = {name: x + 0.5 * rng.normal(size=x.shape) for name, x in before.items()}
    return after, before


def saved(folder, rng):
    paths = folder / "after.npz", folder / "before.npz"
    for path, found in zip(paths, layers(rng), strict=True):
        np.savez(path, **found)
    return paths


def command(*arguments):
    return CliRunner().invoke(app, ["compare", *map(str, arguments)])


def table(result):
    assert result.exit_code == 0, result.stderr
    return pl.read_csv(io.StringIO(result.stdout))


def test_values_are_those_of_the_arrays(tmp_path, rng):
    after, before = saved(tmp_path, rng)
    measures = ("cka_linear_debiased", "cca_mean")
    options = [option for measure in measures for option in ("--measure", measure)]
    found = table(command(after, before, *options, "--blocks", 9, "--permutations", 9))
    how = Inference(n_blocks=9, n_permutations=9, n_simulations=100)
    expected = []
    for names in (("conv",), ("block1", "block2")):
        ours, theirs = read_layers(after), read_layers(before)
        groups = None
        if names == ("conv",):
            groups = positions_as_rows(ours["conv"])[1]
            ours, theirs = ({"conv": positions_as_rows(x["conv"])[0]} for x in (ours, theirs))
        x, y = ({name: one[name] for name in names} for one in (ours, theirs))
        expected += compare(x, y, measures=measures, groups=groups, inference=how)
    key = ["measure", "layer"]
    rows = pl.DataFrame([asdict(one) for one in expected])
    assert_frame_equal(
        found.sort(key), rows.sort(key).select(found.columns), rel_tol=1e-12, check_dtypes=False
    )
    assert found.filter(layer="conv")["n_rows"].to_list() == [4 * N_IMAGES] * 2
    assert set(found["n_images"]) == {N_IMAGES}


@pytest.mark.parametrize("suffix", [".safetensors", ".pt", ".npy"])
def test_files_of_other_kinds_hold_the_same(tmp_path, rng, suffix):
    after, before = ({"block1": torch.from_numpy(x["block1"])} for x in layers(rng))
    paths = tmp_path / f"after{suffix}", tmp_path / f"before{suffix}"
    for path, found in zip(paths, (after, before), strict=True):
        if suffix == ".npy":
            np.save(path, found["block1"].numpy())
        else:
            (torch.save if suffix == ".pt" else save_file)(found, path)
    (value,) = table(command(*paths, "--measure", "procrustes"))["value"]
    (expected,) = compare(after, before, measures=["procrustes"])
    assert value == pytest.approx(expected.value, rel=1e-12)


def test_every_layer_with_every_layer(tmp_path, rng):
    after, before = saved(tmp_path, rng)
    done = command(after, before, "--measure", "cka_linear", "--all-pairs")
    pairs = table(done).select("layer", "reference_layer").rows()
    assert sorted(pairs) == sorted(
        [(a, b) for a in ("block1", "block2") for b in ("block1", "block2")] + [("conv", "conv")]
    )
    assert "layer conv has 160 rows and reference layer block1 has 40" in done.stderr


def test_patients_are_units(tmp_path, rng):
    after, before = saved(tmp_path, rng)
    units = tmp_path / "patients.txt"
    units.write_text("".join(f"p{i // 2}\n" for i in range(N_IMAGES)))
    found = table(command(after, before, "--measure", "cka_linear_debiased", "--units", units))
    assert set(found["n_images"]) == {N_IMAGES // 2}


def damaged(folder, rng):
    """Files that cannot be compared, by what is wrong with them."""
    paths = {"after": saved(folder, rng)[0]}
    arrays = {
        "fewer": {"block1": np.zeros((3, 2))},
        "uneven": {"block1": np.zeros((3, 2)), "block2": np.zeros((4, 2))},
        "others": {"layer4": rng.normal(size=(N_IMAGES, 2))},
        "flat": {"block1": np.zeros(3)},
        "text": {"block1": np.array([["a"], ["b"]])},
        "objects": {"block1": np.array([[None], [{}]])},
        "empty": {},
    }
    for name, content in arrays.items():
        paths[name] = folder / f"{name}.npz"
        np.savez(paths[name], **content)
    paths["torn"] = folder / "torn.npz"
    paths["torn"].write_bytes(paths["after"].read_bytes()[:100])
    paths["missing"], paths["other"] = folder / "none.npz", folder / "x.csv"
    paths["other"].write_text("a,b\n")
    return paths


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fewer", "after.npz has 40 images and .*fewer.npz has 3: not the same images"),
        ("uneven", "layers of different numbers of images: block1 3, block2 4"),
        ("others", "has no layer block1, block2, conv; it has layer4; --all-pairs compares"),
        ("flat", r"flat.npz: block1 has shape \(3,\) and dtype torch.float64: expected numbers by"),
        ("text", "text.npz: block1 holds <U1, not numbers"),
        ("objects", "objects.npz: no readable arrays of numbers: Object arrays cannot be loaded"),
        ("empty", "empty.npz: no layers"),
        ("torn", "torn.npz: no readable arrays of numbers"),
        ("missing", "none.npz: no such file of activations"),
        ("other", "x.csv: expected .npz, .npy, .safetensors, .pt, .pth"),
    ],
)
def test_bad_files_are_named(tmp_path, rng, name, message):
    paths = damaged(tmp_path, rng)
    result = command(paths["after"], paths[name], "--measure", "cka_linear")
    assert result.exit_code == 1
    with pytest.raises(Exception, match=message):
        raise result.exception


def test_too_few_units_are_one_line(tmp_path, rng):
    after, before = saved(tmp_path, rng)
    (tmp_path / "patients.txt").write_text("a\n" * 20 + "b\n" * 20)
    options = ("--measure", "cka_linear", "--units", tmp_path / "patients.txt")
    error = command(after, before, *options).exception
    assert isinstance(error, CollectError)
    assert "has images of 2 units, and similarities need 4" in str(error)


def test_as_many_units_as_images(tmp_path, rng):
    after, before = saved(tmp_path, rng)
    (tmp_path / "patients.txt").write_text("a\nb\n")
    options = ("--measure", "cka_linear", "--units", tmp_path / "patients.txt")
    assert "2 units of 40 images: name each once" in str(command(after, before, *options).exception)


def test_nothing_defined_is_no_success(tmp_path):
    path = tmp_path / "constant.npz"
    np.savez(path, block1=np.ones((N_IMAGES, 3)))
    done = command(path, path, "--measure", "cka_linear")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "left out: layer block1 is constant" in done.stderr
