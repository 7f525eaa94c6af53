"""Other measures of complete runs, and similarities between runs, without training again."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from collect.measures.compare import Pairs, defined_comparisons
from collect.measures.inference import Inference
from collect.measures.registry import MEASURES
from collect.probing.kept_activations import KeptActivations, kept_activations, kept_kinds
from collect.probing.probes import Similarity
from collect.recording.records import similarity_rows
from warehouse.errors import CollectError
from warehouse.layout import Layout
from warehouse.remeasured import add_similarities
from warehouse.spool import is_complete

DEFAULT = Inference()
# What two runs must share for their networks to be compared on the same images.
SHARED = ("dataset", "data_hash", "split_hash", "fold", "n_folds", "seed", "adaptation", "n_blocks")


@dataclass(frozen=True)
class Remeasured:
    """What was done to one run.

    Parameters
    ----------
    run_id : str
        The run.
    n_new : int
        Similarities that it did not have.
    left_out : tuple of str
        One line per value that is undefined, with the reason.
    """

    run_id: str
    n_new: int
    left_out: tuple[str, ...]


def remeasure(
    layout: Layout,
    *,
    measures: Sequence[str],
    pairs: Pairs = "matching",
    against: str | None = None,
    study: str | None = None,
    inference: Inference = DEFAULT,
) -> Iterator[Remeasured]:
    """Take measures of every complete run from the activations that it kept.

    Parameters
    ----------
    layout : Layout
        The warehouse; ``ingest`` brings the result into the database.
    measures : sequence of str
        Names in :data:`~collect.measures.registry.MEASURES`.
    pairs : {'matching', 'all'}
        Layers of the same name, or all with all.
    against : str, optional
        Pre-training of the runs to compare with, on the same images with the same adaptation, fold
        and seed. Without it, each run is compared with its own start.
    study : str, optional
        Only runs of this study.
    inference : Inference
        What to compute beside the values: by default whatever has a closed form.

    Yields
    ------
    Remeasured
        One per run that has something to be compared with.

    Raises
    ------
    CollectError
        If a measure is unknown, or no run can be compared.
    """
    unknown = [name for name in measures if name not in MEASURES]
    if unknown:
        raise CollectError(f"no measure {unknown[0]!r}; there are {', '.join(MEASURES)}")
    runs = [run for run in _records(layout) if study in (None, run["study"])]
    found = [
        (run, other)
        for run in runs
        for other in _partners(run, runs, against)
        if _kept(layout, run)
    ]
    if not found:
        what = "kept activations" if against is None else f"has a partner with {against!r} weights"
        raise CollectError(f"{layout.root}: no complete run {what}")
    for run, other in found:
        yield _remeasured(layout, run, other, measures, pairs, inference)


def _remeasured(
    layout: Layout,
    run: dict[str, Any],
    other: dict[str, Any],
    measures: Sequence[str],
    pairs: Pairs,
    inference: Inference,
) -> Remeasured:
    is_own = run["run_id"] == other["run_id"]
    rows, left_out = [], []
    for epoch, token, probe in _kept(layout, run):
        # Starts are compared with starts, ends with ends; with its own start a run is as a whole.
        start_or_end = 0 if is_own or epoch == 0 else other["selected_epoch"]
        x = kept_activations(_directory(layout, run), epoch=epoch, token=token, probe=probe)
        y = kept_activations(
            _directory(layout, other), epoch=start_or_end, token=token, probe=probe
        )
        _require_same_images(run, other, x, y)
        found, undefined = defined_comparisons(
            x.layers, y.layers, measures=measures, pairs=pairs, inference=inference
        )
        left_out += [f"{probe} probe, {token}, epoch {epoch}: {line}" for line in undefined]
        reference = "pretrained" if is_own else "run"
        rows += similarity_rows(
            (Similarity(probe, token, reference, comparison) for comparison in found), epoch=epoch
        )
    frame = pl.DataFrame(rows, infer_schema_length=None).with_columns(
        reference_run_id=pl.lit(None if is_own else other["run_id"], pl.String)
    )
    n_new = add_similarities(layout, run["run_id"], frame) if rows else 0
    return Remeasured(run["run_id"], n_new, tuple(left_out))


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
    run: dict[str, Any], runs: Sequence[dict[str, Any]], against: str | None
) -> list[dict[str, Any]]:
    if against is None:
        return [run]
    return [
        other
        for other in runs
        if other["pretraining"] == against
        and other["run_id"] != run["run_id"]
        and all(run[name] == other[name] for name in SHARED)
    ]


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
