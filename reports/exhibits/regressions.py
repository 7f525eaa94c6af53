"""Regression tables: the slope of an outcome on similarity per layer, naive and honest."""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, Selection, matching, slug, span
from reports.exhibits.outcomes import FIGURE, PANEL_ROW, is_shown, panel_heading
from reports.formatting import number, percent
from reports.layers import layer_order
from reports.tables.model import LEAST_P, Block, Cell, Column, Number, Row, Table
from reports.wording import measure_name, outcome_name

TRIMMED = "without_outliers"
SIZE_ALARM = (
    "Caution: datasets differ in their numbers of test images, and a calibration error is larger "
    "on fewer images by noise alone, so a slope between datasets may be one of sizes (size_alarm "
    "in the CSV). Compare it with that of the debiased error, and within datasets."
)
METHODS = (("ols", "naive"), ("cluster_cr1", "clustered"), ("wild_cluster", "wild"))


def build(data: Data) -> list[Artefact]:
    """Return one table per origin, outcome, measure, token and probe."""
    artefacts = []
    for key in data.frames["regressions"].select(FIGURE).unique(maintain_order=True).rows():
        where = dict(zip(FIGURE, key, strict=True))
        source = data.select("regressions", **where)
        fitted = source.rows.filter(method="ols", term="similarity", status="fitted")
        if is_shown(str(where["outcome"])) and len(fitted):
            artefacts.append(_artefact(source, fitted))
    return artefacts


def _artefact(source: Selection, fitted: pl.DataFrame) -> Artefact:
    where = source.where
    return Artefact(
        name=slug("regressions", *(where[name] for name in FIGURE)),
        caption=(
            f"Slope of {outcome_name(str(where['outcome']))} on "
            f"{measure_name(str(where['measure']))} to the pre-trained model "
            f"({where['token']} features, {where['probe']} probe, {where['origin']})."
        ),
        content=_table(source.rows, fitted),
        sources=(source,),
    )


def _table(rows: pl.DataFrame, fitted: pl.DataFrame) -> Table:
    slopes = rows.filter(term="similarity")
    has_joint = slopes["p_max_t"].count() > 0
    methods = [pair for pair in METHODS if slopes.filter(method=pair[0], status="fitted").height]
    blocks = []
    keys = fitted.select(PANEL_ROW).unique().sort(PANEL_ROW)
    for key in keys.iter_rows(named=True):
        own = slopes.filter(matching(key))
        layers = layer_order(fitted.filter(matching(key))["layer"].to_list())
        blocks.append(
            Block(
                rows=tuple(
                    _row(own.filter(layer=layer), key, layer, methods, has_joint=has_joint)
                    for layer in layers
                ),
                heading=panel_heading(key, keys),
            )
        )
    slope = f"slope [{percent(fitted['level'][0])} interval]"
    return Table(
        columns=(
            Column("layer"),
            Column(slope),
            Column("R²"),
            Column(slope, "without outliers"),
            Column("left out", "without outliers"),
            *(Column(label, "p") for _, label in methods),
            Column("Holm", "p"),
            *((Column("joint", "p"),) if has_joint else ()),
            Column("runs"),
            Column("clusters"),
        ),
        blocks=tuple(blocks),
        notes=_notes(slopes),
    )


def _row(
    rows: pl.DataFrame,
    key: Mapping[str, str],
    layer: str,
    methods: list[tuple[str, str]],
    *,
    has_joint: bool,
) -> Row:
    by_method = {row["method"]: row for row in rows.iter_rows(named=True)}
    where = {**key, "layer": layer, "term": "similarity"}
    ols = by_method["ols"]
    honest = next(
        (m for m, _ in reversed(methods) if _value(by_method, m, "p_adjusted") is not None), "ols"
    )

    def shown(method: str, column: str, digits: int = 3) -> Number:
        value = _value(by_method, method, column)
        least = LEAST_P if column.startswith("p_") else 0.0
        return Number(value, digits, where={**where, "method": method}, column=column, least=least)

    def slope(method: str) -> Number:
        low, high = (_value(by_method, method, end) for end in ("ci_low", "ci_high"))
        interval = None if low is None or high is None else (low, high)
        return replace(shown(method, "estimate"), interval=interval)

    n_inside = _value(by_method, TRIMMED, "n_runs")
    cells: list[Cell] = [
        layer,
        slope("ols"),
        shown("ols", "r_squared", 2),
        slope(TRIMMED),
        number(None if n_inside is None else ols["n_runs"] - n_inside, 0),
        *(shown(method, "p_value") for method, _ in methods),
        shown(honest, "p_adjusted"),
        *((shown("wild_cluster", "p_max_t"),) if has_joint else ()),
        number(ols["n_runs"], 0),
        number(ols["n_clusters"], 0),
    ]
    return Row(tuple(cells))


def _value(
    rows: Mapping[str, Mapping[str, float | None]], method: str, column: str
) -> float | None:
    return rows[method][column] if method in rows else None


def _notes(slopes: pl.DataFrame) -> tuple[str, ...]:
    notes = [
        "Interval and naive p: least squares as if runs were independent. Clustered: standard "
        "errors by dataset (CR1). Wild: wild cluster bootstrap. Dash: undefined, for a reason that "
        "the CSV gives, or not computed.",
        "Without outliers: the same fit without the runs left out, whose similarity or outcome "
        "lies more than 1.5 interquartile ranges outside its quartiles (Tukey).",
    ]
    if (sizes := slopes["family_size"].drop_nulls()).len():
        notes.append(
            "Holm: the p-value left of it, adjusted among the networks and layers of this table "
            f"with the same adaptation ({span(sizes)} tests; the CSV names the family)."
        )
    if slopes["p_max_t"].count():
        notes.append(
            "Joint: adjusted in the same family by the largest t of a wild bootstrap of all of its "
            "slopes together, step by step (Romano and Wolf)."
        )
    if slopes["size_alarm"].any():
        notes.append(SIZE_ALARM)
    return tuple(notes)


EXHIBIT = Exhibit(
    name="regressions",
    title="Regressions on similarity",
    queries=("regressions",),
    build=build,
    missing="no regressions; repdrift analysis run fills them",
)
