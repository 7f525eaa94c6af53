"""Rows of consecutive batches in one tensor, which lies in a file where there are many of them."""

import tempfile

import torch
from torch import Tensor

from collect.measures.large_layers import LARGE


def unfilled_rows(n_rows: int, n_features: int, device: torch.device) -> Tensor:
    """Room for the rows of one layer.

    Parameters
    ----------
    n_rows, n_features : int
        Shape.
    device : torch.device
        Where the rows are computed, and stay unless they are moved to a file.

    Returns
    -------
    Tensor of shape (n_rows, n_features)
        float32. On the CPU, more than 64 MB are mapped from a file in the directory for temporary
        files (``TMPDIR``), which the system may write out to make room, and which is gone with the
        tensor.
    """
    if device.type != "cpu" or 4 * n_rows * n_features <= LARGE:
        return torch.empty(n_rows, n_features, device=device)
    with tempfile.NamedTemporaryFile(prefix="repdrift-") as file:  # mapped, it outlives its name
        rows = torch.from_file(file.name, shared=True, size=n_rows * n_features)
    return rows.view(n_rows, n_features)


class RowStack:
    """Rows of the layer of all images, filled batch by batch.

    Parameters
    ----------
    n_images : int
        Images that will come.
    """

    def __init__(self, n_images: int) -> None:
        self.n_images = n_images
        self._rows: Tensor | None = None
        self._n_filled = 0

    def add(self, rows: Tensor, n_images: int) -> None:
        """Add the rows of the next images, as many of each image as in every batch."""
        if self._rows is None:
            n_rows = len(rows) // n_images * self.n_images
            self._rows = unfilled_rows(n_rows, rows.shape[1], rows.device)
        self._rows[self._n_filled : self._n_filled + len(rows)] = rows
        self._n_filled += len(rows)

    @property
    def rows(self) -> Tensor:
        """All rows.

        Raises
        ------
        ValueError
            If images are missing.
        """
        if self._rows is None or self._n_filled < len(self._rows):
            raise ValueError(f"{self._n_filled} rows so far: images are missing")
        return self._rows
