"""The contrastive loss against its definition, a closed form and CLIP's."""

import math

import pytest
import torch
from torch.nn import functional

from collect.miniatures.captions import NAMES
from collect.miniatures.contrastive import Contrastive, multi_positive_infonce


def unit_rows(n, d, seed):
    rows = torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return functional.normalize(rows, dim=1)


def loss_by_definition(images, texts, positive, scale):
    """Khosla et al. (2020) eq. 2, in both directions, with loops."""
    n, total = len(images), 0.0
    for a, b in ((images, texts), (texts, images)):
        for i in range(n):
            exponentials = [math.exp(scale * float(a[i] @ b[j])) for j in range(n)]
            mine = [j for j in range(n) if positive[i, j]]
            total -= sum(math.log(exponentials[j] / sum(exponentials)) for j in mine) / len(mine)
    return total / (2 * n)


def test_follows_its_definition():
    images, texts = unit_rows(6, 4, 0), unit_rows(6, 4, 1)
    caption = torch.tensor([0, 1, 0, 2, 1, 0])
    positive = caption[:, None] == caption
    loss = multi_positive_infonce(images, texts, positive, torch.tensor(3.0))
    assert loss.item() == pytest.approx(loss_by_definition(images, texts, positive, 3.0), rel=1e-12)


def test_is_clips_loss_when_every_caption_is_different():
    images, texts = unit_rows(6, 4, 0), unit_rows(6, 4, 1)
    logits, labels = 5 * images @ texts.T, torch.arange(6)
    clip = (
        functional.cross_entropy(logits, labels) + functional.cross_entropy(logits.T, labels)
    ) / 2
    loss = multi_positive_infonce(images, texts, torch.eye(6, dtype=torch.bool), torch.tensor(5.0))
    torch.testing.assert_close(loss, clip)


def test_equal_captions_cannot_be_told_apart_below_the_logarithm_of_their_number():
    # two captions, three images each, perfectly aligned: each row spreads over its 3 positives
    rows = torch.eye(2, dtype=torch.float64).repeat_interleave(3, dim=0)
    positive = (rows @ rows.T).bool()
    loss = multi_positive_infonce(rows, rows, positive, torch.tensor(60.0))
    assert loss.item() == pytest.approx(math.log(3), rel=1e-12)


def test_padding_does_not_change_a_sentence():
    text = Contrastive(tuple(NAMES)).text.eval()
    short = torch.tensor([[1, 2, *[0] * 7]])
    positions = text.positions
    longer = text(short)
    text.positions = torch.nn.Parameter(positions[:2])
    torch.testing.assert_close(text(short[:, :2]), longer)
