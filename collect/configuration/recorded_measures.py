"""Measures that a study asks for and that its complete runs were not asked for."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl

from collect.configuration.study import RunConfig
from warehouse.layout import Layout
from warehouse.remeasured import PREFIX


def unrecorded_measures(runs: Iterable[RunConfig], layout: Layout) -> list[str]:
    """Tell of measures that were added to a study after its runs, one line each.

    What is measured is no part of what identifies a run, so a measure that is added later does not
    train a run again.

    Parameters
    ----------
    runs : iterable of RunConfig
        Complete runs.
    layout : Layout
        The warehouse.

    Returns
    -------
    list of str
        How many runs do not have a measure, and how to get it.
    """
    lacking: dict[str, list[bool]] = {}  # whether each run kept its activations
    for run in runs:
        path = layout.run(run.run_id) / "run.json"
        asked = json.loads(path.read_text(encoding="utf-8"))["hyperparameters"]["probing"]
        for measure in set(run.probing.measures) - _recorded(run, layout, asked):
            lacking.setdefault(measure, []).append(bool(asked["keep_activations"]))
    return [
        line
        for measure, kept in sorted(lacking.items())
        for line in _lines(measure, n_kept=sum(kept), n_lost=len(kept) - sum(kept), layout=layout)
    ]


def _recorded(run: RunConfig, layout: Layout, asked: Mapping[str, Any]) -> set[str]:
    later = [
        pl.read_parquet(path, columns=["measure"])["measure"].unique()
        for path in layout.run(run.run_id).glob(f"{PREFIX}*.parquet")
    ]
    return {*asked["measures"], *(measure for found in later for measure in found)}


def _lines(measure: str, *, n_kept: int, n_lost: int, layout: Layout) -> list[str]:
    lines = []
    if n_kept:
        lines.append(
            f"{n_kept} complete runs have no {measure}: `repdrift collect remeasure --measure "
            f"{measure} -w {layout.root}` takes it from the activations they kept"
        )
    if n_lost:
        lines.append(
            f"{n_lost} complete runs have no {measure} and kept no activations to take it from: "
            "only runs in another warehouse will have it"
        )
    return lines
