"""Rows of layers as they are compared: which of them belong together, where, and by which road."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from collect.measures.compare import Pairs, layer_pairs
from collect.measures.gram import plan
from collect.measures.large_layers import streams
from collect.probing.activations import Token
from collect.probing.reading import Layers

LINEAR_CKA = frozenset({"cka_linear", "cka_linear_debiased"})
# Numbers of a representation that is compared on the CPU wherever the network is: a GPU would wait
# for hundreds of launches, and for decompositions of small matrices, longer than it computes.
SMALL = 1 << 17


def by_positions(
    layers: Mapping[str, Tensor], unit: Tensor
) -> Iterator[tuple[list[str], Tensor | None]]:
    """Layers with as many rows per image, and the unit that each row belongs to if not its own.

    Parameters
    ----------
    layers : mapping of str to Tensor
        Rows in the order image, position.
    unit : Tensor of shape (n_images,)
        Of each image.

    Yields
    ------
    tuple of (list of str, Tensor of shape (n_rows,) or None)
        Names of layers, and the unit of each of their rows.
    """
    n_positions = {layer: len(rows) // len(unit) for layer, rows in layers.items()}
    n_units = len(torch.unique(unit))
    for n in sorted(set(n_positions.values()), reverse=True):
        groups = unit.repeat_interleave(n) if n_units < n * len(unit) else None
        yield [layer for layer in layers if n_positions[layer] == n], groups


def of_token(layers: Layers, token: Token) -> dict[str, Tensor]:
    """Activations of one token by layer, small ones on the CPU."""
    return {
        layer: rows.cpu() if rows.numel() <= SMALL else rows
        for (layer, kept), rows in layers.items()
        if kept == token
    }


def cka_path(x: Mapping[str, Tensor], y: Mapping[str, Tensor], pairs: Pairs) -> str:
    """In which space linear CKA of these layers is cheaper, and so computed, in words.

    Parameters
    ----------
    x, y : mapping of layer to Tensor of shape (n_rows, n_features)
        Layers of the network and of the reference, on the same rows.
    pairs : {"matching", "all"}
        Which are compared.

    Examples
    --------
    >>> wide, narrow = torch.zeros(50, 900), torch.zeros(50, 3)
    >>> cka_path({"a": wide, "b": narrow}, {"a": wide, "b": narrow}, "matching")
    'linear CKA of 1 pair of layers through features, 1 through rows (50 rows)'
    """
    n_rows = len(next(iter(x.values())))
    if pairs == "all":
        taken = Counter({_road(n_rows, list(x.values()), list(y.values())): len(x) * len(y)})
    else:
        taken = Counter(
            _road(n_rows, [x[a]], [y[b]]) for a, b in layer_pairs(list(x), list(y), pairs)
        )
    (first, n_pairs), *others = sorted(taken.items())
    words = [
        f"{n_pairs} pair{'s' if n_pairs > 1 else ''} of layers through {first}",
        *(f"{n} through {space}" for space, n in others),
    ]
    return f"linear CKA of {', '.join(words)} ({n_rows} rows)"


def _road(n_rows: int, x: Sequence[Tensor], y: Sequence[Tensor]) -> str:
    if streams(n_rows, x, y):
        return "features, in chunks"
    return plan(n_rows, *([rows.shape[1] for rows in layers] for layers in (x, y))).space
