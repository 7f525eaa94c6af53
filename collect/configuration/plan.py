"""The runs of a study with their data: what is there, what is still to run."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import polars as pl

from collect.configuration.study import RunConfig, Study
from collect.data.gate import Finding, inspect
from collect.data.images import ImageSet
from collect.data.source_probe import source_positions
from collect.data.splits import Split, split_of
from collect.datasets.load import load
from warehouse.layout import Layout
from warehouse.spool import is_complete


@dataclass(frozen=True)
class Plan:
    """Every run of a study, with the hash of its data.

    Parameters
    ----------
    runs : tuple of RunConfig
        In the order of the study file.
    images : mapping of str to ImageSet
        Datasets by name.
    complete : frozenset of str
        Run ids that the warehouse has.
    """

    runs: tuple[RunConfig, ...]
    images: Mapping[str, ImageSet]
    complete: frozenset[str]

    @property
    def to_run(self) -> tuple[RunConfig, ...]:
        """Runs that the warehouse does not have."""
        return tuple(run for run in self.runs if run.run_id not in self.complete)

    def table(self) -> pl.DataFrame:
        """One row per run: ``run_id``, what it is, and ``is_complete``."""
        return pl.DataFrame(
            [
                {
                    "run_id": run.run_id,
                    "dataset": run.dataset.name,
                    "backbone": run.backbone,
                    "pretraining": run.pretraining,
                    "adaptation": run.adaptation,
                    "n_blocks": run.n_blocks,
                    "pooling": run.pooling,
                    "head": run.head,
                    "image_size": run.image_size,
                    "fold": run.fold,
                    "seed": run.seed,
                    "is_complete": run.run_id in self.complete,
                }
                for run in self.runs
            ],
            schema_overrides={"n_blocks": pl.Int64, "fold": pl.Int64, "image_size": pl.Int64},
        )

    @cached_property
    def findings(self) -> list[Finding]:
        """What the gate finds in the datasets and their splits."""
        return [
            finding
            for name, images in self.images.items()
            for finding in inspect(images, splits_of(images, self.runs_on(name)))
        ]

    def runs_on(self, name: str) -> list[RunConfig]:
        """Return the runs on the dataset of this name."""
        return [run for run in self.runs if run.dataset.name == name]


def plan(study: Study, layout: Layout) -> Plan:
    """Read the data of a study and look up which of its runs are complete.

    Parameters
    ----------
    study : Study
        The study.
    layout : Layout
        The warehouse.

    Raises
    ------
    StudyError
        If a dataset cannot be read, or the source has too few images.
    """
    images = {dataset.name: load(dataset) for dataset in study.dataset}
    runs = tuple(
        run.model_copy(update={"data_hash": images[run.dataset.name].content_hash})
        for run in study.runs()
    )
    if study.source is not None:
        source, sizes = load(study.source), study.source
        source_positions(source, n_bank=sizes.n_bank, n_queries=sizes.n_queries)
    complete = frozenset(run.run_id for run in runs if is_complete(layout, run.run_id))
    return Plan(runs, images, complete)


def splits_of(images: ImageSet, runs: Iterable[RunConfig]) -> dict[str, Split]:
    """Return every split that runs on one dataset use, by name: ``fold 1``, ``official``."""
    splits: dict[str, Split] = {}
    for run in runs:
        name = split_name(run)
        if name not in splits:
            splits[name] = split_of(images, run.dataset, fold=run.fold, n_folds=run.n_folds)
    return splits


def split_name(run: RunConfig) -> str:
    """Name of a run's split: ``fold 1``, ``official``, ``holdout``."""
    return run.dataset.split if run.fold is None else f"fold {run.fold}"
