"""What is read from a network at an epoch: predictions, neighbours' votes, similarities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from collect.backbones.architecture import Layer
from collect.configuration.probing_section import ProbingConfig
from collect.data.run_data import Part, RunData
from collect.measures.compare import Comparison, defined_comparisons
from collect.measures.inference import Inference
from collect.measures.representation import MINIMUM_ROWS
from collect.networks.heads import Network, poolings, require_pooling
from collect.probing.activations import Token, chosen_layers
from collect.probing.layer_rows import LINEAR_CKA, by_positions, cka_path, of_token
from collect.probing.measure_names import require_measures
from collect.probing.reading import Layers, Reading, joined, read, with_head
from collect.probing.units import Unit, unit_of, unit_of_image
from warehouse.errors import CollectError

PART_OF = {"target": "test", "source": "source"}


@dataclass(frozen=True)
class Similarity:
    """A comparison with where it was taken, and of which units (images, or groups)."""

    probe: str
    token: str
    reference: str
    unit: Unit
    comparison: Comparison


@dataclass(frozen=True)
class Observation:
    """What one epoch showed.

    Parameters
    ----------
    readings : mapping of str to Reading
        ``validation`` and ``test``; when the epoch is probed also ``source`` (the queries) and
        ``bank``, and then ``test`` has layers for its first ``n_target`` images.
    similarities : sequence of Similarity
        To each reference; empty when the epoch is not probed.
    """

    readings: Mapping[str, Reading]
    similarities: Sequence[Similarity] = ()


class Observer:
    """Reads a network on fixed images and compares it with its references.

    Parameters
    ----------
    data : RunData
        The images.
    probing : ProbingConfig
        Layers, tokens, measures, probes.
    network : Network
        The network at epoch 0.
    channels_last : bool, default True
        Memory layout of the inputs.

    Attributes
    ----------
    left_out : dict of str to None
        One line, once, per value that is undefined on these images, with the reason.
    paths : dict of str to None
        One line, once, per set of layers: in which space linear CKA was computed.

    Raises
    ------
    CollectError
        If a layer, token or measure is asked for that does not exist, or the images of a probe are
        of fewer than four groups.
    """

    def __init__(
        self, data: RunData, probing: ProbingConfig, network: Network, *, channels_last: bool = True
    ) -> None:
        self.data = data
        self.probing = probing
        self.channels_last = channels_last
        self.layers = chosen_layers(network.description, probing.layers)
        self.left_out: dict[str, None] = {}
        self.paths: dict[str, None] = {}
        self._references: dict[str, Mapping[str, Reading]] = {}
        self._start = Observation({})
        self._resampling = Inference(
            n_permutations=probing.n_permutations,
            n_blocks=probing.n_blocks,
            n_simulations=probing.n_simulations,
            trimmed=probing.trimmed,
        )
        require_measures(probing.measures)
        for token in self.probing.tokens:
            if token != "spatial":
                require_pooling(network.description, token)
        for probe in self.probes:
            self._require_units(probe)

    def _require_units(self, probe: str) -> None:
        """Refuse a probe of so few groups that no similarity counts them as units."""
        n_groups = len(set(self._groups(probe) or ()))
        if self.probing.measures and 0 < n_groups < MINIMUM_ROWS:
            raise CollectError(
                f"the {probe} probe has images of {n_groups} patients or groups, and similarities "
                f"need {MINIMUM_ROWS}: take more images (probing.n_{probe}) or larger folds, or "
                'count images as independent (probing.unit = "image")'
            )

    @property
    def probes(self) -> tuple[str, ...]:
        """Probes on which similarities are taken, as far as there are images for them."""
        return tuple(
            name for name in self.probing.probes if name == "target" or self.data.source is not None
        )

    def begin(self, network: Network, random: Network | None = None) -> Observation:
        """Read the network before its first step; later observations are compared with this.

        Parameters
        ----------
        network : Network
            At epoch 0.
        random : Network, optional
            The same architecture with random weights, when ``references`` asks for it.
        """
        if random is not None:
            self._references["random"] = self._readings(random)
        readings = self._readings(network)
        if "pretrained" in self.probing.references:
            self._references["pretrained"] = readings
        self._start = Observation(readings, self._similarities_now(readings))
        return self._start

    def read_train(self, network: Network) -> tuple[Part, Reading]:
        """Read a part of the training images as they are, without augmentation."""
        part = self.data.train_sample(self.probing.n_known)
        return part, self._reading(network, part.images)

    def evaluate(self, network: Network, *, probed: bool, frozen: bool = False) -> Observation:
        """Read the validation and test images now.

        Parameters
        ----------
        network : Network
            Left in evaluation mode.
        probed : bool
            Whether the layers of the target probe are wanted too; it is the same forward pass.
        frozen : bool, default False
            Promise that the backbone is what it was at the beginning: its features are not computed
            again, only the head's output. The same numbers, for the price of the head.
        """
        if frozen and not network.takes_patches:
            parts = {
                name: with_head(network, self._start.readings[name])
                for name in ("validation", "test")
            }
            return Observation(parts)
        return Observation(self._target_readings(network, probed=probed))

    def probe(
        self, network: Network, observation: Observation, *, frozen: bool = False
    ) -> Observation:
        """Add the source images and the similarities to an observation that has the layers."""
        if frozen and not network.takes_patches:
            return replace(self._start, readings={**self._start.readings, **observation.readings})
        readings = {**observation.readings, **self._source_readings(network)}
        return Observation(readings, self._similarities_now(readings))

    @property
    def resamples_selected(self) -> bool:
        """Whether :meth:`resampled` adds anything to what is known of the epoch already."""
        asked = self._resampling.n_permutations or self._resampling.n_blocks
        return bool(asked) and self.probing.resampled == "selected"

    def resampled(self, kept: Mapping[str, Layers]) -> list[Similarity]:
        """Similarities of kept layers with what takes permutations or leaving out blocks.

        Parameters
        ----------
        kept : mapping of str to dict
            Activations by probe, as :class:`Reading` has them.
        """
        device = self.data.test.images.device  # what was restored comes from the CPU
        layers = {
            probe: {key: rows.to(device) for key, rows in found.items()}
            for probe, found in kept.items()
        }
        return self._similarities(layers, self._resampling)

    def _readings(self, network: Network) -> dict[str, Reading]:
        return {
            **self._target_readings(network, probed=True),
            **self._source_readings(network),
        }

    def _target_readings(self, network: Network, *, probed: bool) -> dict[str, Reading]:
        data = self.data
        layers = self.layers if probed else ()
        return {
            "validation": self._reading(network, data.validation.images),
            "test": self._probe_first(network, data.test.images, data.n_target, layers),
        }

    def _source_readings(self, network: Network) -> dict[str, Reading]:
        source = self.data.source
        if source is None:
            return {}
        return {
            "source": self._probe_first(
                network, source.queries.images, source.n_probe, self.layers
            ),
            "bank": self._reading(network, source.bank.images),
        }

    def _probe_first(
        self, network: Network, images: Tensor, n_probe: int, layers: tuple[Layer, ...]
    ) -> Reading:
        """Read images, layers of the first ``n_probe`` only."""
        probe = self._reading(network, images[:n_probe], layers)
        if n_probe == len(images):
            return probe
        rest = self._reading(network, images[n_probe:])
        return replace(joined([probe, rest]), layers=probe.layers)

    def _reading(self, network: Network, images: Tensor, layers: tuple[Layer, ...] = ()) -> Reading:
        return read(
            network,
            images,
            layers=layers,
            tokens=self.probing.tokens,
            channels_last=self.channels_last,
        )

    def _similarities_now(self, readings: Mapping[str, Reading]) -> list[Similarity]:
        layers = {probe: readings[PART_OF[probe]].layers for probe in self.probes}
        every_time = self.probing.resampled == "probed"
        return self._similarities(layers, self._resampling if every_time else Inference())

    def _similarities(self, layers: Mapping[str, Layers], inference: Inference) -> list[Similarity]:
        return [
            Similarity(probe, token, reference, unit_of(self._groups(probe)), comparison)
            for reference, start in self._references.items()
            for probe in self.probes
            for token in self.probing.tokens
            for comparison in self._comparisons(
                (probe, token), layers[probe], start[PART_OF[probe]].layers, inference
            )
        ]

    def _comparisons(
        self, probe_and_token: tuple[str, Token], now: Layers, start: Layers, inference: Inference
    ) -> list[Comparison]:
        probe, token = probe_and_token
        x, y = of_token(now, token), of_token(start, token)
        found: list[Comparison] = []
        for layers, groups in by_positions(x, self._unit_of_image(probe)):
            self.paths |= dict.fromkeys(
                self._paths(f"{probe} probe, {token}", x, y, layers, groups)
            )
            defined, undefined = defined_comparisons(
                {layer: x[layer] for layer in layers},
                y,
                measures=self.probing.measures,
                pairs=self.probing.pairs,
                groups=groups,
                inference=inference,
            )
            found += defined
            self.left_out |= dict.fromkeys(f"{probe} probe, {token}: {line}" for line in undefined)
        return found

    def _paths(
        self,
        where: str,
        x: Mapping[str, Tensor],
        y: Mapping[str, Tensor],
        layers: Sequence[str],
        groups: Tensor | None,
    ) -> list[str]:
        if groups is not None or not LINEAR_CKA & set(self.probing.measures):
            return []
        path = cka_path({layer: x[layer] for layer in layers}, y, self.probing.pairs)
        return [f"{where}: {path}"]

    def _unit_of_image(self, probe: str) -> Tensor:
        return unit_of_image(self._groups(probe), len(self.data.probe_ids(probe)))

    def _groups(self, probe: str) -> tuple[str, ...] | None:
        return self.data.probe_groups(probe) if self.probing.unit == "group" else None


def knn_tokens(network: Network, probing: ProbingConfig) -> tuple[str, ...]:
    """Poolings whose features are judged by their neighbours: the head's own, and those probed."""
    asked = (network.pooling, *probing.tokens)
    return tuple(name for name in poolings(network.description) if name in asked)
