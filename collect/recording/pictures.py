"""What a run keeps to be looked at: maps of attention with their images, first-layer filters."""

from collections import defaultdict
from dataclasses import asdict, replace

import polars as pl
import torch
from torch import Tensor

from collect.backbones.architecture import InputSpec
from collect.data.inputs import network_input
from collect.data.run_data import RunData
from collect.measures.filter_shape import filter_shape
from collect.measures.filters import first_layer_filters
from collect.networks.heads import Network
from collect.probing.attention_reading import attention_maps, attention_statistics, has_attention
from warehouse.spool import RunWriter

MAX_FILTERS = 64


class Pictures:
    """Maps, images and filters of one run, at its start and at the checkpoint that stands for it.

    Parameters
    ----------
    data : RunData
        The images; the first ``n_images`` of each probe are pictured.
    n_images : int
        0 leaves out attention and its images.
    channels_last : bool, default True
        Memory layout of the inputs.

    Attributes
    ----------
    left_out : dict of str to None
        One line, once, per thing that cannot be recorded, with the reason.
    """

    def __init__(self, data: RunData, *, n_images: int, channels_last: bool = True) -> None:
        self.n_images = n_images
        self.channels_last = channels_last
        self.left_out: dict[str, None] = {}
        self._probes = {"target": (data.test.images[: data.n_target], data.probe_ids("target"))}
        if data.source is not None:
            images = data.source.queries.images[: data.source.n_probe]
            self._probes["source"] = (images, data.probe_ids("source"))
        self._frames: dict[str, dict[tuple[int, str], pl.DataFrame]] = defaultdict(dict)

    def record(self, epoch: int, network: Network) -> None:
        """Look at the network as it is after an epoch; recorded again, the later look counts.

        Parameters
        ----------
        epoch : int
            Completed epochs.
        network : Network
            Left in evaluation mode. One without a class token gives filters only, one without a
            convolution none.
        """
        for table, rows_of in (("filters", filter_rows), ("filter_shapes", filter_shape_rows)):
            try:
                self._add(table, epoch, "", rows_of(network))
            except ValueError as error:
                self.left_out[f"{table.replace('_', ' ')}: {error}"] = None
        if not self.n_images or not has_attention(network):
            return
        for probe, (images, sample_ids) in self._probes.items():
            try:
                self._record_attention(epoch, network, probe, images, sample_ids)
            except ValueError as error:
                self.left_out[f"attention, {probe} probe, epoch {epoch}: {error}"] = None

    def write(self, writer: RunWriter) -> None:
        """Hand everything to the writer."""
        for table, frames in self._frames.items():
            writer.append(table, pl.concat(frames.values()))

    def _record_attention(
        self,
        epoch: int,
        network: Network,
        probe: str,
        images: Tensor,
        sample_ids: tuple[str, ...],
    ) -> None:
        layers = [layer.name for layer in network.description.layers]
        statistics = attention_statistics(network, images, channels_last=self.channels_last)
        pictured, names = images[: self.n_images], sample_ids[: self.n_images]
        maps = attention_maps(network, pictured, channels_last=self.channels_last)
        rows = [
            {"layer": layer, "statistic": name, "value": value}
            for layer, values in zip(layers, statistics, strict=True)
            for name, value in values.items()
        ]
        frame = pl.DataFrame(rows).with_columns(n_images=pl.lit(len(images), pl.Int32))
        self._add("attention", epoch, probe, frame)
        kinds = pl.concat(
            _grid_rows(values, "attention").with_columns(
                sample_id=pl.Series(names), kind=pl.lit(kind), layer=pl.lit(layers[-1])
            )
            for kind, values in maps.items()
        )
        self._add("attention_maps", epoch, probe, kinds)
        seen = seen_images(pictured, network.description.inputs)
        n_channels = pl.lit(seen.shape[-1], pl.Int32)
        pixels = _grid_rows(seen, "pixels").with_columns(
            sample_id=pl.Series(names), n_channels=n_channels, probe=pl.lit(probe)
        )
        self._frames["probe_images"][0, probe] = pixels

    def _add(self, table: str, epoch: int, probe: str, rows: pl.DataFrame) -> None:
        where = {"epoch": pl.lit(epoch, pl.Int32), **({"probe": pl.lit(probe)} if probe else {})}
        self._frames[table][epoch, probe] = rows.with_columns(**where)


def filter_rows(network: Network) -> pl.DataFrame:
    """Rows of ``shards.filters`` but run and epoch.

    Raises
    ------
    ValueError
        If the network has no convolution.
    """
    layer, weights = first_layer_filters(network.backbone)
    kept = weights[:MAX_FILTERS].float().cpu()
    n_filters, n_channels, height, width = kept.shape
    return pl.DataFrame(
        {"filter": range(n_filters), "weights": kept.reshape(n_filters, -1).tolist()},
        schema={"filter": pl.Int32, "weights": pl.List(pl.Float32)},
    ).with_columns(
        layer=pl.lit(layer),
        height=pl.lit(height, pl.Int32),
        width=pl.lit(width, pl.Int32),
        n_channels=pl.lit(n_channels, pl.Int32),
    )


def filter_shape_rows(network: Network) -> pl.DataFrame:
    """Rows of ``raw.filter_shapes`` but run and epoch.

    Raises
    ------
    ValueError
        If the network has no convolution, or its kernels are too small to say anything.
    """
    layer, weights = first_layer_filters(network.backbone)
    kept = weights[:MAX_FILTERS]
    shape = asdict(filter_shape(kept))
    return pl.DataFrame({"statistic": list(shape), "value": list(shape.values())}).with_columns(
        layer=pl.lit(layer), n_filters=pl.lit(len(kept), pl.Int32)
    )


def seen_images(images: Tensor, spec: InputSpec) -> Tensor:
    """Images at the size at which a network sees them.

    Parameters
    ----------
    images : Tensor of shape (n, 1 or 3, height, width)
        uint8.
    spec : InputSpec
        The network's size and interpolation.

    Returns
    -------
    Tensor of shape (n, size, size, 1 or 3)
        uint8, on the CPU.
    """
    plain = replace(spec, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
    unit = network_input(images, plain, channels_last=False)[:, : images.shape[1]]
    return unit.mul(255).round().to(torch.uint8).permute(0, 2, 3, 1).cpu()


def _grid_rows(values: Tensor, name: str) -> pl.DataFrame:
    """One row per image: its values in a list, with the height and width of the grid."""
    n_images, height, width = values.shape[:3]
    dtype = pl.UInt8 if values.dtype == torch.uint8 else pl.Float32
    lists = pl.Series(name, values.reshape(n_images, -1).tolist(), dtype=pl.List(dtype))
    return pl.DataFrame([lists]).with_columns(
        height=pl.lit(height, pl.Int32), width=pl.lit(width, pl.Int32)
    )
