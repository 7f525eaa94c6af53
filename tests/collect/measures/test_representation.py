"""What counts as a representation, and how errors name the layer and the reason."""

import pytest
import torch

from collect.measures.representation import (
    centred,
    paired_representations,
    positions_as_rows,
    representation,
    units,
)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (torch.ones(5), r"layer 3 has shape \(5,\): expected \(n_rows, n_features\)"),
        (torch.eye(3), "layer 3 has 3 rows: a similarity needs at least 4"),
        (torch.zeros(5, 0), "layer 3 has no features"),
        (torch.eye(5, dtype=torch.complex64), "layer 3 is complex"),
        (torch.eye(5) / torch.eye(5), "layer 3 has 20 values that are not finite"),
        (torch.ones(5, 2), "layer 3 is constant: all 5 rows are the same"),
    ],
)
def test_refuses(x, message):
    with pytest.raises(ValueError, match=message):
        representation(x, "layer 3")


def test_refuses_unequal_rows():
    with pytest.raises(ValueError, match="x has 500 rows and y has 499: not the same inputs"):
        paired_representations(torch.randn(500, 2), torch.randn(499, 2))


@pytest.mark.parametrize(
    ("given", "worked_in"),
    [
        (torch.float16, torch.float32),
        (torch.bfloat16, torch.float32),
        (torch.float32, torch.float32),
        (torch.float64, torch.float64),
        (torch.int32, torch.float64),
        (torch.bool, torch.float64),
    ],
)
def test_half_precision_is_widened_and_integers_are_exact(given, worked_in):
    assert representation(torch.eye(5).to(given)).dtype == worked_in


def test_centring_loses_nothing_far_from_the_origin(rng):
    x = torch.from_numpy(rng.normal(size=(50, 3)) + 1e4).float()
    exact = x.double() - x.double().mean(dim=0)
    torch.testing.assert_close(centred(x).double(), exact, rtol=0, atol=1e-6)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_centring_survives_any_scale(rng, scale):
    x = torch.from_numpy(rng.normal(size=(50, 3))).float()
    values = centred(x * scale)
    assert 1e-7 < values.abs().max() < 1e7
    shape = centred(x) / centred(x).norm()
    torch.testing.assert_close(values / values.norm(), shape, rtol=1e-5, atol=1e-6)


def test_units_number_the_images():
    index, n_units = units(6, torch.tensor([7, 7, 3, 9, 9, 1]))
    assert index.tolist() == [2, 2, 1, 3, 3, 0]
    assert n_units == 4


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (torch.zeros(5), r"groups has shape \(5,\): expected \(6,\)"),
        (torch.tensor([0, 0, 1, 1, 2, 2]), "the 6 rows belong to 3 images or patients"),
    ],
)
def test_units_refuse(groups, message):
    with pytest.raises(ValueError, match=message):
        units(6, groups)


def test_a_row_is_one_position_of_one_image(rng):
    maps = torch.from_numpy(rng.normal(size=(3, 2, 4, 5)))
    rows, images = positions_as_rows(maps)
    at = (images == 1).nonzero()[7]  # position 7 of 4 x 5 is row 1, column 2
    torch.testing.assert_close(rows[at[0]], maps[1, :, 1, 2], rtol=0, atol=0)


def test_a_row_is_one_token_of_one_image(rng):
    tokens = torch.from_numpy(rng.normal(size=(3, 6, 2)))
    rows, images = positions_as_rows(tokens)
    torch.testing.assert_close(rows[images == 2], tokens[2], rtol=0, atol=0)


def test_positions_refuse_what_has_none():
    with pytest.raises(ValueError, match=r"activations have shape \(3, 4\)"):
        positions_as_rows(torch.zeros(3, 4))
