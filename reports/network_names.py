"""Names under which analysis compares networks: `vit / dino / freeze_first_k 3 / cls / linear`."""

from collections.abc import Mapping
from typing import NamedTuple, Self

BETWEEN = " / "


class NetworkName(NamedTuple):
    """What such a name is made of; ``str`` gives the name.

    Examples
    --------
    >>> NetworkName.parsed("vit / dino / full / cls / linear").pooling
    'cls'
    """

    backbone: str
    pretraining: str
    treatment: str
    pooling: str
    head: str

    @classmethod
    def parsed(cls, name: str) -> Self:
        """Take a name apart; a backbone may hold what stands between the parts."""
        *backbone, pretraining, treatment, pooling, head = name.split(BETWEEN)
        return cls(BETWEEN.join(backbone), pretraining, treatment, pooling, head)

    @classmethod
    def of(cls, cell: Mapping[str, object]) -> Self:
        """Name the network of a cell: what ``analysis.dimensions.network_name`` makes of it.

        Examples
        --------
        >>> cell = {"backbone": "vit", "pretraining": "dino", "adaptation": "freeze_first_k"}
        >>> cell |= {"n_blocks": 3, "variant": "", "pooling": "cls", "head": "linear"}
        >>> str(NetworkName.of(cell))
        'vit / dino / freeze_first_k 3 / cls / linear'
        """
        blocks = "" if cell["n_blocks"] is None else f" {cell['n_blocks']}"
        variant = f", {cell['variant']}" if cell["variant"] else ""
        treatment = f"{cell['adaptation']}{blocks}{variant}"
        backbone, pretraining, pooling, head = (
            str(cell[name]) for name in ("backbone", "pretraining", "pooling", "head")
        )
        return cls(backbone, pretraining, treatment, pooling, head)

    def __str__(self) -> str:
        return BETWEEN.join(self)


def differ_in_one(first: str, second: str) -> bool:
    """Return whether two networks differ in one thing: the start, what was trained, or the head.

    Architecture and weights are one thing; where one network starts from random weights and the
    other does not, what was trained belongs to it. What a head reads and what it is are two.

    Examples
    --------
    >>> differ_in_one("vit / dino / full / cls / linear", "vit / random / scratch / cls / linear")
    True
    >>> differ_in_one("vit / dino / full / cls / linear", "vit / mae / linear / cls / linear")
    False
    >>> differ_in_one("vit / dino / full / cls / linear", "resnet / imagenet / full / cls / linear")
    True
    """
    one, other = NetworkName.parsed(first), NetworkName.parsed(second)
    n_different = (one.pooling != other.pooling) + (one.head != other.head)
    if (one.pretraining == "random") != (other.pretraining == "random"):
        return n_different == 0
    n_different += (one.backbone, one.pretraining) != (other.backbone, other.pretraining)
    return n_different + (one.treatment != other.treatment) == 1
