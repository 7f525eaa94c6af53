"""The points of the regression whose last coefficient is the effect that a claim is about."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import polars as pl

from analysis.conditions import unmet_condition
from analysis.regression.slope_differences import with_interaction
from analysis.regression.stacking import Model
from analysis.testing.claims import Claim
from warehouse.errors import nearest

Frames = Mapping[str, pl.DataFrame]
VALUES = {"summaries": {"mean": "value"}, "trajectories": {"similarity": "value"}}
KINDS_OF_SIMILARITY = ("layer", "token", "probe", "measure", "outcome")
SPLIT = ("n_folds", "n_train", "n_test")


def claimed_effects(claim: Claim, frames: Frames) -> tuple[pl.DataFrame, Model]:
    """Gather the points of a claim and their model.

    Beside the columns of the model the points have ``panel``, ``cluster`` and ``run_ids``, of both
    sides of a pair and of their starts.

    Parameters
    ----------
    claim : Claim
        What is claimed.
    frames : mapping of str to DataFrame
        As `analysis.steps.claims.judge` takes them.

    Raises
    ------
    ValueError
        If the claim names a column that is not there, filters text by a number, or is about a slope
        and a run is in one panel twice.
    """
    rows = _rows(claim, frames)
    _require_columns(claim.over, rows)
    points = _filtered(rows, claim.where).with_columns(run_ids=pl.concat_list("run_id"))
    if "slope" in claim.kind:
        points, model = _slope_points(claim, _with_panels(claim, points))
    else:
        points, model = _with_panels(claim, _paired_points(claim, points)), Model(predictor=None)
    return points.with_columns(cluster="dataset"), replace(model, cluster="cluster")


def _with_panels(claim: Claim, points: pl.DataFrame) -> pl.DataFrame:
    names = [pl.col(name).cast(pl.String) for name in claim.over]
    panel = pl.concat_str(names, separator=" ", ignore_nulls=True) if names else pl.lit("all")
    return points.with_columns(panel=panel)


def _slope_points(claim: Claim, points: pl.DataFrame) -> tuple[pl.DataFrame, Model]:
    if claim.kind == "slope":
        _require_runs_once(claim, points, ["panel", "run_id"])
        return points, Model()
    _require_columns([claim.between], points)
    both = points.filter(pl.col(claim.between).is_in([claim.first, claim.second]))
    _require_runs_once(claim, both, ["panel", claim.between, "run_id"])
    is_second = pl.col(claim.between) == claim.second
    return with_interaction(both, Model(), is_second=is_second, by=["panel", claim.between])


def _require_runs_once(claim: Claim, points: pl.DataFrame, key: list[str]) -> None:
    """Refuse a regression in which one run is several points: they are not independent."""
    repeated = points.filter(pl.struct(key).is_duplicated())
    if repeated.is_empty():
        return
    first = repeated.filter(pl.col(name) == repeated[name][0] for name in key)
    kinds = [name for name in KINDS_OF_SIMILARITY if name in first.columns]
    differing = [name for name in kinds if first[name].n_unique() > 1]
    raise ValueError(
        f"claim {claim.id}: run {first['run_id'][0]} is in panel {first['panel'][0]} "
        f"{len(first)} times, with several of {', '.join(differing)}: name it in where or over"
    )


def _paired_points(claim: Claim, rows: pl.DataFrame) -> pl.DataFrame:
    if claim.kind == "mean":
        return rows.with_columns(outcome_value=pl.col("value") - claim.threshold)
    keys = list(dict.fromkeys([*claim.over, *claim.pair_on, "dataset"]))
    _require_columns(keys, rows)
    first, second = (
        _side(rows, side, start, keys)
        for side, start in (
            (claim.first, claim.first_start),
            (claim.second, claim.second_start),
        )
    )
    paired = second.join(first, on=keys, nulls_equal=True, suffix="_first")
    return paired.with_columns(
        outcome_value=pl.col("value") - pl.col("value_first"),
        run_ids=pl.concat_list("run_ids", "run_ids_first"),
    )


def _side(
    rows: pl.DataFrame, side: Mapping[str, Any], start: Mapping[str, Any] | None, keys: list[str]
) -> pl.DataFrame:
    """Return what is compared, less its start, one row per pairing."""
    sizes = [name for name in SPLIT if name in rows.columns and name not in keys]
    means = [
        _filtered(rows, which)
        .group_by(keys, maintain_order=True)
        .agg(pl.col("value", *sizes).mean(), pl.col("run_id").min(), pl.col("run_ids").explode())
        for which in (side, start)
        if which is not None
    ]
    if start is None:
        return means[0]
    both = means[0].join(means[1], on=keys, nulls_equal=True, suffix="_start")
    return both.with_columns(
        value=pl.col("value") - pl.col("value_start"),
        run_ids=pl.concat_list("run_ids", "run_ids_start"),
    )


def unmet(claim: Claim, frames: Frames) -> str:
    """Say why no run fits a claim: the first of its filters that no row meets.

    Parameters
    ----------
    claim, frames
        As `claimed_effects` takes them.
    """
    rows = _rows(claim, frames)
    sides = [side for side in (claim.first, claim.second) if side is not None]
    if claim.kind == "slope_difference":
        sides = [{claim.between: side} for side in sides]
    conditions = (item for part in (claim.where, *sides) for item in part.items())
    missing = unmet_condition(rows, conditions)
    return "no runs have all that it asks for" if missing is None else f"no run has {missing}"


def _rows(claim: Claim, frames: Frames) -> pl.DataFrame:
    return frames[claim.table].rename(VALUES.get(claim.table, {}))


def _filtered(rows: pl.DataFrame, where: Mapping[str, Any]) -> pl.DataFrame:
    _require_columns(where, rows)
    for name, value in where.items():
        is_text = rows.schema[name] == pl.String
        if any(isinstance(one, str) != is_text for one in _listed(value)):
            raise ValueError(f"{name} = {value!r}: {name} is {'text' if is_text else 'no text'}")
    return rows.filter(
        *(
            pl.col(name).is_in(value) if isinstance(value, list) else pl.col(name) == value
            for name, value in where.items()
        )
    )


def _require_columns(names: Iterable[str], rows: pl.DataFrame) -> None:
    missing = [name for name in names if name not in rows.columns]
    if missing:
        raise ValueError(f"no column {missing[0]!r}; {nearest(missing[0], rows.columns)}")


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
