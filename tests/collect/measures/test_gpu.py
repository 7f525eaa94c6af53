"""CPU and GPU agree: float64 to rounding, float32 to what float32 can hold."""

import pytest
import torch

from collect.measures import large_layers
from collect.measures.calibration import calibration_scores
from collect.measures.calibration_bootstrap import calibration_intervals
from collect.measures.compare import compare
from collect.measures.gram import centred_layer, inner_products
from collect.measures.inference import Inference
from collect.measures.knn import knn_probabilities
from collect.measures.leave_one_out import biased_cka_without_each_unit, plain_layer
from collect.measures.logme import logme
from collect.measures.neighbour_search import nearest_neighbours
from collect.measures.null import pairing_null
from collect.measures.null_terms import null_terms
from collect.measures.registry import MEASURES
from collect.measures.representation import centred
from collect.measures.smooth_calibration import smooth_calibration_error
from collect.measures.streaming import StreamingCka
from collect.measures.unit_sums import cka_without_each_unit, grouped_layer

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]
N, P = 300, 40
# RSA and shared neighbours are step functions of the features: a rounding can move a rank.
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-5}
STEPS = {"rsa": 1e-4, "mutual_knn": 2 / (10 * N), "knn_jaccard": 4 / (10 * N)}


def pair(rng, dtype):
    x = rng.normal(size=(N, P)) + 1
    y = x + rng.normal(size=(N, P))
    return torch.from_numpy(x).to(dtype), torch.from_numpy(y).to(dtype)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
@pytest.mark.parametrize("name", MEASURES)
def test_similarity_is_the_same(rng, name, dtype):
    x, y = pair(rng, dtype)
    on_cpu, on_gpu = MEASURES[name].compute(x, y), MEASURES[name].compute(x.cuda(), y.cuda())
    tolerance = max(TOLERANCE[dtype], STEPS.get(name, 0.0) if dtype == torch.float32 else 0.0)
    assert on_gpu == pytest.approx(on_cpu, abs=tolerance)


@pytest.mark.parametrize("space", ["features", "rows"])
@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_inner_products_are_the_same(rng, dtype, space):
    x, y = pair(rng, dtype)
    cpu, gpu = (
        inner_products([centred_layer(a)], [centred_layer(b)], space=space)
        for a, b in ((x, y), (x.cuda(), y.cuda()))
    )
    scale = float((cpu.own_x.off_diagonal * cpu.own_y.off_diagonal).sqrt())
    difference = float(gpu.cross.off_diagonal - cpu.cross.off_diagonal)
    assert difference / scale == pytest.approx(0, abs=TOLERANCE[dtype])


def test_debiased_cka_in_float32_is_within_a_millionth_of_float64(rng):
    x = torch.from_numpy(rng.normal(size=(1512, 768)) + 30).float().cuda()
    y = torch.from_numpy(rng.normal(size=(1512, 768)) + 30).float().cuda() + x
    measure = MEASURES["cka_linear_debiased"]
    exact = measure.compute(x.double().cpu(), y.double().cpu())
    assert measure.compute(x, y) == pytest.approx(exact, abs=1e-6)


@pytest.mark.parametrize("debiased", [False, True])
def test_null_is_the_same(rng, debiased):
    x, y = pair(rng, torch.float64)
    cpu, gpu = (
        pairing_null(*(null_terms(centred_layer(a), debiased=debiased) for a in both))
        for both in ((x, y), (x.cuda(), y.cuda()))
    )
    assert (gpu.mean, gpu.sd, gpu.skewness) == pytest.approx(
        (cpu.mean, cpu.sd, cpu.skewness), rel=1e-8, abs=1e-12
    )


def test_leaving_out_each_image_is_the_same(rng):
    x, y = pair(rng, torch.float64)
    images = torch.arange(N) // 5
    cpu, gpu = (
        cka_without_each_unit(grouped_layer(a, "x", images), grouped_layer(b, "y", images))
        for a, b in ((x, y), (x.cuda(), y.cuda()))
    )
    torch.testing.assert_close(gpu.without.cpu(), cpu.without, rtol=0, atol=1e-9)


