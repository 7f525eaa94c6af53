"""How a run's tables are encoded in Parquet."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

COMPRESSION_LEVEL = 1  # zstd: higher levels gain under 1 % on float activations, at half the speed


class ParquetStream:
    """A Parquet file that is written table by table, one row group each.

    Floats are byte-stream-split before zstd (a third smaller than zstd alone on activations), other
    columns are dictionary-encoded. The file is created with the first table and takes its schema.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._writer: pq.ParquetWriter | None = None

    def write(self, rows: pa.Table) -> None:
        """Append the rows as one row group; no rows are no row group."""
        if self._writer is None:
            floats = leaves(rows.schema, is_float=True)
            self._writer = pq.ParquetWriter(
                self._path,
                rows.schema,
                compression="zstd",
                compression_level=COMPRESSION_LEVEL,
                use_dictionary=leaves(rows.schema, is_float=False),
                use_byte_stream_split=floats,
            )
        if rows.num_rows:
            self._writer.write_table(rows, row_group_size=rows.num_rows)

    def close(self) -> None:
        """Write the footer."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def abandon(self) -> None:
        """Close the file without caring whether it can be read: it is about to be removed."""
        try:
            self.close()
        except OSError:
            self._writer = None


def activation_table(
    dimensions: Mapping[str, object],
    sample_ids: Sequence[str],
    activations: npt.NDArray[np.float32],
) -> pa.Table:
    """Activations of one layer as rows of the table ``activations``.

    Parameters
    ----------
    dimensions : mapping
        ``run_id``, ``epoch``, ``layer``, ``token``, ``probe``: the same for all rows.
    sample_ids : sequence of str of length n_samples
        The images.
    activations : ndarray of shape (n_samples, n_features), float32
        Not copied when it is contiguous.

    Returns
    -------
    pyarrow.Table

    Raises
    ------
    ValueError
        If the array is not 2-D float32, or the lengths differ.
    """
    if activations.ndim != 2 or activations.dtype != np.float32:
        raise ValueError(
            f"activations have shape {activations.shape} and type {activations.dtype}: "
            "(n_samples, n_features) of float32 is expected"
        )
    n_samples, n_features = activations.shape
    if len(sample_ids) != n_samples:
        raise ValueError(f"{len(sample_ids)} sample ids for {n_samples} rows of activations")
    offsets = np.arange(n_samples + 1, dtype=np.int32) * np.int32(n_features)
    values = pa.array(np.ascontiguousarray(activations).reshape(-1))
    constants = {
        name: pa.repeat(pa.scalar(value, pa.int32() if name == "epoch" else pa.string()), n_samples)
        for name, value in dimensions.items()
    }
    return pa.table(
        {
            **constants,
            "sample_id": pa.array(sample_ids, pa.string()),
            "activation": pa.ListArray.from_arrays(pa.array(offsets), values),
        }
    )


def leaves(schema: pa.Schema, *, is_float: bool) -> list[str]:
    """Parquet paths of the columns that hold floats, or of those that do not."""
    found = []
    for field in schema:
        is_list = pa.types.is_list(field.type) or pa.types.is_large_list(field.type)
        leaf = field.type.value_type if is_list else field.type
        if pa.types.is_floating(leaf) == is_float:
            found.append(f"{field.name}.list.element" if is_list else field.name)
    return found
