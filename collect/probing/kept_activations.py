"""Activations that a complete run kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import torch
from torch import Tensor

from warehouse.errors import CollectError


@dataclass(frozen=True)
class KeptActivations:
    """Layers of one network on one probe.

    Parameters
    ----------
    sample_ids : tuple of str
        The images, in the order of the rows.
    layers : mapping of str to Tensor
        float32, (n_images, n_features), in the order of the network.
    """

    sample_ids: tuple[str, ...]
    layers: Mapping[str, Tensor]


def kept_activations(directory: Path, *, epoch: int, token: str, probe: str) -> KeptActivations:
    """Read one epoch, token and probe of a complete run.

    Raises
    ------
    CollectError
        If the run kept none.
    """
    path = directory / "activations.parquet"
    rows = pl.DataFrame()
    if path.is_file():
        rows = (
            pl.scan_parquet(path)
            .filter(epoch=epoch, token=token, probe=probe)
            .select("layer", "sample_id", "activation")
            .collect()
        )
    if not len(rows):
        raise CollectError(
            f"run {directory.name} kept no activations of epoch {epoch}, {token}, {probe}: set "
            "probing.keep_activations"
        )
    parts = rows.partition_by("layer", maintain_order=True)
    return KeptActivations(
        tuple(parts[0]["sample_id"]),
        {str(part["layer"][0]): _matrix(part["activation"]) for part in parts},
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


def _matrix(rows: pl.Series) -> Tensor:
    width = len(rows[0])
    flat = rows.explode().to_numpy()
    return torch.from_numpy(flat.reshape(-1, width).copy())