@pytest.mark.parametrize("groups", [None, torch.arange(N) // 5], ids=["rows", "images"])
def test_leaving_out_each_image_of_biased_cka_is_the_same(rng, groups):
    x, y = pair(rng, torch.float64)
    cpu, gpu = (
        biased_cka_without_each_unit(plain_layer(a, "x", groups), plain_layer(b, "y", groups))
        for a, b in ((x, y), (x.cuda(), y.cuda()))
    )
    torch.testing.assert_close(gpu.without.cpu(), cpu.without, rtol=0, atol=1e-9)


@pytest.mark.parametrize("mean", [0, 1e3])
def test_centring_is_the_same(rng, mean):
    x = torch.from_numpy(rng.normal(size=(1512, 30)) + mean).float()
    exact = x.double() - x.double().mean(dim=0)
    torch.testing.assert_close(centred(x.cuda()).cpu().double(), exact, rtol=0, atol=1e-5)


@pytest.mark.parametrize("n_rows", [100, 128, 700])
def test_blocks_of_gram_matrices_are_the_same(rng, n_rows):
    layers = [torch.from_numpy(rng.normal(size=(n_rows, 50)) + 5).float() for _ in range(3)]
    cpu, gpu = (
        inner_products([centred_layer(a) for a in x], [centred_layer(x[0])], space="rows").cross
        for x in (layers, [a.cuda() for a in layers])
    )
    torch.testing.assert_close(gpu.off_diagonal, cpu.off_diagonal, rtol=1e-5, atol=0)


def test_streams_are_the_same(rng):
    x, y = pair(rng, torch.float32)
    streams = StreamingCka(), StreamingCka()
    for rows in torch.arange(N).split(70):
        streams[0].update({"a": x[rows]}, {"a": y[rows]})
        streams[1].update({"a": x[rows].cuda()}, {"a": y[rows].cuda()})
    cpu, gpu = (stream.values(debiased=True) for stream in streams)
    torch.testing.assert_close(gpu.cpu(), cpu, rtol=0, atol=1e-5)


def test_large_layers_are_the_same(rng, monkeypatch):
    monkeypatch.setattr(large_layers, "LARGE", 0)
    monkeypatch.setattr(large_layers, "CHUNK_ROWS", 70)
    x, y = pair(rng, torch.float64)
    assert large_layers.streams(N, [x], [y])
    measures = ["cka_linear", "cka_linear_debiased"]
    cpu = compare({"a": x}, {"a": y}, measures=measures)
    gpu = compare({"a": x.cuda()}, {"a": y.cuda()}, measures=measures)
    for a, b in zip(cpu, gpu, strict=True):
        assert (b.value, b.ci_low, b.null_sd) == pytest.approx(
            (a.value, a.ci_low, a.null_sd), rel=1e-8
        )


@pytest.mark.parametrize("groups", [None, torch.arange(30) // 3], ids=["rows", "images"])
def test_leaving_out_few_images_with_many_features_is_the_same(rng, groups):
    x, y = (each[:30] for each in pair(rng, torch.float64))
    cpu, gpu = (
        cka_without_each_unit(*(grouped_layer(a, "x", groups) for a in both))
        for both in ((x, y), (x.cuda(), y.cuda()))
    )
    torch.testing.assert_close(gpu.without.cpu(), cpu.without, rtol=1e-9, atol=0)


@pytest.mark.parametrize("groups", [None, torch.arange(N) // 3], ids=["rows", "images"])
def test_resampled_comparisons_in_float32_are_close(rng, groups):
    x, y = pair(rng, torch.float32)
    how = Inference(n_permutations=19, n_blocks=10, n_simulations=50)
    measures = ["cka_linear", "cka_linear_debiased", "cca_mean", "svcca", "procrustes", "pwcca"]
    cpu, gpu = (
        compare({"a": a}, {"a": b}, measures=measures, groups=groups, inference=how)
        for a, b in ((x, y), (x.cuda(), y.cuda()))
    )
    for a, b in zip(cpu, gpu, strict=True):
        for field in ("value", "null_mean", "null_sd", "ci_low", "ci_high"):
            assert getattr(b, field) == pytest.approx(getattr(a, field), abs=1e-4), field


def test_comparisons_are_the_same(rng):
    x, y = pair(rng, torch.float64)
    how = Inference(n_permutations=19, n_blocks=10, n_simulations=50)
    measures = [name for name in MEASURES if name not in ("rsa", "cca_mean_juodelyte")]
    groups = torch.arange(N) // 3
    cpu = compare({"a": x}, {"a": y}, measures=measures, groups=groups, inference=how)
    gpu = compare({"a": x.cuda()}, {"a": y.cuda()}, measures=measures, groups=groups, inference=how)
    for a, b in zip(cpu, gpu, strict=True):
        for field in (
            "value", "null_mean", "null_sd", "null_p_value", "ci_low", "ci_high",
            "n_effective", "top_image_influence", "trimmed_value", "effective_rank",
        ):  # fmt: skip
            assert getattr(b, field) == pytest.approx(getattr(a, field), abs=1e-8)


@pytest.mark.parametrize("dtype", TOLERANCE, ids=str)
def test_neighbours_vote_the_same(rng, dtype):
    x, y = pair(rng, dtype)
    labels = torch.from_numpy(rng.integers(4, size=N))
    cpu = knn_probabilities(x, labels, y, n_neighbours=20, n_classes=4)
    gpu = knn_probabilities(x.cuda(), labels, y.cuda(), n_neighbours=20, n_classes=4)
    torch.testing.assert_close(gpu.cpu(), cpu, rtol=0, atol=10 * TOLERANCE[dtype])


@pytest.mark.parametrize("leave_one_out", [False, True])
def test_neighbours_in_several_pieces_are_the_same(rng, leave_one_out):
    bank = torch.from_numpy(rng.normal(size=(9000, 16)))
    cpu, gpu = (
        nearest_neighbours(x, x, n_neighbours=20, leave_one_out=leave_one_out)
        for x in (bank, bank.cuda())
    )
    torch.testing.assert_close(gpu[0].cpu(), cpu[0], rtol=0, atol=1e-12)
    assert gpu[1].cpu().equal(cpu[1])


def test_evidence_of_features_is_the_same(rng):
    x, _ = pair(rng, torch.float32)
    labels = (x[:, :3] + torch.from_numpy(rng.normal(size=(N, 3)))).argmax(dim=1)
    assert logme(x.cuda(), labels.cuda()) == pytest.approx(logme(x, labels), rel=1e-9)


def test_smooth_calibration_is_the_same(rng):
    p = torch.from_numpy(rng.dirichlet([0.5] * 4, size=5000))
    y = torch.from_numpy(rng.integers(4, size=5000))
    expected = smooth_calibration_error(p, y)
    assert smooth_calibration_error(p.cuda(), y.cuda()) == pytest.approx(expected, abs=1e-9)
    # rounding to 32 bit can move a forecast into the next cell of the grid
    assert smooth_calibration_error(p.float().cuda(), y.cuda()) == pytest.approx(expected, abs=1e-4)


def test_calibration_intervals_are_the_same(rng):
    p = torch.from_numpy(rng.dirichlet([0.5] * 4, size=N))
    y = torch.from_numpy(rng.integers(4, size=N))
    cpu, gpu = (
        calibration_intervals(*both, n_resamples=50) for both in ((p, y), (p.cuda(), y.cuda()))
    )
    assert cpu.keys() == gpu.keys()
    for name, interval in cpu.items():
        assert (gpu[name].ci_low, gpu[name].ci_high) == pytest.approx(
            (interval.ci_low, interval.ci_high), abs=1e-9
        )


def test_calibration_is_the_same(rng):
    p = torch.from_numpy(rng.dirichlet([0.5] * 4, size=N))
    y = torch.from_numpy(rng.integers(4, size=N))
    assert calibration_scores(p.cuda(), y.cuda()) == pytest.approx(
        calibration_scores(p, y), abs=1e-9
    )
