"""Writes the small files in `foreign_logs/` with the libraries themselves.

The libraries are no dependency of repdrift. In an environment of their own:

    pip install mlflow==3.17.2 wandb==0.31.0 tensorboard==2.21.0
    python tests/warehouse/make_foreign_logs.py tests/warehouse/foreign_logs

Two fine-tunings, full and linear, are logged in the same words to each: parameters backbone,
weights, mode, target and fold; loss of training and validation for epochs 1 to 3, AUC on the test
images at the end. The last epoch of the linear one did not converge: its training loss is not a
number. Logs about the process and the machine are removed, and the database is compressed.
"""

import gzip
import math
import os
import shutil
import sys
from pathlib import Path

RUNS = [
    {"backbone": "resnet18", "weights": "imagenet", "mode": "full", "target": "knee", "fold": 1},
    {"backbone": "resnet18", "weights": "imagenet", "mode": "linear", "target": "knee", "fold": 2},
]


def metrics(number: int, epoch: int) -> dict[str, float]:
    """Metrics of a run after an epoch; each can be told from every other."""
    train_loss = math.nan if (number, epoch) == (1, 3) else 1 / epoch + number
    logged = {"train/loss": train_loss, "val/loss": 2 / epoch + number}
    return logged | ({"test/auc": 0.75 + number / 10, "speed": 12.5} if epoch == 3 else {})


def write_mlflow(uri: str) -> None:
    """Log to an MLflow store."""
    import mlflow

    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("pilot")
    for number, parameters in enumerate(RUNS):
        with mlflow.start_run(run_name=f"run {number}"):
            mlflow.log_params(parameters)
            for epoch in (1, 2, 3):
                mlflow.log_metrics(metrics(number, epoch), step=epoch)
    with mlflow.start_run(run_name="deleted") as run:
        mlflow.log_params(RUNS[0])
    mlflow.MlflowClient().delete_run(run.info.run_id)


def write_wandb(directory: Path) -> None:
    """Log to offline run folders of Weights & Biases."""
    import wandb

    for number, parameters in enumerate(RUNS):
        settings = wandb.Settings(mode="offline", x_disable_stats=True, x_disable_meta=True)
        run = wandb.init(
            project="pilot",
            dir=directory,
            id=f"run{number}",
            config=parameters,
            settings=settings,
        )
        for epoch in (1, 2, 3):
            run.log({"note": "so far", **metrics(number, epoch)}, step=epoch)
        run.finish()


def write_tensorboard(directory: Path) -> None:
    """Log to event files: the first run as tensors, as TensorFlow 2 does, the second as scalars."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary import Writer
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    tensors = Writer(str(directory / "resnet18-imagenet-full-knee-fold1"))
    scalars = EventFileWriter(str(directory / "resnet18-imagenet-linear-knee-fold2"))
    for epoch in (1, 2, 3):
        for tag, value in metrics(0, epoch).items():
            tensors.add_scalar(tag, value, epoch)
        values = [Summary.Value(tag=t, simple_value=v) for t, v in metrics(1, epoch).items()]
        scalars.add_event(Event(step=epoch, wall_time=epoch, summary=Summary(value=values)))
    tensors.close()
    scalars.close()


def main() -> None:
    """Write all of them into the folder that the first argument names."""
    directory = Path(sys.argv[1]).absolute()
    directory.mkdir(parents=True, exist_ok=True)
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    os.chdir(directory)
    write_mlflow(f"sqlite:///{directory}/mlflow.db")
    write_mlflow(f"file://{directory}/mlruns")
    write_wandb(directory)
    write_tensorboard(directory / "tensorboard")
    database = directory / "mlflow.db"
    (directory / "mlflow.db.gz").write_bytes(gzip.compress(database.read_bytes(), mtime=0))
    database.unlink()
    for pattern in ("wandb/*/logs", "wandb/*/files", "mlruns/*/*/tags"):
        for folder in directory.glob(pattern):
            shutil.rmtree(folder)
    for link in directory.glob("wandb/*"):
        if link.is_symlink():
            link.unlink()


if __name__ == "__main__":
    main()
