"""Sections of a study file: dataset, source, network and training."""

from difflib import get_close_matches
from itertools import product
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from collect.configuration.spellings import WITH_WEIGHTS

Task = Literal["binary", "multiclass", "ordinal", "multilabel"]
Adaptation = Literal[
    "none",
    "full",
    "linear",
    "scratch",
    "head_then_full",
    "freeze_first_k",
    "keep_first_k",
    "keep_first_k_frozen",
]
Pooling = Literal["cls", "mean", "cls+mean"]
Head = Literal["linear", "transformer"]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Count = Annotated[int, Field(ge=1)]

LAYOUTS = ("npz", "manifest", "medmnist")
WITH_BLOCKS = ("freeze_first_k", "keep_first_k", "keep_first_k_frozen")


class Section(BaseModel):
    """A table of the study file: read-only, unknown keys refused, lists read as tuples."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class DatasetConfig(Section):
    """Where the target images come from, and how they are split.

    Parameters
    ----------
    path : str, optional
        NPZ file, manifest (CSV) or folder, absolute or relative to the working directory. Not part
        of a run's identity: the hash of the content is.
    name : str, default the reader's name, else the stem of ``path``
        Name in the warehouse. ``demo:ihc`` and ``demo:photographs`` need no path.
    reader : str, optional
        Named layout of a folder (``collect datasets`` lists them), ``npz``, ``manifest`` or
        ``medmnist``; without one, the ending of ``path`` says which of the first two.
    task : {"binary", "multiclass", "ordinal", "multilabel"}, optional
        What the labels mean; guessed from their shape if absent (never ordinal).
    labels : str, default "labels"
        Label array of an NPZ (``{split}_{labels}``) or label column of a manifest.
    split : {"folds", "official", "holdout"}, default "folds"
        Cross-validation over everything; the split that comes with the data; or one random test
        part of ``test_fraction``.
    validation_fraction : float in (0, 1), default 0.15
        Share of the training part that is held back to select a checkpoint.
    test_fraction : float in (0, 1), default 0.2
        Share of the test part of a ``holdout``.
    max_images : int, optional
        Take only this many images, stratified by class; the same ones every time.
    image_size, batch_size : int, optional
        What this dataset needs instead of the network's and the training's.
    """

    path: str | None = None
    name: str = ""
    reader: str | None = None
    task: Task | None = None
    labels: str = "labels"
    split: Literal["folds", "official", "holdout"] = "folds"
    validation_fraction: Fraction = 0.15
    test_fraction: Fraction = 0.2
    max_images: Annotated[int, Field(ge=10)] | None = None
    image_size: Annotated[int, Field(ge=8)] | None = None
    batch_size: Count | None = None

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.path is None and not self.name.startswith("demo:"):
            raise ValueError("path is missing: an NPZ, a CSV manifest or a folder")
        if not self.name:
            is_named = self.reader is not None and self.reader not in LAYOUTS
            name = self.reader if is_named else Path(self.path or "").stem
            object.__setattr__(self, "name", name)
        return self


class SourceConfig(DatasetConfig):
    """Natural images on which k-NN quality is evaluated: a labelled bank, and queries.

    Parameters
    ----------
    n_bank, n_queries : int
        Images of the bank and of the queries, stratified by class; the same ones for every run.
    """

    n_bank: Count = 2000
    n_queries: Count = 500


class NetworkConfig(Section):
    """What is fine-tuned: each list spans one dimension of the grid.

    ``miniature_supervised``, ``miniature_contrastive`` and ``miniature_selfsupervised`` name their
    weights too; ``pretraining`` is for the other backbones. ``head_backbone`` and
    ``head_pretraining`` name the second network of a ``transformer`` head.
    """

    backbone: tuple[str, ...] = Field(min_length=1)
    pretraining: tuple[str, ...] = ()
    adaptation: tuple[Adaptation, ...] = Field(min_length=1)
    n_blocks: tuple[Count, ...] = ()
    pooling: tuple[Pooling, ...] = ("mean",)
    head: Head = "linear"
    head_backbone: str = "deit_base_patch16_224"
    head_pretraining: str = "fb_in1k"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    image_size: Annotated[int, Field(ge=8)] | None = None

    @field_validator("backbone", "pretraining", "adaptation", "pooling", mode="before")
    @classmethod
    def _one_or_more(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value

    @property
    def networks(self) -> tuple[tuple[str, str], ...]:
        """Backbone and weights of every network, in the order of the file."""
        return tuple(
            pair
            for name in self.backbone
            for pair in (
                [WITH_WEIGHTS[name]] if name in WITH_WEIGHTS else product([name], self.pretraining)
            )
        )

    @model_validator(mode="after")
    def _weights_where_needed(self) -> Self:
        needed = [name for name in self.backbone if name not in WITH_WEIGHTS]
        if needed and not self.pretraining:
            near = get_close_matches(needed[0], WITH_WEIGHTS, n=1)
            hint = f" (or is {near[0]} meant?)" if near else ""
            raise ValueError(f"pretraining is missing: {needed[0]} needs a list of weights{hint}")
        if self.pretraining and not needed:
            raise ValueError(f"pretraining: {self.backbone[0]} names its weights; leave it out")
        return self

    @model_validator(mode="after")
    def _blocks_where_needed(self) -> Self:
        needed = [name for name in self.adaptation if name in WITH_BLOCKS]
        if needed and not self.n_blocks:
            raise ValueError(f"n_blocks is missing: {needed[0]} needs a list of k")
        return self


class PhaseConfig(Section):
    """Optimisation of one phase of the training.

    Parameters
    ----------
    monitor : str, default "loss"
        Score on the inner validation split that ends the phase when it no longer gets better, and
        that chooses the best checkpoint of the last phase: any that ``raw.scores`` has for the
        task. Losses and calibration errors are better when lower. Plateaus are those of the loss.
    """

    epochs: Count = 10
    optimiser: Literal["adamw", "adam", "sgd"] = "adamw"
    learning_rate: Annotated[float, Field(gt=0)] = 1e-3
    weight_decay: Annotated[float, Field(ge=0)] = 0.0
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.9
    schedule: Literal["constant", "cosine", "plateau"] = "constant"
    warmup_epochs: Annotated[int, Field(ge=0)] = 0
    plateau_patience: Count = 3
    plateau_factor: Fraction = 0.1
    early_stopping_patience: Count | None = None
    monitor: str = "loss"


class TrainingConfig(PhaseConfig):
    """How a run is trained.

    Parameters
    ----------
    select : {"last", "best"}, default "best"
        Checkpoint that stands for the run: the last, or the best on the inner validation split, by
        ``monitor``. Never the test part.
    head_phase : PhaseConfig, optional
        First phase of ``head_then_full``, with settings of its own; the others of this section
        hold for the second.
    search_learning_rates : tuple of float
        Tried one after another on the inner validation split; the best one is used.
    out_of_memory : {"stop", "halve_batch"}
        ``halve_batch`` accumulates gradients over half batches.
    compile : bool, default False
        Compile what is trained (``torch.compile``). What is read goes through the network as it is.
    """

    batch_size: Count = 64
    select: Literal["last", "best"] = "best"
    augmentation: Literal["none", "flip", "juodelyte2023", "juodelyte2023_chest", "pales2024"] = (
        "none"
    )
    class_weights: Literal["none", "balanced"] = "none"
    clip_norm: Annotated[float, Field(gt=0)] | None = None
    precision: Literal["float32", "bf16", "fp16"] = "float32"
    channels_last: bool = True
    compile: bool = False
    head_phase: PhaseConfig | None = None
    search_learning_rates: tuple[Annotated[float, Field(gt=0)], ...] = ()
    out_of_memory: Literal["stop", "halve_batch"] = "stop"

    @model_validator(mode="after")
    def _searched_by_the_loss(self) -> Self:
        phases = (self, self.head_phase or self)
        if self.search_learning_rates and any(phase.monitor != "loss" for phase in phases):
            raise ValueError("search_learning_rates compares losses: leave out monitor")
        return self

    @model_validator(mode="after")
    def _warm_up_ends(self) -> Self:
        if self.warmup_epochs >= self.epochs:
            raise ValueError(
                f"warmup_epochs = {self.warmup_epochs}: warm-up must end before epochs = "
                f"{self.epochs}"
            )
        return self
