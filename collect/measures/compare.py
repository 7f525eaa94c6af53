"""Layers of two networks compared: per-layer work is done once, however many pairs there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from collect.measures.null import NullDistribution, pairing_null
from collect.measures.registry import MEASURES
from collect.measures.representation import paired_representations, units
from collect.measures.spectrum import spectrum

Pairs = Literal["matching", "all"]


@dataclass(frozen=True)
class Comparison:
    """One measure of one pair of layers, with what is needed to read it.

    Attributes
    ----------
    layer, reference_layer : str
        Layer of the network and of the reference.
    measure : str
        Name in :data:`~collect.measures.registry.MEASURES`.
    value : float
        Never rounded, never clamped.
    null_mean, null_sd, null_p_value : float or None
        Mean and standard deviation of the value when the units are paired at random, and the
        probability of a value at least as similar; None when it was not asked for.
    ci_low, ci_high : float or None
        95 % interval over units; None when it was not asked for.
    n_images : int
        Sampling units: images, or patients when ``groups`` says so.
    n_rows, n_features, n_features_reference : int
        Shapes of the compared matrices.
    effective_rank, top_component_share : float
        Of ``layer``, see :func:`~collect.measures.spectrum.spectrum`.
    """

    layer: str
    reference_layer: str
    measure: str
    value: float
    null_mean: float | None
    null_sd: float | None
    null_p_value: float | None
    ci_low: float | None
    ci_high: float | None
    n_images: int
    n_rows: int
    n_features: int
    n_features_reference: int
    effective_rank: float
    top_component_share: float


def compare(
    x: Mapping[str, Tensor],
    y: Mapping[str, Tensor],
    *,
    measures: Sequence[str],
    pairs: Pairs = "matching",
    groups: Tensor | None = None,
    null: bool = True,
) -> list[Comparison]:
    """Compare the layers of a network with those of a reference.

    Parameters
    ----------
    x, y : mapping of layer to Tensor of shape (n_rows, n_features)
        Activations of the network and of the reference on the *same inputs in the same order*.
    measures : sequence of str
        Names in :data:`~collect.measures.registry.MEASURES`.
    pairs : {'matching', 'all'}
        Layers of the same name, or every layer of ``x`` with every layer of ``y``.
    groups : Tensor of shape (n_rows,), optional
        Image or patient that each row belongs to, when a unit has several rows.
    null : bool
        Whether to compute the distribution under random pairing of units.

    Returns
    -------
    list of Comparison
        In the order of measures, layers of ``x``, layers of ``y``.

    Raises
    ------
    ValueError
        If a measure is unknown, a layer of ``x`` has no partner, or a value is undefined; the
        message names the layer and the reason.
    """
    for name in measures:
        if name not in MEASURES:
            raise ValueError(f"unknown measure {name!r}: known are {', '.join(sorted(MEASURES))}")
    chosen = layer_pairs(list(x), list(y), pairs)
    for layer, reference_layer in chosen:
        paired_representations(
            x[layer], y[reference_layer], (f"layer {layer}", f"reference layer {reference_layer}")
        )
    spectra = {layer: spectrum(x[layer], f"layer {layer}") for layer in dict(chosen)}
    found = []
    for name in measures:
        values, nulls = _values_and_nulls(name, x, y, chosen, null=null and groups is None)
        for (layer, reference_layer), value, law in zip(chosen, values, nulls, strict=True):
            n_rows, n_features = x[layer].shape
            found.append(
                Comparison(
                    layer=layer,
                    reference_layer=reference_layer,
                    measure=name,
                    value=value,
                    null_mean=law.mean if law else None,
                    null_sd=law.sd if law else None,
                    null_p_value=law.p_value(value) if law else None,
                    ci_low=None,
                    ci_high=None,
                    n_images=units(n_rows, groups)[1],
                    n_rows=n_rows,
                    n_features=n_features,
                    n_features_reference=y[reference_layer].shape[1],
                    effective_rank=spectra[layer].effective_rank,
                    top_component_share=spectra[layer].top_component_share,
                )
            )
    return found


def layer_pairs(x: Sequence[str], y: Sequence[str], pairs: Pairs) -> list[tuple[str, str]]:
    """Pairs of layers to compare, in the order of ``x``, then ``y``.

    Raises
    ------
    ValueError
        If there is no layer, or a layer of ``x`` has no partner of its name in ``y``.
    """
    if not x or not y:
        raise ValueError("no layers to compare")
    if pairs == "all":
        return [(layer, reference_layer) for layer in x for reference_layer in y]
    missing = [layer for layer in x if layer not in y]
    if missing:
        raise ValueError(f"the reference has no layer {', '.join(missing)}; it has {', '.join(y)}")
    return [(layer, layer) for layer in x]


def _values_and_nulls(
    name: str,
    x: Mapping[str, Tensor],
    y: Mapping[str, Tensor],
    pairs: list[tuple[str, str]],
    *,
    null: bool,
) -> tuple[list[float], list[NullDistribution | None]]:
    measure = MEASURES[name]
    ours = {a: measure.prepare(x[a], f"layer {a}") for a in dict(pairs)}
    theirs = {b: measure.prepare(y[b], f"reference layer {b}") for b in {b: a for a, b in pairs}}
    values = []
    for a, b in pairs:
        try:
            values.append(measure.combine(ours[a], theirs[b]))
        except ValueError as error:
            raise ValueError(f"{name} of layer {a} and reference layer {b}: {error}") from error
    if not null or measure.null_terms is None:
        return values, [None] * len(values)
    terms_x = {a: measure.null_terms(prepared) for a, prepared in ours.items()}
    terms_y = {b: measure.null_terms(prepared) for b, prepared in theirs.items()}
    return values, [pairing_null(terms_x[a], terms_y[b]) for a, b in pairs]
