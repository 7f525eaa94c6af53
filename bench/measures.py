"""The measures against their peers and against what they replace, on two threads.

Times are the best of repeats that alternate between the two sides in one process: what else the
machine does only adds to them. Data are Gaussian with a common part, far from centred where it
counts.
"""

import importlib.metadata
import math
import multiprocessing
import resource
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from collect.measures.calibration import expected_calibration_error
from collect.measures.calibration_bootstrap import calibration_intervals
from collect.measures.cca import cca_mean, mean_correlation, whitened_layer
from collect.measures.cka import alignments
from collect.measures.gram import BLOCK_ROWS, centred_layer
from collect.measures.neighbour_search import nearest_neighbours
from collect.measures.null import pairing_null
from collect.measures.null_terms import null_terms
from collect.measures.smooth_calibration import smooth_calibration_error
from collect.measures.streaming import StreamingCka

N_LAYERS, N_ROWS, N_FEATURES = 12, 1512, 768
MEMORY_LIMIT_MB = 2000.0
REPEATS = 5


class Measured(NamedTuple):
    """One line of the table that `make bench` prints."""

    what: str
    against: str
    ratio: float
    goal: str


def rows() -> Iterator[Measured]:
    """Measure everything; takes some minutes on two cores."""
    torch.set_num_threads(2)
    yield from debiased_cka()
    yield memory_of_streaming()
    yield from null_of_cka()
    yield mean_cca()
    yield neighbours()
    yield bootstrap()


def networks(
    n_rows: int = N_ROWS, *, n_layers: int = N_LAYERS, n_features: int = N_FEATURES
) -> tuple[list[Tensor], list[Tensor]]:
    """Layers of two related networks, means 3 standard deviations from 0."""
    generator = torch.Generator().manual_seed(0)

    def draw() -> Tensor:
        return torch.randn(n_rows, n_features, generator=generator)

    x = [draw() + 3 for _ in range(n_layers)]
    return x, [a + draw() for a in x]


def seconds(*calls: Callable[[], object], repeats: int = REPEATS) -> list[float]:
    """Least seconds of each call, the calls taking turns; the first turn is not counted."""
    durations: list[list[float]] = [[] for _ in calls]
    for repeat in range(repeats + 1):
        for call, found in zip(calls, durations, strict=True):
            started = time.perf_counter()
            call()
            if repeat:
                found.append(time.perf_counter() - started)
    return [min(found) for found in durations]


def debiased_cka() -> Iterator[Measured]:
    """All pairs of layers against pytorch-cka and against the bare matrix products.

    These are the triangles of the Gram matrices, thrown away as soon as they are written, and,
    where they are kept together, with the products of each with each that CKA makes of them.
    """
    from cka import cka_from_features

    x, y = networks()
    work = f"debiased CKA {N_LAYERS}x{N_LAYERS}, n={N_ROWS}, p={N_FEATURES}"
    peer = f"pytorch-cka {importlib.metadata.version('pytorch-cka')}"

    def ours() -> Tensor:
        return alignments(
            [centred_layer(a) for a in x], [centred_layer(b) for b in y], debiased=True
        )

    def bare() -> None:
        for a in (*x, *y):
            for start in range(0, N_ROWS, BLOCK_ROWS):
                torch.mm(a[start : start + BLOCK_ROWS], a[start:].T)

    strips = torch.empty(BLOCK_ROWS * 2 * N_LAYERS * N_ROWS)

    def both() -> None:
        for start in range(0, N_ROWS, BLOCK_ROWS):
            shape = (min(BLOCK_ROWS, N_ROWS - start), 2 * N_LAYERS, N_ROWS - start)
            strip = strips[: math.prod(shape)].view(shape)
            for i, a in enumerate((*x, *y)):
                torch.mm(a[start : start + BLOCK_ROWS], a[start:].T, out=strip[:, i])
            torch.bmm(strip, strip.mT)

    own, theirs, first, needed = seconds(
        ours, lambda: cka_from_features(x, y), bare, both, repeats=3 * REPEATS
    )
    yield Measured(work, peer, own / theirs, "<= 0.7")
    yield Measured(work, "its first matrix products alone", own / first, "<= 1.25")
    yield Measured(work, "all matrix products that it needs", own / needed, "<= 1.25")
    exact = alignments(
        [centred_layer(a.double()) for a in x],
        [centred_layer(b.double()) for b in y],
        debiased=True,
    )
    error = float((ours() - exact).abs().max())
    yield Measured(f"error of it in float32 ({error:.1e})", "1e-6", error / 1e-6, "<= 1")
    peer_error = float((cka_from_features(x, y).double() - exact).abs().max())
    yield Measured(
        f"error of it ({error:.1e})", f"{peer} ({peer_error:.1e})", error / peer_error, "<= 1"
    )


