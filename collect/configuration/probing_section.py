"""The section of a study file that says what is read from the network, and when."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from collect.configuration.sections import Count, Section

MINIMUM_OF_SIMULATIONS = 50


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
        Blocks of images that are left out in turn, or put together to halves or thirds, as the
        measure asks for, for the interval of measures that cannot leave out each image by a
        shortcut; 0 leaves it out.
    n_simulations : int, default 100
        Gaussian layers like each pair that are drawn, at least 50, for intervals of canonical
        correlations; 0 leaves these out. 100 take as long as about 100 values, or 170 of pwcca
        and cca_mean_juodelyte.
    trimmed : float, default 0.05
        Share of the images, those farthest from the mean of a layer, without which each similarity
        is taken once more; 0 leaves it out.
    resampled : {"selected", "probed"}, default "selected"
        Epochs at which these four are computed: the one that stands for the run, or all that are
        probed. A pair of layers takes as long as
        ``n_permutations + n_blocks`` or ``n_permutations + n_simulations`` values or so.
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
    n_simulations: Annotated[int, Field(ge=0)] = 100
    trimmed: Annotated[float, Field(ge=0, lt=0.5)] = 0.05
    resampled: Literal["selected", "probed"] = "selected"
    unit: Literal["group", "image"] = "group"

    @field_validator("n_blocks")
    @classmethod
    def _more_than_one_block(cls, value: int) -> int:
        if value == 1:
            raise ValueError("1: an interval needs at least 2 blocks; 0 leaves it out")
        return value

    @field_validator("n_simulations")
    @classmethod
    def _enough_simulations(cls, value: int) -> int:
        if 0 != value < MINIMUM_OF_SIMULATIONS:
            raise ValueError(
                f"{value}: a variance needs at least {MINIMUM_OF_SIMULATIONS}; 0 leaves out the "
                "intervals of canonical correlations"
            )
        return value
