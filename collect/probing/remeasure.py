"""Other measures of complete runs, and similarities between runs, without training again."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import torch

from collect.measures.compare import Comparison, Pairs, defined_comparisons
from collect.measures.inference import Inference
from collect.measures.registry import MEASURES
from collect.probing.kept_activations import (
    KeptActivations,
    kept_activations,
    kept_groups,
    kept_kinds,
)
from collect.probing.measure_names import require_measures
from collect.probing.probes import Similarity
from collect.probing.units import Unit, unit_of, unit_of_image
from collect.recording.records import similarity_rows
from warehouse.errors import CollectError
from warehouse.layout import Layout
from warehouse.remeasured import add_similarities
from warehouse.spool import is_complete

CLOSED_FORMS = Inference()


@dataclass(frozen=True)
class Wanted:
    """What to take of every run.

    Parameters
    ----------
    measures : sequence of str
        Names in :data:`~collect.measures.registry.MEASURES`.
    pairs : {"matching", "all"}
        Layers of the same name, or all with all.
    against : str, optional
        Pre-training of the runs to compare with, on the same images with the same adaptation, fold
        and seed. Without it, each run is compared with its own start.
    between_seeds : bool
        Compare with the runs of the same network, trained in the same way on the same images, with
        a lower seed: how alike two networks are that differ in chance alone.
    unit : {"group", "image"}, optional
        What is paired at random and left out: patients where the data name them, or images. What
        the run took itself if None.
    again : bool
        Take also what the run itself recorded: its values, with what is said of chance now, stand
        in place of them in the database.
    inference : Inference
        What to compute beside the values: by default whatever has a closed form.
    """

    measures: Sequence[str]
    pairs: Pairs = "matching"
    against: str | None = None
    between_seeds: bool = False
    unit: Unit | None = None
    again: bool = False
    inference: Inference = CLOSED_FORMS


# What two runs must share for their networks to be compared on the same images.
SAME_TASK = ("dataset", "data_hash", "split_hash", "fold", "n_folds", "adaptation", "n_blocks")
SAME_NETWORK = ("backbone", "pretraining", "weights_hash", "pooling", "head", "image_size")


@dataclass(frozen=True)
class Remeasured:
    """What was done to one run.

    Parameters
    ----------
    run_id : str
        The run.
    n_new, n_again : int
        Similarities that it did not record itself, and those that stand in place of its own.
    left_out : tuple of str
        One line per value that is undefined, with the reason.
    n_uncorrected, n_corrected : int
        Intervals of canonical correlations that are as influences gave them, and corrected by
        simulated layers.
    """

    run_id: str
    n_new: int
    n_again: int
    left_out: tuple[str, ...]
    n_uncorrected: int = 0
    n_corrected: int = 0


def remeasure(layout: Layout, wanted: Wanted, *, study: str | None = None) -> Iterator[Remeasured]:
    """Take measures of every complete run from the activations that it kept.

    Parameters
    ----------
    layout : Layout
        The warehouse; ``ingest`` brings the result into the database.
    wanted : Wanted
        What to take.
    study : str, optional
        Only runs of this study.

    Yields
    ------
    Remeasured
        One per run that has something to be compared with.

    Raises
    ------
    CollectError
        If a measure is unknown, no run can be compared, or partners are asked for in two ways.
    """
    require_measures(wanted.measures)
    if wanted.against is not None and wanted.between_seeds:
        raise CollectError("against and between seeds: ask for one of them at a time")
    runs = [run for run in _records(layout) if study in (None, run["study"])]
    found = [
        (run, other) for run in runs for other in _partners(run, runs, wanted) if _kept(layout, run)
    ]
    if not found:
        raise CollectError(f"{layout.root}: {_none_found(layout, runs, wanted, study)}")
    for run, other in found:
        yield _remeasured(layout, run, other, wanted)


def _none_found(
    layout: Layout, runs: Sequence[dict[str, Any]], wanted: Wanted, study: str | None
) -> str:
    """Say why nothing can be taken: no runs at all, none of the study, or none of use."""
    if not runs and study is not None and (known := {run["study"] for run in _records(layout)}):
        return f"no complete run of a study {study!r}; there are {', '.join(sorted(known))}"
    if not runs:
        return "no complete run"
    if wanted.between_seeds:
        return (
            "no complete run kept activations and has a partner that differs in its seed alone, "
            "with the same split"
        )
    if wanted.against is None:
        return "no complete run kept activations (probing.keep_activations in the study file)"
    return f"no complete run has a partner with {wanted.against!r} weights"


def _remeasured(
    layout: Layout, run: dict[str, Any], other: dict[str, Any], wanted: Wanted
) -> Remeasured:
    is_own = run["run_id"] == other["run_id"]
    directory = _directory(layout, run)
    by_group = (wanted.unit or _unit(run)) == "group"
    rows, left_out = [], []
    for epoch, token, probe in _kept(layout, run):
        # Starts are compared with starts, ends with ends; with its own start a run is as a whole.
        start_or_end = 0 if is_own or epoch == 0 else other["selected_epoch"]
        x = kept_activations(directory, epoch=epoch, token=token, probe=probe)
        y = kept_activations(
            _directory(layout, other), epoch=start_or_end, token=token, probe=probe
        )
        _require_same_images(run, other, x, y)
        groups = kept_groups(directory, probe, x.sample_ids) if by_group else None
        found, undefined = _comparisons(x, y, groups, wanted)
        left_out += [f"{probe} probe, {token}, epoch {epoch}: {line}" for line in undefined]
        where = (probe, token, "pretrained" if is_own else "run", unit_of(groups))
        rows += similarity_rows((Similarity(*where, one) for one in found), epoch=epoch)
    if not rows:
        return Remeasured(run["run_id"], 0, 0, tuple(left_out))
    frame = pl.DataFrame(rows, infer_schema_length=None).with_columns(
        reference_run_id=pl.lit(None if is_own else other["run_id"], pl.String)
    )
    added = add_similarities(layout, run["run_id"], frame, again=wanted.again)
    ratios = [
        row["ci_variance_ratio"]
        for row in rows
        if row["ci_variance_ratio"] is not None and MEASURES[row["measure"]].needs_correction
    ]
    n_uncorrected = ratios.count(1.0)
    return Remeasured(
        run["run_id"], *added, tuple(left_out), n_uncorrected, len(ratios) - n_uncorrected
    )


def _comparisons(
    x: KeptActivations, y: KeptActivations, groups: Sequence[str] | None, wanted: Wanted
) -> tuple[list[Comparison], list[str]]:
    unit = unit_of_image(groups, len(x.sample_ids))
    is_repeated = len(torch.unique(unit)) < len(unit)
    return defined_comparisons(
        x.layers,
        y.layers,
        measures=wanted.measures,
        pairs=wanted.pairs,
        groups=unit if is_repeated else None,
        inference=wanted.inference,
    )


def _unit(run: dict[str, Any]) -> str:
    """Look up what the run itself took as units: images, where its version did not say."""
    return str(run["hyperparameters"].get("probing", {}).get("unit", "image"))


def _records(layout: Layout) -> list[dict[str, Any]]:
    if not layout.runs.is_dir():
        return []
    names = sorted(path.name for path in layout.runs.iterdir())
    return [
        json.loads((layout.run(name) / "run.json").read_text(encoding="utf-8"))
        for name in names
        if is_complete(layout, name)
    ]


def _partners(
    run: dict[str, Any], runs: Sequence[dict[str, Any]], wanted: Wanted
) -> list[dict[str, Any]]:
    if wanted.between_seeds:
        return [other for other in runs if other["seed"] < run["seed"] and _is_repeat(run, other)]
    if wanted.against is None:
        return [run]
    return [
        other
        for other in runs
        if other["pretraining"] == wanted.against
        and other["run_id"] != run["run_id"]
        and _share(run, other, (*SAME_TASK, "seed"))
    ]


def _is_repeat(run: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two runs are one network trained in one way on the same images.

    A start from scratch has other weights with every seed.
    """
    training = (one["hyperparameters"].get("training") for one in (run, other))
    is_scratch = run["adaptation"] == "scratch"
    same = tuple(name for name in SAME_NETWORK if not (is_scratch and name == "weights_hash"))
    return (
        _share(run, other, (*SAME_TASK, *same)) and len({json.dumps(one) for one in training}) == 1
    )


def _share(run: dict[str, Any], other: dict[str, Any], names: Sequence[str]) -> bool:
    return all(run[name] == other[name] for name in names)


def _kept(layout: Layout, run: dict[str, Any]) -> list[tuple[int, str, str]]:
    return kept_kinds(_directory(layout, run))


def _directory(layout: Layout, run: dict[str, Any]) -> Path:
    return layout.run(run["run_id"])


def _require_same_images(
    run: dict[str, Any], other: dict[str, Any], x: KeptActivations, y: KeptActivations
) -> None:
    if x.sample_ids != y.sample_ids:
        raise CollectError(
            f"runs {run['run_id']} and {other['run_id']} kept activations of other images: probe "
            "them with the same probing section"
        )
