"""Exact search of nearest neighbours by cosine, in memory that does not grow with the queries.

Cosines are computed for some queries and a piece of the bank at a time, into a buffer that is used
again; while a piece is still in the cache, the maxima of blocks of its columns are taken. The k
blocks with the largest maxima hold the k largest cosines, so few columns are left to select from.
"""

import torch
from torch import Tensor

_CHUNK_ELEMENTS = 1 << 25
_PIECE = 512  # cosines of a piece stay in the cache until their maxima are taken
_BLOCK = 32


def nearest_neighbours(
    bank: Tensor, queries: Tensor, *, n_neighbours: int, leave_one_out: bool = False
) -> tuple[Tensor, Tensor]:
    """Nearest rows of the bank by cosine, nearest first.

    Parameters
    ----------
    bank, queries : Tensor of shape (n_bank, n_features) and (n_queries, n_features)
        Features.
    n_neighbours : int
        How many, at most n_bank.
    leave_one_out : bool, default False
        Query i is row i of the bank, and is not its own neighbour.

    Returns
    -------
    tuple of Tensor of shape (n_queries, n_neighbours)
        Cosines, and rows of the bank. Of rows that are equally near as the last one, any may be
        among them.

    Raises
    ------
    ValueError
        If widths differ, a feature is not finite or a row is 0, or with ``leave_one_out`` the
        queries are not the bank.

    Notes
    -----
    Holds at most 33 million cosines at a time, whatever the number of queries.
    """
    if bank.ndim != 2 or queries.ndim != 2 or bank.shape[1] != queries.shape[1]:
        raise ValueError(
            f"bank has shape {tuple(bank.shape)} and queries {tuple(queries.shape)}: "
            "expected two matrices of the same width"
        )
    if leave_one_out and bank.shape != queries.shape:
        raise ValueError("leave_one_out: the queries are not the bank")
    bank, queries = (x if x.dtype == torch.float64 else x.float() for x in (bank, queries))
    shares = 1 / _lengths(bank, "bank")
    directions = queries / _lengths(queries, "queries")[:, None]
    buffer = _Buffer(bank, min(len(queries), max(1, _CHUNK_ELEMENTS // len(bank))))
    found = []
    for start in range(0, len(queries), buffer.n_rows):
        some = directions[start : start + buffer.n_rows]
        buffer.fill(some, bank, shares, start if leave_one_out else None)
        found.append(buffer.largest(len(some), n_neighbours))
    return torch.cat([values for values, _ in found]), torch.cat([index for _, index in found])


class _Buffer:
    """Cosines of some queries with the bank, piece by piece: (n_pieces, n_rows, _PIECE)."""

    def __init__(self, bank: Tensor, n_rows: int) -> None:
        self.n_rows = n_rows
        self.n_bank = len(bank)
        width = min(_PIECE, -(-len(bank) // _BLOCK) * _BLOCK)
        n_pieces = -(-len(bank) // width)
        self.values = bank.new_empty(n_pieces, n_rows, width)
        self.values[-1, :, len(bank) - (n_pieces - 1) * width :] = -torch.inf
        self.maxima = bank.new_empty(n_rows, n_pieces * (width // _BLOCK))

    def fill(
        self, directions: Tensor, bank: Tensor, shares: Tensor, first_left_out: int | None
    ) -> None:
        """Compute the cosines, and the maximum of each block of columns."""
        n, width = len(directions), self.values.shape[2]
        n_blocks = width // _BLOCK
        for i, rows in enumerate(torch.split(bank, width)):
            columns = slice(i * width, i * width + len(rows))
            piece = self.values[i, :n]
            torch.mm(directions, rows.T, out=piece[:, : len(rows)])
            piece[:, : len(rows)] *= shares[columns]
            if first_left_out is not None:
                piece.diagonal(first_left_out - columns.start).fill_(-torch.inf)
            maxima = self.maxima[:n, i * n_blocks : (i + 1) * n_blocks]
            torch.amax(piece.view(n, n_blocks, _BLOCK), dim=2, out=maxima)

    def largest(self, n: int, k: int) -> tuple[Tensor, Tensor]:
        """Return the k largest of each of the first n rows and their columns, largest first."""
        _, n_rows, width = self.values.shape
        maxima = self.maxima[:n]
        blocks = maxima.topk(min(k, maxima.shape[1]), dim=1, sorted=False).indices
        columns = blocks[:, :, None] * _BLOCK + torch.arange(_BLOCK, device=blocks.device)
        columns = columns.flatten(1)
        rows = torch.arange(n, device=blocks.device)[:, None]
        places = (columns // width * n_rows + rows) * width + columns % width
        top = self.values.view(-1)[places].topk(k, dim=1)
        return top.values, columns.gather(1, top.indices)


def _lengths(features: Tensor, name: str) -> Tensor:
    lengths: Tensor = features.norm(dim=1)
    if not bool(torch.isfinite(lengths).all()):
        raise ValueError(f"{name} has features that are not finite")
    if not bool((lengths > 0).all()):
        row = int((lengths == 0).nonzero()[0])
        raise ValueError(f"row {row} of {name} is 0: its cosine is undefined")
    return lengths
