"""What the exact null distribution of linear CKA needs of one layer, a block of rows at a time."""

from dataclasses import dataclass

import torch
from torch import Tensor

from collect.measures.gram import CentredLayer

MINIMUM_UNITS = 6
_BLOCK_ROWS = 256


@dataclass(frozen=True)
class NullTerms:
    """Sums over the centred Gram matrix A of one layer and over A', which is A made traceless.

    Attributes
    ----------
    n_rows : int
        Rows that are permuted.
    norm, trace : float
        Frobenius norm and trace of A.
    squares : float
        Sum of squares of A'.
    trace_of_cube : float
        Trace of A' A' A'.
    cubes : float
        Sum of cubes of the entries of A'.
    diagonal_squares, diagonal_cubes : float
        Sums over the diagonal d of A'.
    diagonal_form : float
        ``d' A' d``.
    diagonal_row_squares : float
        Sum over rows of d times the row's sum of squares.
    """

    n_rows: int
    norm: float
    trace: float
    squares: float
    trace_of_cube: float
    cubes: float
    diagonal_squares: float = 0.0
    diagonal_cubes: float = 0.0
    diagonal_form: float = 0.0
    diagonal_row_squares: float = 0.0


def null_terms(layer: CentredLayer, *, debiased: bool) -> NullTerms:
    """Terms of one layer.

    Parameters
    ----------
    layer : CentredLayer
        From :func:`~collect.measures.gram.centred_layer`.
    debiased : bool
        Whether A is U-centred, as debiased CKA has it, or double-centred.

    Returns
    -------
    NullTerms
        Costs half a Gram matrix in the dtype of the features and ``O(n_features**3)``; sums are
        float64, and no n x n matrix is held.

    Raises
    ------
    ValueError
        If there are fewer than 6 rows: the third moment is undefined.
    """
    if len(layer.features) < MINIMUM_UNITS:
        raise ValueError(
            f"{len(layer.features)} rows: moments under random pairing need {MINIMUM_UNITS}"
        )
    return _u_centred_terms(layer) if debiased else _double_centred_terms(layer)


def _double_centred_terms(layer: CentredLayer) -> NullTerms:
    # A = K, and A' = K - c H with the centring matrix H = I - 1 1' / n and K H = K.
    k, n = layer.squared_norms, len(layer.features)
    trace = float(k.sum())
    c = trace / (n - 1)
    d = k - c + c / n
    zeros = torch.zeros_like(k)
    rows, cubes = _row_squares_and_cubes(layer.features, zeros, c / n)
    rows = rows + d.square()
    square, cube = _traces_of_powers(layer.features)
    return NullTerms(
        n_rows=n,
        norm=square**0.5,
        trace=trace,
        squares=float(rows.sum()),
        trace_of_cube=cube - 3 * c * square + 3 * c**2 * trace - (n - 1) * c**3,
        cubes=cubes + float(d.pow(3).sum()),
        diagonal_squares=float(d @ d),
        diagonal_cubes=float(d.pow(3).sum()),
        diagonal_form=float((layer.features.double().T @ d).square().sum())
        - c * float(d @ d - d.sum().square() / n),
        diagonal_row_squares=float(d @ rows),
    )


def _u_centred_terms(layer: CentredLayer) -> NullTerms:
    # A = A' = M - diag(M) with M = K + (k 1' + 1 k') / (n - 2) - s 1 1'.
    k, n = layer.squared_norms, len(layer.features)
    s = float(k.sum()) / ((n - 1) * (n - 2))
    rows, cubes = _row_squares_and_cubes(layer.features, k / (n - 2), -s)
    d = k + 2 * k / (n - 2) - s
    features = layer.features
    p = features.shape[1]
    border = torch.stack([k, torch.ones_like(k)], dim=1)
    corner = features.double().T @ border
    link = torch.eye(p + 2, dtype=torch.float64, device=k.device)
    link[p:, p:] = torch.tensor([[0, 1 / (n - 2)], [1 / (n - 2), -s]], dtype=torch.float64)
    inner = torch.cat(
        [
            torch.cat([(features.T @ features).double(), corner], dim=1),
            torch.cat([corner.T, border.T @ border], dim=1),
        ]
    )
    product = inner @ link
    cube_of_m = float(((product @ product).T * product).sum())
    with_diagonal = rows + d.square()
    return NullTerms(
        n_rows=n,
        norm=float(rows.sum().sqrt()),
        trace=0.0,
        squares=float(rows.sum()),
        trace_of_cube=cube_of_m - 3 * float(d @ with_diagonal) + 2 * float(d.pow(3).sum()),
        cubes=cubes,
    )


def _row_squares_and_cubes(features: Tensor, margin: Tensor, shift: float) -> tuple[Tensor, float]:
    """Row sums of squares, and sum of cubes, of ``K_ij + margin_i + margin_j + shift``, i != j."""
    n = len(features)
    margin = margin.to(features.dtype)
    squares = torch.zeros(n, dtype=torch.float64, device=features.device)
    cubes = 0.0
    for start in range(0, n, _BLOCK_ROWS):
        stop = min(start + _BLOCK_ROWS, n)
        block = torch.mm(features[start:stop], features[start:].T)
        block += margin[start:stop, None] + (margin[None, start:] + shift)
        inside = block[:, : stop - start]
        inside.copy_(inside.triu(1))  # the lower triangle is counted by symmetry
        squared = block.square()
        squares[start:stop] += squared.sum(dim=1, dtype=torch.float64)
        squares[start:] += squared.sum(dim=0, dtype=torch.float64)
        cubes += 2 * float((squared * block).sum(dtype=torch.float64))
    return squares, cubes


def _traces_of_powers(features: Tensor) -> tuple[float, float]:
    """Traces of the square and of the cube of the Gram matrix, through its smaller twin."""
    is_tall = features.shape[1] < len(features)
    small = features.T @ features if is_tall else features @ features.T
    small = small.double()
    return float(small.square().sum()), float(((small @ small) * small).sum())
