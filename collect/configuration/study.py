"""A study: a TOML file that spans a grid of runs, and the configuration of one run."""

import hashlib
import json
import tomllib
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from collect.configuration.errors import one_line
from collect.configuration.probing_section import ProbingConfig
from collect.configuration.sections import (
    WITH_BLOCKS,
    Adaptation,
    Count,
    DatasetConfig,
    Head,
    NetworkConfig,
    Pooling,
    Section,
    SourceConfig,
    TrainingConfig,
)
from warehouse.errors import StudyError, reason


class RunConfig(Section):
    """One fine-tuning, completely described.

    ``run_id`` hashes what decides the trained weights and the held-out predictions. Where the
    files lie, which study asks, and what is probed on the way are not part of it.
    """

    study: str
    dataset: DatasetConfig
    data_hash: str = ""
    source: SourceConfig | None = None
    backbone: str
    pretraining: str
    adaptation: Adaptation
    n_blocks: Count | None = None
    pooling: Pooling = "mean"
    head: Head = "linear"
    head_backbone: str = "deit_base_patch16_224"
    head_pretraining: str = "fb_in1k"
    dropout: float = 0.0
    image_size: int | None = None
    fold: Count | None = None
    n_folds: Count | None = None
    seed: int = 0
    training: TrainingConfig = TrainingConfig()
    probing: ProbingConfig = ProbingConfig()
    accepted_leakage: str | None = None

    @property
    def run_id(self) -> str:
        """First 16 hexadecimal digits of the SHA-256 of the run's identity."""
        if not self.data_hash:
            raise ValueError("the run has no data_hash yet: its images have not been read")
        left_out = {"study", "source", "probing", "accepted_leakage"}
        if self.head == "linear":
            left_out |= {"head_backbone", "head_pretraining"}
        identity = self.model_dump(mode="json", exclude={*left_out, "dataset"})
        for phase in (identity["training"], identity["training"]["head_phase"]):
            if phase is not None and phase["monitor"] == "loss":
                del phase["monitor"]  # earlier versions watched nothing else
        identity["dataset"] = self.dataset.model_dump(
            mode="json", exclude={"path", "image_size", "batch_size"}
        )
        return _sha256(identity)[:16]

    @property
    def config_hash(self) -> str:
        """SHA-256 of everything but the paths: tells apart runs that were probed otherwise."""
        config = self.model_dump(
            mode="json",
            exclude={
                "study": True,
                "dataset": {"path"},
                "source": {"path"},
                "accepted_leakage": True,
            },
        )
        return _sha256(config)


