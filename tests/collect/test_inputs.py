"""What a network sees: its own size and normalisation, gray as three equal channels."""

import numpy as np
import pytest
import torch
from PIL import Image

from collect.backbones.architecture import InputSpec
from collect.backbones.resolution import effective_size
from collect.data.inputs import image_tensor, network_input

SPEC = InputSpec(32, mean=(0.5, 0.25, 0.0), std=(0.5, 0.25, 1.0))


def test_intensities_are_normalised_by_hand():
    images = torch.tensor([0, 255], dtype=torch.uint8).view(2, 1, 1, 1).expand(2, 1, 32, 32)
    found = network_input(images, SPEC)
    assert found[0, :, 0, 0].tolist() == [-1, -1, 0]
    assert found[1, :, 5, 5].tolist() == [1, 3, 1]
    assert found.shape == (2, 3, 32, 32)
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert network_input(images, SPEC, channels_last=False).is_contiguous()


@pytest.mark.parametrize(
    ("mode", "filtered"),
    [("bicubic", Image.Resampling.BICUBIC), ("bilinear", Image.Resampling.BILINEAR)],
)
def test_images_are_resized_as_pillow_does(rng, mode, filtered):
    # No extremes: Pillow cuts off what overshoots between its two passes, and rounds.
    image = rng.integers(90, 166, size=(48, 48, 3), dtype=np.uint8)
    plain = InputSpec(32, mean=(0.0,) * 3, std=(1.0,) * 3, interpolation=mode)
    found = network_input(image_tensor(image[None], plain), plain)[0].permute(1, 2, 0) * 255
    expected = np.asarray(Image.fromarray(image).resize((32, 32), filtered), dtype=np.float32)
    assert np.abs(found.numpy() - expected).max() < 1.01


def test_images_decoded_one_by_one_may_differ_in_size_and_colour():
    class Decoded:
        def __len__(self):
            return 2

        def __getitem__(self, index):
            shape = (20, 30) if index == 0 else (64, 64, 3)
            return np.full(shape, 100 + index, dtype=np.uint8)

    found = image_tensor(Decoded(), SPEC)
    assert (found.shape, found.dtype) == ((2, 3, 32, 32), torch.uint8)
    assert (found[0].unique().tolist(), found[1].unique().tolist()) == ([100], [101])


@pytest.mark.parametrize(
    ("asked", "patch", "size"),
    [(512, 14, 518), (510, 14, 504), (224, 16, 224), (1, 16, 16), (231, 14, 238), (500, None, 500)],
)
def test_sizes_snap_to_the_nearest_multiple_halfway_up(asked, patch, size):
    assert effective_size(asked, patch) == size
