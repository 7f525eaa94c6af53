"""Layers of two networks compared: per-layer work is done once, however many pairs there are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Literal

from torch import Tensor

from collect.measures.effective_rows import intraclass_correlation, rows_worth
from collect.measures.inference import Inference, Inferred, infer
from collect.measures.registry import MEASURES
from collect.measures.representation import paired_representations, units
from collect.measures.similarity_measure import SimilarityMeasure
from collect.measures.spectrum import Spectrum, spectrum

Pairs = Literal["matching", "all"]
DEFAULT = Inference()


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
        probability of a value at least as similar; None where it was not computed.
    ci_low, ci_high : float or None
        95 % interval over units; None where it was not computed.
    ci_variance_ratio : float or None
        What the squared standard error behind the interval was divided by, see
        :func:`~collect.measures.jackknife_bias.correction`: 1 where it was left as it is, None
        without an interval.
    n_images : int
        Sampling units: images, or patients when ``groups`` says so; of a measure that takes some
        rows only, those behind one draw.
    n_rows, n_features, n_features_reference : int
        Shapes of the compared matrices, rows as n_images.
    n_effective : float
        Independent rows that these rows of ``layer`` are worth, see
        :func:`~collect.measures.effective_rows.effective_rows`; ``n_rows`` without groups.
    top_image_influence : float or None
        Largest change of the value when one unit is left out; None where no shortcut gives it.
    trimmed_value : float or None
        The value without the units farthest from the mean; None where it was not computed.
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
    ci_variance_ratio: float | None
    n_images: int
    n_rows: int
    n_features: int
    n_features_reference: int
    n_effective: float
    top_image_influence: float | None
    trimmed_value: float | None
    effective_rank: float
    top_component_share: float


def compare(
    x: Mapping[str, Tensor],
    y: Mapping[str, Tensor],
    *,
    measures: Sequence[str],
    pairs: Pairs = "matching",
    groups: Tensor | None = None,
    inference: Inference = DEFAULT,
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
        Image or patient that each row belongs to, when a unit has several rows. The debiased CKA
        then takes rows of different units only.
    inference : Inference
        What to say about chance: by default whatever has a closed form.

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
    found, undefined = defined_comparisons(
        x, y, measures=measures, pairs=pairs, groups=groups, inference=inference
    )
    if undefined:
        raise ValueError(undefined[0])
    return found


def defined_comparisons(
    x: Mapping[str, Tensor],
    y: Mapping[str, Tensor],
    *,
    measures: Sequence[str],
    pairs: Pairs = "matching",
    groups: Tensor | None = None,
    inference: Inference = DEFAULT,
) -> tuple[list[Comparison], list[str]]:
    """Compare as :func:`compare` does, but leave out what is undefined, and say what and why.

    Returns
    -------
    tuple of (list of Comparison, list of str)
        What is defined, and one line for each layer or pair that is not.

    Raises
    ------
    ValueError
        If a measure is unknown or a layer of ``x`` has no partner.
    """
    for name in measures:
        if name not in MEASURES:
            raise ValueError(f"unknown measure {name!r}: known are {', '.join(sorted(MEASURES))}")
    chosen = layer_pairs(list(x), list(y), pairs)
    undefined: dict[str, None] = {}
    sound = []
    for a, b in chosen:
        try:
            paired_representations(x[a], y[b], (f"layer {a}", f"reference layer {b}"))
            sound.append((a, b))
        except ValueError as error:
            undefined[str(error)] = None
    spectra = {
        a: (spectrum(x[a], f"layer {a}"), intraclass_correlation(x[a], groups, f"layer {a}"))
        for a in dict(sound)
    }
    found = []
    for name in measures:
        inferred, problems = infer(MEASURES[name], x, y, sound, groups, inference)
        undefined |= dict.fromkeys(problems)
        sizes_of = cache(partial(_unit_sizes, MEASURES[name], groups))
        found += [
            _comparison(name, a, b, x[a], y[b], sizes_of(len(x[a])), spectra[a], inferred[a, b])
            for a, b in sound
            if (a, b) in inferred
        ]
    return found, list(undefined)


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


def _unit_sizes(measure: SimilarityMeasure, groups: Tensor | None, n_rows: int) -> Tensor:
    """Rows of each unit that the measure takes."""
    unit = units(n_rows, groups)[0]
    if measure.rows_taken:
        unit = unit[measure.rows_taken(n_rows, groups).to(unit.device)]
    sizes = unit.bincount()
    return sizes[sizes > 0]


def _comparison(  # noqa: PLR0913 -- brings together what belongs to one row
    measure: str,
    layer: str,
    reference_layer: str,
    x: Tensor,
    y: Tensor,
    sizes: Tensor,
    worth: tuple[Spectrum, float],
    inferred: Inferred,
) -> Comparison:
    shape, correlation = worth
    return Comparison(
        layer=layer,
        reference_layer=reference_layer,
        measure=measure,
        value=inferred.value,
        null_mean=inferred.null_mean,
        null_sd=inferred.null_sd,
        null_p_value=inferred.null_p_value,
        ci_low=inferred.ci_low,
        ci_high=inferred.ci_high,
        ci_variance_ratio=inferred.ci_variance_ratio,
        n_images=len(sizes),
        n_rows=int(sizes.sum()),
        n_features=x.shape[1],
        n_features_reference=y.shape[1],
        n_effective=rows_worth(sizes, correlation),
        top_image_influence=inferred.top_image_influence,
        trimmed_value=inferred.trimmed_value,
        effective_rank=shape.effective_rank,
        top_component_share=shape.top_component_share,
    )
