"""Implementations under test: ours, and those peers that are installed."""

import contextlib
import importlib
import importlib.metadata
import io
import warnings
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset

from collect.measures.cca import cca_mean, cca_yanai
from collect.measures.cka import cka_linear, cka_linear_debiased
from collect.measures.minibatch import cka_minibatch
from tests.conformance.batched import Batched
from tests.conformance.checks import Subject

OURS = (
    Subject("repdrift cka_linear", "biased CKA", cka_linear),
    Subject("repdrift cka_linear_debiased", "debiased CKA", cka_linear_debiased),
    Subject("repdrift cca_mean", "mean CCA", cca_mean),
    Subject("repdrift cca_yanai", "Yanai's GCD", cca_yanai),
)
OURS_BATCHED: dict[str, Batched] = {
    "repdrift cka_minibatch": lambda x, y, n: cka_minibatch(x, y, batch_rows=n)
}


def installed(distribution: str) -> str | None:
    """Version of a package, None if it is not installed."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return None


def peers() -> Iterator[Subject]:
    """Functions of installed peers that take features."""
    if version := installed("pytorch-cka"):
        cka_from_features = importlib.import_module("cka").cka_from_features

        name = f"pytorch-cka {version} cka_from_features"
        yield Subject(name, "debiased CKA", lambda x, y: float(cka_from_features(x, y)))
    if version := installed("ckatorch"):
        cka_base = importlib.import_module("ckatorch").cka_base

        settings: list[dict[str, object]] = [
            {},
            {"method": "hsic"},
            {"unbiased": True},
            {"unbiased": True, "method": "hsic"},
        ]
        for setting in settings:
            estimand = "debiased CKA" if setting.get("unbiased") else "biased CKA"
            words = ", ".join(f"{k}={v}" for k, v in setting.items())
            yield Subject(
                f"ckatorch {version} cka_base({words})", estimand, partial(cka_base, **setting)
            )
    if version := installed("repsim"):
        repsim = importlib.import_module("repsim")

        def pairwise(function: Callable[..., object], **setting: str) -> Callable[..., float]:
            return lambda x, y: float(
                function([x.double().numpy(), y.double().numpy()], **setting)[0, 1]  # type: ignore[index]
            )

        yield Subject(
            f"repsim {version} cka(linear, gretton)",
            "biased CKA",
            pairwise(repsim.cka, kernel_type="linear", estimator="gretton"),
        )
        yield Subject(
            f"repsim {version} cka(linear, song)",
            "debiased CKA",
            pairwise(repsim.cka, kernel_type="linear", estimator="song"),
        )
        yield Subject(f"repsim {version} cca(yanai)", "Yanai's GCD", pairwise(repsim.cca))


def batched_peers() -> Iterator[tuple[str, Batched]]:
    """Classes of installed peers that run two networks over a data loader."""
    if version := installed("pytorch-cka"):
        compute_cka = importlib.import_module("cka").compute_cka

        def with_pytorch_cka(x: Tensor, y: Tensor, n: int) -> float:
            matrices = compute_cka(
                Columns(0, x.shape[1]), Columns(x.shape[1], x.shape[1] + y.shape[1]),
                loader(x, y, n), layers=["out"], progress=False,
            )  # fmt: skip
            return float(matrices[0])

        yield f"pytorch-cka {version} compute_cka", with_pytorch_cka
    if version := installed("torch-cka"):
        peer_class = importlib.import_module("torch_cka").CKA

        def with_torch_cka(x: Tensor, y: Tensor, n: int) -> float:
            p = x.shape[1]
            models = Columns(0, p), Columns(p, p + y.shape[1])
            peer = peer_class(*models, "a", "b", ["out"], ["out"], device="cpu")
            peer.compare(loader(x, y, n), loader(x, y, n))
            return float(peer.export()["CKA"])

        yield f"torch-cka {version} CKA", with_torch_cka
    if version := installed("ckatorch"):
        other_class = importlib.import_module("ckatorch").CKA

        def with_ckatorch(x: Tensor, y: Tensor, n: int) -> float:
            # its batch is (batch, rows, features): one batch of one set of rows each
            p = x.shape[1]
            peer = other_class(Columns(0, p), Columns(p, p + y.shape[1]), ["out"])
            sets = [{"joined": z[None]} for z in torch.split(torch.cat([x, y], dim=1), n)]
            return float(peer(Fixed(sets), epochs=1))

        yield f"ckatorch {version} CKA", with_ckatorch


class Columns(nn.Module):
    """A network whose layer `out` is some columns of its input."""

    def __init__(self, start: int, stop: int) -> None:
        super().__init__()
        self.start, self.stop = start, stop
        self.out = nn.Identity()

    def forward(self, joined: Tensor) -> Tensor:
        """Pass the columns on."""
        found: Tensor = self.out(joined[..., self.start : self.stop])
        return found


class Fixed:
    """What ckatorch needs of a data loader, with batches of its shape."""

    drop_last = False
    sampler = None

    def __init__(self, batches: list[dict[str, Tensor]]) -> None:
        self.batches = batches

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[dict[str, Tensor]]:
        return iter(self.batches)


def loader(x: Tensor, y: Tensor, batch_rows: int) -> DataLoader[tuple[Tensor, ...]]:
    """Both layers side by side, in order."""
    return DataLoader(TensorDataset(torch.cat([x, y], dim=1)), batch_size=batch_rows)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without the progress bars and warnings of the peers."""
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        yield
