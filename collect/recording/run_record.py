"""The row of ``raw.runs`` that a run leaves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import torch

from collect.configuration.study import RunConfig
from collect.data.run_data import RunData
from collect.measures.cost import n_parameters
from collect.networks.heads import Network
from collect.recording.provenance import code_version, described_device, package_versions
from collect.training.parallel import n_processes


@dataclass(frozen=True)
class Trained:
    """How a run was trained, as far as the study did not say it.

    Parameters
    ----------
    n_trainable : sequence of int
        Trainable parameters of each phase.
    learning_rate : float
        Of the last phase.
    searched : mapping of float to float or None
        Lowest validation loss by learning rate, None where training diverged; empty without a
        search.
    """

    n_trainable: Sequence[int]
    learning_rate: float
    searched: Mapping[float, float | None]


def run_record(
    config: RunConfig,
    data: RunData,
    network: Network,
    *,
    device: torch.device,
    trained: Trained,
    started_at: datetime,
) -> dict[str, Any]:
    """Columns of ``raw.runs`` but the run's id, its end and what the writer fills in.

    Parameters
    ----------
    config : RunConfig
        The run.
    data : RunData
        Its images.
    network : Network
        Its network.
    device : torch.device
        Where it ran.
    trained : Trained
        How it was trained.
    started_at : datetime
        With a time zone.

    Returns
    -------
    dict of str to object
        Column to value.
    """
    backbone = network.description
    code, is_dirty = code_version()
    return {
        "study": config.study,
        "origin": "repdrift",
        "backbone": config.backbone,
        "pretraining": "random" if config.adaptation == "scratch" else config.pretraining,
        "adaptation": config.adaptation,
        "n_blocks": config.n_blocks,
        "pooling": config.pooling,
        "head": config.head,
        "dataset": data.target.name,
        "task": data.target.task,
        "fold": config.fold,
        "n_folds": config.n_folds,
        "seed": config.seed,
        "image_size": backbone.inputs.size,
        "n_tokens": backbone.n_tokens,
        "n_parameters": n_parameters(network),
        "n_trainable_parameters": trained.n_trainable[-1] if trained.n_trainable else 0,
        "n_train": len(data.train),
        "n_validation": len(data.validation),
        "n_test": len(data.test),
        "hyperparameters": _hyperparameters(config, network, trained),
        "config_hash": config.config_hash,
        "weights_hash": backbone.weights_hash,
        "data_hash": config.data_hash,
        "split_hash": data.split.content_hash,
        "probe_hash": data.probe_hash,
        "code_version": code,
        "code_is_dirty": is_dirty,
        "package_versions": package_versions(),
        "device": described_device(device),
        "accepted_leakage": config.accepted_leakage,
        "started_at": started_at,
        "finished_at": datetime.now(UTC),
    }


def _hyperparameters(config: RunConfig, network: Network, trained: Trained) -> dict[str, Any]:
    inputs = network.description.inputs
    second = {"backbone": config.head_backbone, "pretraining": config.head_pretraining}
    return {
        "head": second if config.head == "transformer" else None,
        "training": config.training.model_dump(mode="json"),
        "probing": config.probing.model_dump(mode="json"),
        "dataset": config.dataset.model_dump(mode="json", exclude={"path"}),
        "source": config.source and config.source.model_dump(mode="json", exclude={"path"}),
        "dropout": config.dropout,
        "inputs": {"mean": inputs.mean, "std": inputs.std, "interpolation": inputs.interpolation},
        "n_trainable_parameters_by_phase": list(trained.n_trainable),
        "learning_rate_used": trained.learning_rate,
        "validation_loss_by_learning_rate": {str(k): v for k, v in trained.searched.items()},
        "threads": torch.get_num_threads(),
        "processes": n_processes(),
    }
