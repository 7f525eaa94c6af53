"""Activations that a complete run kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import torch
from torch import Tensor

from collect.probing.row_stack import unfilled_rows
from warehouse.errors import CollectError


@dataclass(frozen=True)
class KeptActivations:
    """Layers of one network on one probe.

    Parameters
    ----------
    sample_ids : tuple of str
        The images, in the order of the rows.
    layers : mapping of str to Tensor
        float32, (n_images, n_features), in the order of the network; large ones in a file, see
        :func:`~collect.probing.row_stack.unfilled_rows`.
    """

    sample_ids: tuple[str, ...]
    layers: Mapping[str, Tensor]


def kept_activations(directory: Path, *, epoch: int, token: str, probe: str) -> KeptActivations:
    """Read one epoch, token and probe of a complete run, a layer at a time.

    Raises
    ------
    CollectError
        If the run kept none.
    """
    path = directory / "activations.parquet"
    kind: dict[str, int | str] = {"epoch": epoch, "token": token, "probe": probe}
    names = _layer_names(path, kind) if path.is_file() else []
    if not names:
        raise CollectError(
            f"run {directory.name} kept no activations of epoch {epoch}, {token}, {probe}: set "
            "probing.keep_activations"
        )
    layers = pl.scan_parquet(path).filter(**kind)
    sample_ids = layers.filter(layer=names[0]).select("sample_id").collect()
    return KeptActivations(
        tuple(sample_ids["sample_id"]),
        {
            name: _matrix(layers.filter(layer=name).select("activation").collect()["activation"])
            for name in names
        },
    )


def kept_kinds(directory: Path) -> list[tuple[int, str, str]]:
    """Epoch, token and probe of everything that a run kept, sorted."""
    path = directory / "activations.parquet"
    if not path.is_file():
        return []
    kinds = pl.scan_parquet(path).select("epoch", "token", "probe").unique().collect()
    return sorted(kinds.iter_rows())


def kept_groups(directory: Path, probe: str, sample_ids: Sequence[str]) -> tuple[str, ...] | None:
    """Patients or other groups of images of a probe, from what a complete run predicted of them.

    Returns
    -------
    tuple of str or None
        In the order of the images; None unless every one of them has a name.
    """
    path = directory / "predictions.parquet"
    if not path.is_file():
        return None
    named = pl.scan_parquet(path).filter(
        pl.col("group_id").is_not_null(), split="test" if probe == "target" else "source"
    )
    names = dict(named.select("sample_id", "group_id").unique().collect().iter_rows())
    found = tuple(names[image] for image in sample_ids if image in names)
    return found if len(found) == len(sample_ids) else None


def _layer_names(path: Path, kind: Mapping[str, int | str]) -> list[str]:
    layers = pl.scan_parquet(path).filter(**kind).select("layer")
    return list(layers.unique(maintain_order=True).collect()["layer"])


def _matrix(activations: pl.Series) -> Tensor:
    rows = unfilled_rows(len(activations), len(activations[0]), torch.device("cpu"))
    rows.numpy()[:] = activations.explode().to_numpy().reshape(rows.shape)
    return rows
