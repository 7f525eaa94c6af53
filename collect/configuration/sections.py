"""Sections of a study file: dataset, source, network, training and probing."""

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
MINIMUM_OF_SIMULATIONS = 50


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


class ProbingConfig(Section):
    """What is read from the network, and when.

    Parameters
    ----------
    epochs : "all", "last" or list of int
        Epochs that are probed; 0 is before the first step and is always probed.
    layers : "all" or list of str
        Layers whose activations are compared.
    tokens : tuple
        What a row of a representation is: ``cls``, ``mean``, ``cls+mean``, ``spatial``.
    probes : tuple
        Images the similarities are taken on: the source's queries, the held-out target images.
    n_target : int
        Images of the held-out part that serve as target probe.
    n_source : int, optional
        Queries of the source that serve as source probe for similarities; all of them if absent.
        k-NN always asks all.
    n_resamples : int, default 1000
        Resamples of the images (patients, where the data name them) for the intervals of the
        scores at the checkpoint that stands for the run; 0 leaves the intervals out.
    n_attention_images : int, default 8
        Images of each probe whose attention maps a vision transformer keeps, at the start and at
        the checkpoint that stands for the run; 0 leaves out attention.
    n_known : int, default 2000
        Training images, stratified by class, whose features before the first step give LogME and
        are the neighbours of the test images; 0 leaves both out.
    n_permutations : int, default 99
        Random pairings of the images, for the null of measures that have no closed form; 0 leaves
        it out.
    n_blocks : int, default 20
        Blocks of images that are left out in turn, or put together to thirds or halves, as the
        measure asks for, for the interval of measures that cannot leave out each image by a
        shortcut; 0 leaves it out.
    n_simulations : int, default 0
        Gaussian layers like each pair that are drawn, at least 50, to correct intervals from thirds
        or halves, which are too wide where images are few; 0 leaves them as they are. 300 take as
        long as about 1,000 values.
    trimmed : float, default 0.05
        Share of the images, those farthest from the mean of a layer, without which each similarity
        is taken once more; 0 leaves it out.
    resampled : {"selected", "probed"}, default "selected"
        Epochs at which these four are computed: the one that stands for the run, or all that are
        probed. A pair of layers takes as long as ``n_permutations + n_blocks`` values or so.
    unit : {"group", "image"}, default "group"
        What is paired at random and left out, and whose rows the debiased CKA never pairs with
        each other: patients (groups) where the data name them, of whom a probe needs four, and
        images elsewhere; or images whatever the data name. The closed form of the null is of
        images, so with patients who have several images it is permuted too.
    """

    epochs: Literal["all", "last"] | tuple[Annotated[int, Field(ge=0)], ...] = "all"
    measures: tuple[str, ...] = ("cka_linear_debiased", "cca_mean")
    layers: Literal["all"] | tuple[str, ...] = "all"
    tokens: tuple[Literal["cls", "mean", "cls+mean", "spatial"], ...] = ("mean",)
    probes: tuple[Literal["source", "target"], ...] = ("source", "target")
    references: tuple[Literal["pretrained", "random"], ...] = ("pretrained",)
    pairs: Literal["matching", "all"] = "matching"
    n_target: Count = 500
    n_source: Count | None = None
    n_neighbours: tuple[Count, ...] = (10, 20)
    n_resamples: Annotated[int, Field(ge=0)] = 1000
    temperature: Annotated[float, Field(gt=0)] = 0.07
    keep_activations: bool = True
    n_attention_images: Annotated[int, Field(ge=0)] = 8
    n_known: Annotated[int, Field(ge=0)] = 2000
    n_permutations: Annotated[int, Field(ge=0)] = 99
    n_blocks: Annotated[int, Field(ge=0)] = 20
    n_simulations: Annotated[int, Field(ge=0)] = 0
    trimmed: Annotated[float, Field(ge=0, lt=0.5)] = 0.05
    resampled: Literal["selected", "probed"] = "selected"
    unit: Literal["group", "image"] = "group"

    @field_validator("n_blocks")
    @classmethod
    def _more_than_one_block(cls, value: int) -> int:
        if value == 1:
            raise ValueError("1: an interval needs at least 2 blocks; 0 leaves it out")
        return value

    @model_validator(mode="after")
    def _simulations_correct_an_interval(self) -> Self:
        if 0 != self.n_simulations < MINIMUM_OF_SIMULATIONS:
            raise ValueError(
                f"n_simulations = {self.n_simulations}: a variance needs at least "
                f"{MINIMUM_OF_SIMULATIONS}; 0 leaves intervals as they are"
            )
        if self.n_simulations and not self.n_blocks:
            raise ValueError("n_simulations corrects intervals that n_blocks asks for: give both")
        return self
