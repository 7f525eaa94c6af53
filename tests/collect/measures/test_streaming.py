"""CKA chunk by chunk is CKA of all rows at once, wherever the features lie."""

import pytest
import torch
from numpy.testing import assert_allclose

from collect.measures.cka import cka_linear, cka_linear_debiased
from collect.measures.streaming import StreamingCka


def networks(rng, n, offset):
    x = {
        name: torch.from_numpy(rng.normal(size=(n, p)) + offset) for name, p in (("a", 3), ("b", 6))
    }
    y = {"c": x["a"] + torch.from_numpy(rng.normal(size=(n, 3)))}
    return x, y


def streamed(x, y, sizes):
    stream = StreamingCka()
    starts = [sum(sizes[:i]) for i in range(len(sizes))]
    for start, size in zip(starts, sizes, strict=True):
        rows = slice(start, start + size)
        stream.update({k: v[rows] for k, v in x.items()}, {k: v[rows] for k, v in y.items()})
    return stream


@pytest.mark.parametrize("offset", [0.0, 100.0])
@pytest.mark.parametrize("sizes", [[40], [1] * 40, [17, 2, 21]], ids=str)
def test_chunks_change_nothing(rng, sizes, offset):
    x, y = networks(rng, 40, offset)
    stream = streamed(x, y, sizes)
    for debiased, alone in ((False, cka_linear), (True, cka_linear_debiased)):
        expected = [[alone(a, y["c"])] for a in x.values()]
        assert_allclose(stream.values(debiased=debiased), expected, rtol=1e-9)


def test_later_chunks_may_lie_elsewhere(rng):
    x, y = networks(rng, 40, 0.0)
    x["a"][20:] += 50
    expected = cka_linear_debiased(x["a"], y["c"])
    assert_allclose(streamed(x, y, [20, 20]).values(debiased=True)[0, 0], expected, rtol=1e-9)


def test_float32_chunks_are_within_a_millionth(rng):
    x, y = networks(rng, 2000, 30.0)
    exact = streamed(x, y, [2000]).values(debiased=True)
    narrow = [{k: v.float() for k, v in each.items()} for each in (x, y)]
    assert_allclose(
        streamed(narrow[0], narrow[1], [500] * 4).values(debiased=True), exact, rtol=0, atol=1e-6
    )


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ({"b": torch.ones(5, 2)}, {"c": torch.ones(5, 2)}, "layers are"),
        ({"a": torch.ones(5, 3)}, {"c": torch.ones(5, 2)}, r"widths are \[3, 2\], were \[2, 2\]"),
        ({"a": torch.ones(5, 2)}, {"c": torch.ones(4, 2)}, "layer c has shape"),
        ({"a": torch.full((5, 2), torch.nan)}, {"c": torch.ones(5, 2)}, "layer a has values that"),
    ],
)
def test_refuses(x, y, message):
    stream = StreamingCka()
    stream.update({"a": torch.eye(2)}, {"c": torch.eye(2)})
    with pytest.raises(ValueError, match=message):
        stream.update(x, y)


def test_refuses_too_few_rows():
    stream = StreamingCka()
    stream.update({"a": torch.eye(3)}, {"c": torch.eye(3)})
    with pytest.raises(ValueError, match="3 rows so far"):
        stream.values(debiased=True)
