"""Linear CKA of layers that are too large to copy: exact, chunk by chunk, through features."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from collect.measures.cka import alignments
from collect.measures.gram import CentredLayer, centred_layer, plan
from collect.measures.null_terms import NullTerms, null_terms
from collect.measures.representation import representation
from collect.measures.streaming import StreamingCka

LARGE = 1 << 26  # bytes
CHUNK_ROWS = 4096


@dataclass(frozen=True)
class LargeLayer:
    """A layer that stays where it is, in a file perhaps, and is compared chunk by chunk.

    Attributes
    ----------
    features : Tensor of shape (n_rows, n_features)
        Checked, as they came.
    """

    features: Tensor


def is_large(x: Tensor) -> bool:
    """Whether a layer is too large to be copied lightly: more than 64 MB."""
    return x.numel() * x.element_size() > LARGE


def comparable_layer(x: Tensor, name: str = "x") -> CentredLayer | LargeLayer:
    """Check one layer; centre it, unless it is large."""
    return LargeLayer(representation(x, name)) if is_large(x) else centred_layer(x, name)


def centred(layer: CentredLayer | LargeLayer) -> CentredLayer:
    """Copy a large layer, centred; the others are."""
    return layer if isinstance(layer, CentredLayer) else centred_layer(layer.features)


def reordered(layer: CentredLayer | LargeLayer, order: Tensor) -> CentredLayer:
    """Take the rows in another order."""
    return centred(layer).reordered(order)


def streams(n_rows: int, x: Sequence[Tensor], y: Sequence[Tensor]) -> bool:
    """Whether layers are compared chunk by chunk: one is large, and features are the cheaper road.

    Where rows are cheaper there are few of them for their features, and copies are made.
    """
    widths = [[each.shape[1] for each in layers] for layers in (x, y)]
    return any(is_large(each) for each in (*x, *y)) and plan(n_rows, *widths).space == "features"


def streamed_alignments(
    x: Sequence[CentredLayer | LargeLayer],
    y: Sequence[CentredLayer | LargeLayer],
    *,
    debiased: bool,
) -> Tensor:
    """Compute :func:`~collect.measures.cka.alignments`, of large layers chunk by chunk.

    Parameters
    ----------
    x, y : sequence of CentredLayer or LargeLayer
        Layers on the *same inputs in the same order*.
    debiased : bool
        Which estimator.

    Returns
    -------
    Tensor of shape (len(x), len(y))
        float64 on the CPU.

    Raises
    ------
    ValueError
        If the HSIC of a layer with itself is not positive.
    """
    features = [[layer.features for layer in layers] for layers in (x, y)]
    n_rows = len(features[0][0])
    if not streams(n_rows, *features):
        return alignments([centred(a) for a in x], [centred(b) for b in y], debiased=debiased)
    stream = StreamingCka()
    for start in range(0, n_rows, CHUNK_ROWS):
        rows = slice(start, start + CHUNK_ROWS)
        stream.update(*({str(i): a[rows] for i, a in enumerate(layers)} for layers in features))
    return stream.values(debiased=debiased)


def streamed_alignment(
    x: CentredLayer | LargeLayer, y: CentredLayer | LargeLayer, *, debiased: bool
) -> float:
    """Compute :func:`streamed_alignments` of one pair."""
    return float(streamed_alignments([x], [y], debiased=debiased))


def null_terms_of(layer: CentredLayer | LargeLayer, *, debiased: bool) -> NullTerms:
    """Take :func:`~collect.measures.null_terms.null_terms`, of a large layer by a passing copy."""
    return null_terms(centred(layer), debiased=debiased)
