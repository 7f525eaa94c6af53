"""The images of one run: target split into three parts, and the source's bank and queries."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from collect.backbones.architecture import InputSpec
from collect.configuration.sections import DatasetConfig, SourceConfig
from collect.configuration.study import RunConfig
from collect.data.images import ImageSet
from collect.data.inputs import image_tensor
from collect.data.sampling import stratified_sample
from collect.data.source_probe import source_positions
from collect.data.splits import Indices, Split, split_of
from collect.datasets.load import load
from warehouse.errors import CollectError


@dataclass(frozen=True)
class Part:
    """Labelled images of one role, ready for a network.

    Parameters
    ----------
    images : Tensor of shape (n, 1 or 3, height, width)
        uint8, on the device.
    labels : Tensor of shape (n,) or (n, n_labels)
        int64, on the device.
    sample_ids : tuple of str
        In the order of the rows.
    groups : tuple of str or None
        Patients or other groups, likewise.
    """

    images: Tensor
    labels: Tensor
    sample_ids: tuple[str, ...]
    groups: tuple[str, ...] | None

    def __len__(self) -> int:
        return len(self.sample_ids)


@dataclass(frozen=True)
class Source:
    """Natural images: a bank with known labels, and queries that are classified by it.

    The first ``n_probe`` queries are the source probe, on which similarities are taken.
    """

    bank: Part
    queries: Part
    n_probe: int
    n_classes: int
    task: str


@dataclass(frozen=True)
class RunData:
    """Everything that a run looks at.

    Parameters
    ----------
    train, validation, test : Part
        Of the target; the first ``n_target`` images of ``test`` are the target probe.
    n_target : int
        Images of the target probe.
    source : Source or None
        Natural images.
    target : ImageSet
        The dataset they come from.
    split : Split
        How it was split.
    probe_hash : str
        SHA-256 of the probe images in their order.
    """

    train: Part
    validation: Part
    test: Part
    n_target: int
    source: Source | None
    target: ImageSet
    split: Split
    probe_hash: str

    def train_sample(self, n: int) -> Part:
        """Choose ``n`` training images, stratified by class, or all if there are fewer."""
        chosen = stratified_sample(self.target, self.split.train, n)
        rows = np.flatnonzero(np.isin(self.split.train, chosen))
        part, at = self.train, torch.from_numpy(rows).to(self.train.images.device)
        return Part(
            part.images[at],
            part.labels[at],
            tuple(part.sample_ids[row] for row in rows),
            None if part.groups is None else tuple(part.groups[row] for row in rows),
        )

    @property
    def n_evaluated(self) -> int:
        """Images on which the head is scored."""
        return len(self.validation) + len(self.test)

    def probe_ids(self, probe: str) -> tuple[str, ...]:
        """Sample ids of the images of the probe ``target`` or ``source``, in their order."""
        if probe == "target":
            return self.test.sample_ids[: self.n_target]
        source = self.source
        return () if source is None else source.queries.sample_ids[: source.n_probe]

    def probe_groups(self, probe: str) -> tuple[str, ...] | None:
        """Patients or other groups of the images of a probe; None where the data name none."""
        part, n_images = self.test, self.n_target
        if probe == "source":
            if self.source is None:
                return None
            part, n_images = self.source.queries, self.source.n_probe
        return None if part.groups is None else part.groups[:n_images]

    @property
    def n_source(self) -> int:
        """Images of the source, bank and queries."""
        return 0 if self.source is None else len(self.source.bank) + len(self.source.queries)


def run_data(config: RunConfig, spec: InputSpec, device: torch.device) -> RunData:
    """Read the images of a run.

    Parameters
    ----------
    config : RunConfig
        Dataset, fold, source.
    spec : InputSpec
        Size to which images of varying sizes are decoded.
    device : torch.device
        Where the images go.

    Returns
    -------
    RunData
        The target probe is stratified by class and comes first among the test images; the source
        probe likewise among the queries.

    Raises
    ------
    CollectError
        If the images are not those that the run was planned with.
    StudyError
        If a dataset cannot be read or split.
    """
    target = _loaded(config.dataset)
    if target.content_hash != config.data_hash:
        raise CollectError(
            f"{config.dataset.path or config.dataset.name}: the images are not those that the run "
            f"was planned with (SHA-256 {target.content_hash[:12]}..., planned "
            f"{config.data_hash[:12]}...)"
        )
    split = split_of(target, config.dataset, fold=config.fold, n_folds=config.n_folds)
    probe = stratified_sample(target, split.test, config.probing.n_target)
    test = _probe_first(probe, split.test)
    wanted = None if config.source is None else (config.source, config.probing.n_source)
    return RunData(
        train=_part(target.take(split.train), spec, device),
        validation=_part(target.take(split.validation), spec, device),
        test=_part(target.take(test), spec, device),
        n_target=len(probe),
        source=None if wanted is None else _source(*wanted, spec, device),
        target=target,
        split=split,
        probe_hash=_probe_hash(
            target.take(probe), *(() if wanted is None else _source_sets(*wanted))
        ),
    )


@lru_cache(maxsize=4)
def _loaded(config: DatasetConfig) -> ImageSet:
    """Read a dataset once per process, however many runs use it."""
    return load(config)


@lru_cache(maxsize=2)
def _source_sets(config: SourceConfig, n_probe: int | None) -> tuple[ImageSet, ImageSet]:
    """Bank and queries; the queries of the probe come first."""
    images = _loaded(config)
    bank, queries = source_positions(images, n_bank=config.n_bank, n_queries=config.n_queries)
    probe = stratified_sample(images, queries, n_probe or len(queries))
    return images.take(bank), images.take(_probe_first(probe, queries))


@lru_cache(maxsize=1)
def _source(
    config: SourceConfig, n_probe: int | None, spec: InputSpec, device: torch.device
) -> Source:
    """Decode the source once per process and size, however many runs look at it."""
    bank, queries = _source_sets(config, n_probe)
    return Source(
        bank=_part(bank, spec, device),
        queries=_part(queries, spec, device),
        n_probe=min(n_probe or len(queries), len(queries)),
        n_classes=bank.n_classes,
        task=bank.task,
    )


def _part(images: ImageSet, spec: InputSpec, device: torch.device) -> Part:
    return Part(
        image_tensor(images.images, spec).to(device),
        torch.from_numpy(np.array(images.labels)).to(device),
        images.sample_ids,
        None if images.groups is None else tuple(str(group) for group in images.groups),
    )


def _probe_first(probe: Indices, positions: Indices) -> Indices:
    return np.concatenate([probe, np.setdiff1d(positions, probe)])


def _probe_hash(*probes: ImageSet) -> str:
    hashes = [probe.content_hash for probe in probes]
    return hashlib.sha256(" ".join(hashes).encode()).hexdigest()