def memory_of_streaming() -> Measured:
    """Peak memory of 50,000 rows that arrive in chunks, in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        peak_mb, duration_s = pool.apply(_stream)
    return Measured(
        f"memory of debiased CKA 12x12, n=50,000 ({duration_s:.0f} s)",
        f"{MEMORY_LIMIT_MB:.0f} MB",
        peak_mb / MEMORY_LIMIT_MB,
        "<= 1",
    )


def _stream() -> tuple[float, float]:
    torch.set_num_threads(2)
    started = time.perf_counter()
    stream = StreamingCka()
    for chunk in range(50):
        generator = torch.Generator().manual_seed(chunk)
        x, y = (
            {str(i): torch.randn(1000, N_FEATURES, generator=generator) for i in range(N_LAYERS)}
            for _ in range(2)
        )
        stream.update(x, y)
    values = stream.values(debiased=True)
    if float(values.abs().max()) > 1e-3:  # 20 standard deviations of unrelated layers
        raise RuntimeError(f"unrelated layers have CKA {float(values.abs().max()):.3g}")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return peak_mb, time.perf_counter() - started


def null_of_cka(n_timed: int = 10, n_compared: int = 1000) -> Iterator[Measured]:
    """Time the closed form against permutations that reuse Gram matrices, and compare both."""
    x, y = ([centred_layer(a) for a in layers] for layers in networks())

    def exact() -> list[list[object]]:
        ours, theirs = ([null_terms(a, debiased=False) for a in layers] for layers in (x, y))
        return [[pairing_null(a, b) for b in theirs] for a in ours]

    grams = [
        torch.stack([a.features @ a.features.T for a in layers]).flatten(1) for layers in (x, y)
    ]
    grams = [g / torch.linalg.vector_norm(g, dim=1, keepdim=True) for g in grams]

    def permuted(n_permutations: int, n_layers: int = N_LAYERS) -> Tensor:
        square = grams[1][:n_layers].unflatten(1, (N_ROWS, N_ROWS))
        values = []
        for _ in range(n_permutations):
            order = torch.randperm(N_ROWS)
            values.append(grams[0][:n_layers] @ square[:, order][:, :, order].flatten(1).T)
        return torch.stack(values)

    own, theirs = seconds(exact, lambda: permuted(n_timed), repeats=3)
    per_thousand = theirs * 1000 / n_timed
    yield Measured(
        f"null of CKA 12x12, n={N_ROWS}",
        f"1,000 permutations (timed: {n_timed})",
        per_thousand / own,
        ">= 100",
    )
    values = permuted(n_compared, 1).double().flatten()
    null = exact()[0][0]
    errors = (
        abs(null.mean - values.mean()) / (values.std() / n_compared**0.5),
        abs(null.sd - values.std()) / (values.std() / (2 * n_compared) ** 0.5),
    )
    yield Measured(
        "its mean and SD, the larger difference",
        f"Monte-Carlo error of {n_compared:,} permutations",
        float(max(errors)),
        "<= 4",
    )


def mean_cca(n_rows: int = 10_000) -> Measured:
    """All pairs with each layer whitened once, against the pair function 144 times."""
    x, y = networks(n_rows, n_layers=3)
    whitened = whitened_layer(x[0]), whitened_layer(y[0])
    layer, pair, alone = seconds(
        lambda: whitened_layer(x[1]),
        lambda: mean_correlation(*whitened),
        lambda: cca_mean(x[2], y[2]),
        repeats=3,
    )
    together = 2 * N_LAYERS * layer + N_LAYERS**2 * pair
    return Measured(
        f"mean CCA 12x12, n={n_rows:,}, p={N_FEATURES} (24 layers + 144 pairs, timed: 3 each)",
        "144 calls of the pair function (timed: 3)",
        N_LAYERS**2 * alone / together,
        ">= 4",
    )


def neighbours() -> Measured:
    """Exact search by cosine against faiss, both from features of unit length."""
    import faiss

    faiss.omp_set_num_threads(2)
    generator = torch.Generator().manual_seed(0)
    bank, queries = (
        torch.nn.functional.normalize(torch.randn(n, N_FEATURES, generator=generator), dim=1)
        for n in (50_000, 2_000)
    )

    def theirs() -> object:
        index = faiss.IndexFlatIP(N_FEATURES)
        index.add(bank.numpy())
        return index.search(queries.numpy(), 20)

    own, peer = seconds(lambda: nearest_neighbours(bank, queries, n_neighbours=20), theirs)
    return Measured(
        "k-NN 2,000 queries x 50,000 x 768, k=20",
        f"faiss-cpu {importlib.metadata.version('faiss-cpu')} IndexFlatIP",
        own / peer,
        "<= 1.1",
    )


def bootstrap(n_samples: int = 50_000, n_timed: int = 20) -> Measured:
    """ECE and smooth ECE of 1,000 resamples against a loop over resamples."""
    generator = torch.Generator().manual_seed(0)
    p = torch.randn(n_samples, 10, generator=generator).mul(2).softmax(dim=1)
    labels = torch.multinomial(p, 1, generator=generator).flatten()

    def loop() -> None:
        for _ in range(n_timed):
            rows = torch.randint(n_samples, (n_samples,))
            expected_calibration_error(p[rows], labels[rows])
            smooth_calibration_error(p[rows], labels[rows])

    own, theirs = seconds(lambda: calibration_intervals(p, labels), loop, repeats=3)
    return Measured(
        f"ECE and smooth ECE, 1,000 resamples, n={n_samples:,}",
        f"loop over resamples (timed: {n_timed})",
        theirs * 1000 / n_timed / own,
        ">= 20",
    )
