"""Random views: what may change in an image, and what may not."""

import torch

from collect.miniatures.augment import View, random_view
from collect.miniatures.network import MEAN, STD

PLAIN = View(area=(1.0, 1.0), p_jitter=0.0, p_gray=0.0)


def drawn(images, view, seed=0):
    """Draw views, as fractions of full intensity."""
    views = random_view(images, view, torch.Generator().manual_seed(seed))
    return views * torch.tensor(STD).view(3, 1, 1) + torch.tensor(MEAN).view(3, 1, 1)


def images(n=64):
    return torch.randint(
        0, 256, (n, 3, 32, 32), dtype=torch.uint8, generator=torch.Generator().manual_seed(1)
    )


def test_a_square_crop_of_the_whole_image_is_the_image_or_its_mirror():
    # the aspect ratio still varies, so look at a row whose content does not depend on height
    columns = torch.arange(32, dtype=torch.uint8).mul(8).expand(200, 3, 32, 32).contiguous()
    views = drawn(columns, PLAIN)
    rising = views[:, 0, 16, 31] > views[:, 0, 16, 0]
    assert 60 < rising.sum() < 140
    assert (views[rising][:, 0, 16].diff(dim=1) >= -1e-6).all()
    assert (views[~rising][:, 0, 16].diff(dim=1) <= 1e-6).all()


def test_the_crop_covers_the_share_of_the_image_that_was_asked_for():
    # a picture that stores its own coordinates tells which rectangle was cut
    x = torch.arange(32, dtype=torch.uint8).mul(8).expand(500, 1, 32, 32)
    pictures = torch.cat([x, x.transpose(2, 3), x], dim=1).contiguous()
    views = drawn(pictures, View(area=(0.2, 0.3), p_jitter=0, p_gray=0)) * 255 / 8
    width = (views[:, 0, :, -1] - views[:, 0, :, 0]).abs().mean(dim=1) * 32 / 31
    height = (views[:, 1, -1] - views[:, 1, 0]).abs().mean(dim=1) * 32 / 31
    area = width * height / 32**2
    # pixel centres at the border are reflected: half a pixel of tolerance a side
    assert 0.17 < area.min() < area.max() < 0.33
    assert 0.24 < area.mean() < 0.26


def test_gray_views_have_three_equal_channels():
    views = drawn(images(), View(p_gray=1.0))
    torch.testing.assert_close(views[:, 0], views[:, 1])
    torch.testing.assert_close(views[:, 0], views[:, 2])


def test_solarising_leaves_nothing_brighter_than_half():
    view = View(area=(1, 1), p_jitter=0, p_gray=0, p_solarise=1.0)
    assert drawn(images(), view).max() <= 0.5 + 1e-6


def test_jitter_changes_colours_within_range_and_only_in_its_share_of_images():
    plain, half = (drawn(images(400), View(p_jitter=p, p_gray=0)) for p in (0.0, 0.5))
    changed = (plain - half).abs().amax(dim=(1, 2, 3)) > 1e-4
    assert 150 < changed.sum() < 250
    assert half.min() >= -1e-6
    assert half.max() <= 1 + 1e-6


def test_the_generator_decides_everything():
    first, again, other = (drawn(images(), View(size=16), seed) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert first.shape == (64, 3, 16, 16)