class Study(Section):
    """A grid of runs: every dataset, network, adaptation, pooling, fold and seed."""

    name: str = Field(min_length=1)
    seeds: tuple[int, ...] = Field(default=(0,), min_length=1)
    folds: int = 5
    dataset: tuple[DatasetConfig, ...] = Field(min_length=1)
    source: SourceConfig | None = None
    network: tuple[NetworkConfig, ...] = Field(min_length=1)
    training: TrainingConfig = TrainingConfig()
    training_overrides: dict[Adaptation, dict[str, object]] = Field(default_factory=dict)
    probing: ProbingConfig = ProbingConfig()

    @field_validator("dataset", "network", mode="before")
    @classmethod
    def _one_or_more(cls, value: object) -> object:
        return (value,) if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        by_folds = any(dataset.split == "folds" for dataset in self.dataset)
        if by_folds and self.folds < 2:
            raise ValueError(f"folds = {self.folds}: cross-validation needs at least 2")
        names = [dataset.name for dataset in self.dataset]
        if len(set(names)) < len(names):
            raise ValueError(
                "dataset: two datasets have the same name; give each a name of its own"
            )
        for adaptation in self.training_overrides:
            try:
                self.training_of(adaptation)
            except ValidationError as error:
                reason = one_line(error, TrainingConfig)
                raise ValueError(f"training_overrides.{adaptation}: {reason}") from error
        return self

    def probed_too_late(self) -> str | None:
        """Say so if an epoch is asked for that no run reaches; a miniature trains for less."""
        lengths = [0]
        for adaptation in {name for network in self.network for name in network.adaptation}:
            training = self.training_of(adaptation)
            first = (training.head_phase or training) if adaptation == "head_then_full" else None
            if adaptation != "none":
                lengths.append(training.epochs + (first.epochs if first else 0))
        asked, last = self.probing.epochs, max(lengths)
        if isinstance(asked, str) or max(asked, default=0) <= last:
            return None
        return f"probing.epochs: {max(asked)} is after the last epoch of any run, which is {last}"

    @classmethod
    def load(cls, path: Path, *, miniature: bool = False) -> Self:
        """Read and check a study file.

        Parameters
        ----------
        path : Path
            The file.
        miniature : bool, default False
            Put the values of its ``[miniature]`` table on top, which make it small enough to run
            on a laptop; the study is then called ``<name>-miniature``.

        Raises
        ------
        StudyError
            If the file is missing, is no TOML, or asks for something impossible; the message names
            the key and the reason.
        """
        content = _content(path)
        small = content.pop("miniature", None)
        if miniature:
            if small is None:
                raise StudyError(f"{path}: has no [miniature] table that says what to make small")
            content = merged(content, small)
            content["name"] = f"{content.get('name', path.stem)}-miniature"
        try:
            study = cls.model_validate(content)
        except ValidationError as error:
            line = one_line(error, cls)
            for key in ("dataset", "network"):  # one table, read as a list of one
                if isinstance(content.get(key), dict):
                    line = line.replace(f"{key}.0", key, 1)
            raise StudyError(f"{path}: {line}") from error
        if not miniature and (late := study.probed_too_late()):
            raise StudyError(f"{path}: {late}")
        return study

    def training_of(self, adaptation: Adaptation) -> TrainingConfig:
        """Return ``[training]`` with the values of ``[training_overrides.<adaptation>]`` on top."""
        own = self.training_overrides.get(adaptation, {})
        return TrainingConfig.model_validate(self.training.model_dump(exclude_unset=True) | own)

    def runs(self) -> list[RunConfig]:
        """Return every run of the grid, data hashes still empty.

        Replicate by replicate: all cells of the grid, in the order of the file, with the first seed
        and fold, then with the next; so a study that is stopped early is balanced. ``scratch``
        starts from random weights whatever the list of pretrainings says, so it occurs once;
        ``full`` from ``random`` weights is ``scratch``.
        """
        place = {seed: number for number, seed in enumerate(self.seeds)}
        return sorted(dict.fromkeys(self._grid()), key=lambda run: (place[run.seed], run.fold or 0))

    def _grid(self) -> Iterator[RunConfig]:
        for dataset, network in product(self.dataset, self.network):
            for (backbone, pretraining), adaptation, pooling in product(
                network.networks, network.adaptation, network.pooling
            ):
                if adaptation == "scratch" or (adaptation, pretraining) == ("full", "random"):
                    adaptation, pretraining = "scratch", "random"
                for n_blocks, seed, fold in product(
                    network.n_blocks if adaptation in WITH_BLOCKS else (None,),
                    self.seeds,
                    range(1, self.folds + 1) if dataset.split == "folds" else (None,),
                ):
                    yield RunConfig(
                        study=self.name,
                        dataset=dataset,
                        source=self.source,
                        backbone=backbone,
                        pretraining=pretraining,
                        adaptation=adaptation,
                        n_blocks=n_blocks,
                        pooling=pooling,
                        head=network.head,
                        head_backbone=network.head_backbone,
                        head_pretraining=network.head_pretraining,
                        dropout=network.dropout,
                        image_size=dataset.image_size or network.image_size,
                        fold=fold,
                        n_folds=None if fold is None else self.folds,
                        seed=seed,
                        training=self._training_on(dataset, adaptation),
                        probing=self.probing,
                    )

    def _training_on(self, dataset: DatasetConfig, adaptation: Adaptation) -> TrainingConfig:
        training = self.training_of(adaptation)
        if dataset.batch_size is None:
            return training
        return training.model_copy(update={"batch_size": dataset.batch_size})


def _content(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StudyError(f"{path}: no such study file") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StudyError(f"{path}: no readable TOML: {reason(error)}") from error


def merged(below: dict[str, object], above: dict[str, object]) -> dict[str, object]:
    """Put one nested table on top of another; lists are replaced whole.

    Examples
    --------
    >>> merged({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"c": 3}, "d": []})
    {'a': {'b': 1, 'c': 3}, 'd': []}
    """
    both = dict(below)
    for key, value in above.items():
        old = both.get(key)
        is_table = isinstance(old, dict) and isinstance(value, dict)
        both[key] = merged(old, value) if is_table else value  # type: ignore[arg-type]
    return both


def _sha256(content: object) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
