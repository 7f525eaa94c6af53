"""Reads MLflow's stores: the SQLite database and the folder of files."""

import math
import sqlite3
from pathlib import Path

import yaml

from warehouse.errors import WarehouseError
from warehouse.importers.logged import LoggedRows

METRICS = """
select runs.run_uuid, experiments.name, runs.name, metrics.key, metrics.step,
    case when metrics.is_nan then null else metrics.value end
from metrics
join runs on metrics.run_uuid = runs.run_uuid
join experiments on runs.experiment_id = experiments.experiment_id
where runs.lifecycle_stage = 'active' and experiments.lifecycle_stage = 'active'
order by runs.start_time, runs.run_uuid, metrics.key, metrics.step, metrics.timestamp
"""


def read_mlflow(path: Path) -> LoggedRows:
    """History of every metric of every run that was not deleted.

    Columns: ``run`` (its id), ``experiment``, ``name``, ``metric``, ``step``, ``value``, and one
    for each parameter. Of several values of a metric at one step the last logged counts.

    Parameters
    ----------
    path : Path
        A SQLite database, or the folder ``mlruns``.

    Raises
    ------
    WarehouseError
        If it is neither.
    """
    logged = _from_files(path) if path.is_dir() else _from_sqlite(path)
    last = {(row["run"], row["metric"], row["step"]): row for row in logged.rows}
    return LoggedRows(list(last.values()), logged.notes)


def _from_sqlite(path: Path) -> LoggedRows:
    try:
        con = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
        try:
            parameters: dict[str, dict[str, str]] = {}
            for run, key, value in con.execute("select run_uuid, key, value from params"):
                parameters.setdefault(run, {})[key] = value
            history = con.execute(METRICS).fetchall()
            deleted = con.execute(
                "select count(*) from runs where lifecycle_stage <> 'active'"
            ).fetchone()[0]
        finally:
            con.close()
    except sqlite3.Error as error:
        raise WarehouseError(f"{path} is no database of MLflow: {error}") from error
    rows = [
        {
            **parameters.get(run, {}),
            **{"run": run, "experiment": experiment, "name": name or ""},
            **{
                "metric": key,
                "step": str(step),
                "value": repr(math.nan if value is None else value),
            },
        }
        for run, experiment, name, key, step, value in history
    ]
    return LoggedRows(rows, _deleted(deleted))


def _from_files(directory: Path) -> LoggedRows:
    rows: list[dict[str, str]] = []
    n_deleted = 0
    for file in sorted(directory.glob("*/*/meta.yaml")):
        try:
            meta = _yaml(file)
            experiment = str(_yaml(file.parents[1] / "meta.yaml")["name"])
            is_deleted = meta["lifecycle_stage"] != "active"
            described = {"run": str(meta["run_id"]), "name": str(meta.get("run_name") or "")}
        except (OSError, KeyError, TypeError, yaml.YAMLError) as error:
            raise WarehouseError(f"{file} does not describe a run of MLflow") from error
        n_deleted += is_deleted
        if not is_deleted:
            described = _texts(file.parent / "params") | described | {"experiment": experiment}
            rows += [described | metric for metric in _history(file.parent / "metrics")]
    return LoggedRows(rows, _deleted(n_deleted))


def _history(directory: Path) -> list[dict[str, str]]:
    """Rows of the files of metrics; each line is time, value and step."""
    return [
        {"metric": metric, "step": step, "value": value}
        for metric, lines in _texts(directory).items()
        for _, value, step in (line.split()[:3] for line in lines.splitlines())
    ]


def _texts(directory: Path) -> dict[str, str]:
    """Content of every file below a folder; a key with a slash is a folder with a file."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): path.read_text("utf-8") for path in files}


def _yaml(path: Path) -> dict[str, object]:
    content: dict[str, object] = yaml.safe_load(path.read_text("utf-8"))
    return content


def _deleted(n_runs: int) -> list[str]:
    return [f"{n_runs} deleted runs"] if n_runs else []
