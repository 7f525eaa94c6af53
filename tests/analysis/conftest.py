"""Warehouses for the tests of analysis: one made here, one imported from the published results."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from warehouse.importers.imported import land
from warehouse.importers.mapping import read_mapping
from warehouse.importers.tabular import read_tables
from warehouse.ingest import ingest
from warehouse.layout import Layout
from warehouse.spool import RunWriter

collect_ignore = ["reference"]  # scripts of peers that are not installed

LAYERS = ("early", "late")
FOLDS = 3


def write_run(layout, *, dataset, adaptation, fold, auc, similarity):
    """Write one run with an AUC, an accuracy and the similarity of two layers."""
    run_id = f"{dataset}-{adaptation}-{fold}"
    scores = {"auc": auc, "accuracy": auc - 0.1, "ece_width_15": 0.3 * (1 - auc)}
    with RunWriter(layout, run_id) as writer:
        writer.append(
            "scores",
            pl.DataFrame(
                {
                    "epoch": 2,
                    "split": "test",
                    "confidence_source": "head",
                    "token": "mean",
                    "n_neighbours": 0,
                    "score": list(scores),
                    "value": list(scores.values()),
                    "n_samples": 50,
                }
            ),
        )
        writer.append(
            "scores",
            pl.DataFrame(
                {
                    "epoch": 0,
                    "split": "test",
                    "confidence_source": "knn",
                    "token": "mean",
                    "n_neighbours": 10,
                    "score": "accuracy",
                    "value": [0.9 * auc],
                    "n_samples": 50,
                }
            ),
        )
        writer.append(
            "similarities",
            pl.DataFrame(
                {
                    "epoch": [0, 0, 1, 1, 2, 2],
                    "layer": LAYERS * 3,
                    "token": "mean",
                    "reference": "pretrained",
                    "reference_layer": LAYERS * 3,
                    "probe": "target",
                    "measure": "cka_linear_debiased",
                    "value": [
                        1.0,
                        1.0,
                        0.9 * similarity,
                        0.8 * similarity,
                        similarity,
                        similarity**2,
                    ],
                    "null_mean": 0.1,
                    "n_images": 50,
                }
            ),
        )
        rng = np.random.default_rng(fold)
        is_right = rng.uniform(size=50) < auc
        writer.append(
            "predictions",
            pl.DataFrame(
                {
                    "epoch": 2,
                    "split": "test",
                    "confidence_source": "head",
                    "token": "mean",
                    "n_neighbours": 0,
                    "sample_id": [f"image{i:02}" for i in range(50)],
                    "group_id": [f"patient{i // 2:02}" for i in range(50)],
                    "label": 1,
                    "probabilities": [[0.2, 0.8] if right else [0.7, 0.3] for right in is_right],
                }
            ),
        )
        writer.append("score_intervals", _interval(auc))
        writer.append("predictions", _votes(adaptation, fold))
        writer.finish(
            {
                "study": "made",
                "origin": "repdrift",
                "status": "complete",
                "backbone": "tiny",
                "pretraining": "random" if adaptation == "scratch" else "imagenet",
                "adaptation": adaptation,
                "pooling": "mean",
                "head": "linear",
                "dataset": dataset,
                "task": "binary",
                "fold": fold,
                "n_folds": FOLDS,
                "seed": 0,
                "selected_epoch": 2,
                "n_train": 100,
                "n_test": 50,
            }
        )


def _interval(auc):
    """Return the interval of the AUC over 25 patients."""
    return pl.DataFrame(
        {
            "epoch": 2,
            "split": "test",
            "confidence_source": "head",
            "token": "mean",
            "n_neighbours": 0,
            "score": "auc",
            "std_error": 0.05,
            "ci_low": auc - 0.1,
            "ci_high": auc + 0.1,
            "level": 0.95,
            "n_resamples": 999,
            "unit": "group",
            "n_units": 25,
        },
        strict=False,
    )


def _votes(adaptation, fold):
    """Return votes on 60 queries: 48 right before; of these full loses 12 to 14, linear none."""
    rows = []
    for epoch, n_right in ((0, 48), (2, 48 if adaptation == "linear" else 37 - fold)):
        rows.append(
            pl.DataFrame(
                {
                    "epoch": epoch,
                    "split": "source",
                    "confidence_source": "knn",
                    "token": "mean",
                    "n_neighbours": 10,
                    "sample_id": [f"photo{i:02}" for i in range(60)],
                    "label": 0,
                    "probabilities": [[0.9, 0.1] if i < n_right else [0.2, 0.8] for i in range(60)],
                }
            )
        )
    return pl.concat(rows)


@pytest.fixture(scope="session")
def made_warehouse(tmp_path_factory):
    """Four datasets, three adaptations, three folds: linear probes do not move."""
    layout = Layout(tmp_path_factory.mktemp("made"))
    rng = np.random.default_rng(5)
    for dataset in ("bone", "eye", "lung", "skin"):
        for fold in range(1, FOLDS + 1):
            for adaptation, auc, similarity in (
                ("full", 0.85, 0.6),
                ("linear", 0.75, 1.0),
                ("scratch", 0.65, 0.3),
            ):
                noise = 0.04 * rng.normal(size=2)
                write_run(
                    layout,
                    dataset=dataset,
                    adaptation=adaptation,
                    fold=fold,
                    auc=auc + noise[0],
                    similarity=similarity + (noise[1] if adaptation != "linear" else 0.0),
                )
    ingest(layout)
    return layout.root


@pytest.fixture(scope="session")
def published_folder(shared_dir) -> Path:
    """CSV files of Juodelyte et al. (2023)."""
    folder: Path = shared_dir / "published" / "juodelyte2023"
    if not folder.is_dir():
        pytest.skip("needs the published results beside the checkout")
    return folder


@pytest.fixture(scope="session")
def published_warehouse(published_folder, tmp_path_factory):
    """Import the published results."""
    layout = Layout(tmp_path_factory.mktemp("published"))
    report = land(layout, read_tables(published_folder, read_mapping("juodelyte2023")))
    assert not report.problems
    ingest(layout)
    return layout.root
