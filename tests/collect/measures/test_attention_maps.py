"""Maps of attention on patterns that are known."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.metrics.pairwise import cosine_similarity

from collect.measures.attention_maps import (
    attention_rollout,
    cls_attention,
    mean_patch_similarity,
    shares,
)


def test_maps_are_in_reading_order():
    attention = torch.zeros(1, 1, 10, 10)
    attention[0, 0, 0] = torch.arange(10)
    assert cls_attention(attention)[0, 0].tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]
    with pytest.raises(ValueError, match="8 patches are no square grid"):
        cls_attention(attention, n_prefix_tokens=2)


def test_rollout_of_looking_at_oneself_is_the_identity():
    alone = torch.eye(5).expand(2, 3, 5, 5)
    torch.testing.assert_close(attention_rollout([alone, alone]), torch.eye(5).expand(2, 5, 5))


def test_rollout_multiplies_the_last_block_from_the_left(rng):
    a, b = (torch.from_numpy(rng.dirichlet([1.0] * 4, size=(1, 2, 4))) for _ in range(2))
    first, second = (0.5 * (m[0].mean(dim=0) + torch.eye(4)) for m in (a, b))
    torch.testing.assert_close(attention_rollout([a, b])[0], second @ first)
    torch.testing.assert_close(attention_rollout([a, b]).sum(dim=2), torch.ones(1, 4).double())
    with pytest.raises(ValueError, match="no attention to roll out"):
        attention_rollout([])


def test_similarity_to_the_average_patch_is_a_cosine(rng):
    tokens = torch.from_numpy(rng.normal(size=(3, 2 + 9, 5)) + 0.5)
    found = mean_patch_similarity(tokens, n_prefix_tokens=2)
    for image, expected in zip(tokens[:, 2:].numpy(), found.reshape(3, 9).numpy(), strict=True):
        assert_allclose(
            expected, cosine_similarity(image, image.mean(axis=0)[None])[:, 0], rtol=1e-12
        )


def test_patches_across_from_the_average_have_a_cosine_of_zero():
    # three patches along one axis, one at right angles to their average
    patches = torch.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, -1.0], [-3.0, 0.0]])
    with pytest.raises(ValueError, match="average of an image is zero"):
        mean_patch_similarity(patches[None], n_prefix_tokens=0)
    patches[3] = torch.tensor([0.0, 2.0])
    expected = np.array([[3, 5], [1, 2]]) / np.array([[1, np.sqrt(2)], [np.sqrt(2), 1]])
    assert_allclose(
        mean_patch_similarity(patches[None], n_prefix_tokens=0)[0],
        expected / np.sqrt(3**2 + 2**2),
        rtol=1e-6,  # float32
    )


def test_shares_sum_to_one_and_keep_their_proportions(rng):
    maps = torch.from_numpy(rng.uniform(size=(4, 3, 3)))
    maps[1, 0, 0] = -2
    found = shares(maps)
    torch.testing.assert_close(found.sum(dim=(1, 2)), torch.ones(4).double())
    assert found[1, 0, 0] == 0
    torch.testing.assert_close(found[0] / found[0, 0, 0], maps[0] / maps[0, 0, 0])


@pytest.mark.parametrize("wrong", [0.0, -1.0, float("nan"), float("inf")])
def test_refuses_maps_without_shares(wrong):
    maps = torch.ones(2, 2, 2)
    maps[1] = wrong
    with pytest.raises(ValueError, match="no finite sum above 0"):
        shares(maps)
