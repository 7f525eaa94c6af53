"""Random views change what their recipe says, within its bounds, and the same on every device."""

import colorsys

import pytest
import torch

from collect.training.augmentation import RECIPES, Recipe, augmented, turned_hue


def generator():
    return torch.Generator().manual_seed(7)


@pytest.fixture
def images():
    torch.manual_seed(0)
    return torch.rand(64, 3, 16, 16)


def test_the_empty_recipe_changes_nothing(images):
    torch.testing.assert_close(augmented(images, Recipe(), generator()), images, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("recipe", "dim"), [(Recipe(p_horizontal=1), 3), (Recipe(p_vertical=1), 2)]
)
def test_a_flip_is_a_mirror_image(images, recipe, dim):
    found = augmented(images, recipe, generator())
    torch.testing.assert_close(found, images.flip(dim), atol=1e-5, rtol=0)


def test_half_of_the_images_are_flipped(images):
    found = augmented(images, RECIPES["flip"], generator())
    flipped = [torch.allclose(a, b.flip(2), atol=1e-5) for a, b in zip(found, images, strict=True)]
    same = [torch.allclose(a, b, atol=1e-5) for a, b in zip(found, images, strict=True)]
    assert [a != b for a, b in zip(flipped, same, strict=True)] == [True] * 64
    assert 18 <= sum(flipped) <= 46  # binomial(64, 1/2): outside once in 3,000 draws


def test_a_shift_moves_by_at_most_its_fraction():
    dot = torch.zeros(200, 1, 41, 41)
    dot[:, :, 20, 20] = 1
    found = augmented(dot, Recipe(shift=0.1), generator())
    mass = found / found.sum(dim=(1, 2, 3), keepdim=True)
    position = (mass.sum(dim=2).squeeze(1) * torch.arange(41)).sum(dim=1) - 20
    assert position.abs().max() <= 4.1 + 1e-4
    assert position.abs().max() > 3.5


def test_a_rotation_turns_by_at_most_its_angle():
    dot = torch.zeros(200, 1, 81, 81)
    dot[:, :, 40, 70] = 1  # 30 pixels to the right of the centre
    found = augmented(dot, Recipe(rotation_deg=10), generator())
    mass = found / found.sum(dim=(1, 2, 3), keepdim=True)
    down = (mass.sum(dim=3).squeeze(1) * torch.arange(81)).sum(dim=1) - 40
    right = (mass.sum(dim=2).squeeze(1) * torch.arange(81)).sum(dim=1) - 40
    degrees = torch.rad2deg(torch.atan2(down, right)).abs()
    assert degrees.max() <= 10.5
    assert degrees.max() > 8.5
    torch.testing.assert_close(torch.hypot(down, right), torch.full((200,), 30.0), atol=0.6, rtol=0)


def test_a_crop_shows_a_part_of_the_image():
    ramp = torch.linspace(0, 1, 64).expand(200, 1, 64, 64)
    found = augmented(ramp, Recipe(area=(0.8, 1.2)), generator())
    span = (found.amax(dim=(1, 2, 3)) - found.amin(dim=(1, 2, 3))) * 64 / 63
    assert span.min() > 0.8 * 3 / 4 - 0.05
    assert span.max() <= 1.02
    assert span.std() > 0.02


@pytest.mark.parametrize("name", RECIPES)
def test_intensities_stay_in_bounds_and_gray_stays_gray(images, name):
    found = augmented(images, RECIPES[name], generator())
    assert found.shape == images.shape
    assert found.min() >= 0
    assert found.max() <= 1
    gray = images[:, :1]
    assert augmented(gray, RECIPES[name], generator()).shape == gray.shape
    threefold = augmented(gray.expand(-1, 3, -1, -1), RECIPES[name], generator())
    torch.testing.assert_close(threefold[:, 0], threefold[:, 2], atol=1e-5, rtol=0)


def test_the_same_generator_draws_the_same_views(images):
    for name in RECIPES:
        first = augmented(images, RECIPES[name], generator())
        assert torch.equal(first, augmented(images, RECIPES[name], generator()))
        assert not torch.equal(first, augmented(images, RECIPES[name], torch.Generator()))


@pytest.mark.parametrize("turn", [0.0, 0.1, -0.1, 1 / 3, 0.5])
def test_hue_turns_as_the_standard_library_says(turn):
    torch.manual_seed(1)
    pixels = torch.cat([torch.rand(50, 3), torch.full((1, 3), 0.4), torch.eye(3)])
    found = turned_hue(pixels.view(-1, 3, 1, 1), torch.full((54, 1, 1, 1), turn)).view(-1, 3)
    for pixel, turned in zip(pixels.tolist(), found.tolist(), strict=True):
        hue, saturation, value = colorsys.rgb_to_hsv(*pixel)
        expected = colorsys.hsv_to_rgb((hue + turn) % 1, saturation, value)
        assert turned == pytest.approx(expected, abs=1e-5)
