"""A similarity without the images that lie far from all others."""

import pytest
import torch
from torch import Tensor

from collect.measures.cka import cka_linear
from collect.measures.compare import compare
from collect.measures.inference import Inference
from collect.measures.trimming import typical_rows


def noise(n_rows: int, n_features: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n_rows, n_features, generator=generator, dtype=torch.float64)


def test_leaves_out_the_rows_farthest_from_the_mean_of_either_layer():
    x, y = noise(40, 5, 0) + 100, noise(40, 7, 1) - 30
    x[3] += 50
    y[17] -= 80
    kept = typical_rows(x, y, share=0.05).tolist()
    assert kept == [row for row in range(40) if row not in {3, 17}]


def test_the_scale_of_a_layer_does_not_decide_which_of_the_two_counts():
    x, y = noise(40, 5, 0), noise(40, 7, 1)
    x[3] += 50
    y[17] -= 80
    kept = typical_rows(x * 1e-3, y * 1e4, share=0.05).tolist()
    assert {3, 17}.isdisjoint(kept)


def test_a_unit_goes_with_all_of_its_rows_and_lies_as_far_as_they_do_on_average():
    x = noise(40, 5, 0)
    groups = torch.arange(40) // 4
    x[8:12] += 6  # image 2, all its positions
    x[20] += 9  # one position of image 5
    kept = typical_rows(x, x, groups, share=0.1)
    assert sorted(set(groups[kept].tolist())) == [0, 1, 3, 4, 5, 6, 7, 8, 9]
    assert len(kept) == 36


def test_a_unit_of_many_rows_is_not_far_for_their_number():
    x = noise(40, 5, 0)
    groups = torch.cat([torch.zeros(20), torch.arange(1, 21)]).long()  # 20 rows, and 20 of one row
    x[25] += 3  # the only row of unit 6
    kept = typical_rows(x, x, groups, share=0.01)
    assert sorted(set(groups.tolist()) - set(groups[kept].tolist())) == [6]


def test_share_is_rounded_up():
    x = noise(41, 5, 0)
    assert len(typical_rows(x, x, share=0.05)) == 41 - 3


def test_unmasks_a_similarity_that_two_images_make():
    x, y = noise(200, 10, 0), noise(200, 10, 1)
    for row in (5, 6):
        x[row] += 200 * (row - 4)
        y[row] += 200 * (row - 4)
    inference = Inference(trimmed=0.05)
    (found,) = compare({"a": x}, {"a": y}, measures=["cka_linear"], inference=inference)
    kept = typical_rows(x, y, share=0.05)
    assert found.value > 0.99
    assert found.trimmed_value is not None
    assert found.trimmed_value < 0.2
    assert found.trimmed_value == pytest.approx(cka_linear(x[kept], y[kept]), rel=1e-12)


@pytest.mark.parametrize("measure", ["cka_linear_debiased", "cca_mean", "rsa"])
def test_every_measure_is_taken_of_the_rows_that_stay(measure):
    x, y = noise(60, 4, 0), noise(60, 5, 1)
    kept = typical_rows(x, y, share=0.05)
    trimming = Inference(trimmed=0.05)
    (whole,) = compare({"a": x}, {"a": y}, measures=[measure], inference=trimming)
    (part,) = compare({"a": x[kept]}, {"a": y[kept]}, measures=[measure])
    assert whole.trimmed_value == pytest.approx(part.value, rel=1e-10)
    assert part.trimmed_value is None


def test_is_none_where_the_measure_is_undefined_without_them():
    x, y = noise(12, 10, 0), noise(12, 10, 1)  # mean CCA takes more images than features
    (found,) = compare({"a": x}, {"a": y}, measures=["cca_mean"], inference=Inference(trimmed=0.2))
    assert found.trimmed_value is None
