"""Simpson's paradox: slopes of all runs that point against the slopes within datasets."""

from collections.abc import Mapping

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, Selection, slug
from reports.exhibits.outcomes import PANEL_ROW, is_shown, own_setting
from reports.exhibits.settings import of_own_head
from reports.formatting import number, percent
from reports.layers import layer_order
from reports.style import network
from reports.tables.model import Block, Cell, Column, Number, Row, Table
from reports.wording import measure_name, outcome_name, sentence

KEY = ("origin", "study", "measure", "token", "probe")
HEADINGS = ("all runs", "within datasets", "between datasets")


def build(data: Data) -> list[Artefact]:
    """Return, per study and measure, every slope whose sign turns within datasets."""
    artefacts = []
    for key in data.frames["slope_signs"].select(KEY).unique(maintain_order=True).rows():
        source = data.select("slope_signs", **dict(zip(KEY, key, strict=True)))
        is_seen = pl.col("outcome").map_elements(is_shown, return_dtype=pl.Boolean)
        rows = of_own_head(data, source.rows.filter(is_seen))
        if len(rows):
            artefacts.append(_artefact(source, rows))
    return artefacts


def _artefact(source: Selection, rows: pl.DataFrame) -> Artefact:
    where = source.where
    return Artefact(
        name=slug("signs", *(where[name] for name in KEY)),
        caption=(
            "Where the slope of all runs and the slope within datasets have opposite signs: "
            f"outcomes on {measure_name(str(where['measure']))} to the pre-trained model "
            f"({where['token']} features, {where['probe']} probe, {where['origin']})."
        ),
        content=_table(rows),
        sources=(source,),
    )


def _table(rows: pl.DataFrame) -> Table:
    outcomes = rows.partition_by("outcome", maintain_order=True)
    has_between = bool(rows.filter(pl.col("is_reversed"), method="between").height)
    slopes = HEADINGS if has_between else HEADINGS[:2]
    return Table(
        columns=(
            Column("network"),
            Column("layer"),
            *(Column(label, "slope") for label in slopes),
            Column("both clear of 0"),
            Column("runs"),
            Column("datasets"),
        ),
        blocks=tuple(_block(own, n_slopes=len(slopes)) for own in outcomes),
        notes=_notes(rows, has_between=has_between),
    )


def _block(rows: pl.DataFrame, *, n_slopes: int) -> Block:
    """Return the slopes of one outcome that are reversed, or a line that says that none is."""
    found = rows.filter(pl.col("is_reversed"))
    cells = (*PANEL_ROW, "layer")
    n_reversed, n_slopes_of_all = (len(part.select(cells).unique()) for part in (found, rows))
    outcome = sentence(outcome_name(str(rows["outcome"][0])))
    heading = f"{outcome}: {n_reversed or 'none'} of {n_slopes_of_all} reversed"
    if found.is_empty():
        return Block((Row(("no sign differs", *[""] * (n_slopes + 4))),), heading)
    keys = rows.select(PANEL_ROW).unique()
    place = {layer: i for i, layer in enumerate(layer_order(found["layer"].to_list()))}
    ordered = found.with_columns(place=pl.col("layer").replace_strict(place))
    groups = ordered.sort(*PANEL_ROW, "place").partition_by(cells, maintain_order=True)
    return Block(tuple(_row(own, keys, n_slopes) for own in groups), heading)


def _row(rows: pl.DataFrame, keys: pl.DataFrame, n_slopes: int) -> Row:
    by_method = {row["method"]: row for row in rows.iter_rows(named=True)}
    first = by_method["ols"]
    # One estimate under two errors: those by dataset are the honest ones.
    pooled = by_method.get("cluster_cr3", first | {"ci_low": None, "ci_high": None})
    name = network(first["backbone"], first["pretraining"])
    cells: list[Cell] = [
        f"{name}, {own_setting(first, keys)}",
        first["layer"],
        *(
            _slope(one)
            for one in (pooled, by_method["within"], by_method.get("between"))[:n_slopes]
        ),
        "yes" if first["is_clear"] else "no",
        number(first["n_runs"], 0),
        number(first["n_clusters"], 0),
    ]
    return Row(tuple(cells))


def _slope(row: Mapping[str, object] | None) -> Number:
    if row is None:
        return Number(None, 3)
    low, high = row["ci_low"], row["ci_high"]
    return Number(
        row["estimate"],  # type: ignore[arg-type]
        3,
        interval=None if low is None or high is None else (low, high),  # type: ignore[arg-type]
        where={name: row[name] for name in (*PANEL_ROW, "layer", "outcome", "method")},
    )


def _notes(rows: pl.DataFrame, *, has_between: bool) -> tuple[str, ...]:
    between = " Between: a line through the means of datasets." if has_between else ""
    return (
        f"Brackets: {percent(rows['level'][0])} interval. All runs: least squares, standard errors "
        "by dataset (CR3); no brackets: undefined. Within: a constant per dataset, its runs as if "
        f"independent.{between}",
        "Both clear of 0: neither the interval of all runs nor that within datasets contains 0; "
        "where either does, its sign is open. Networks with runs of one dataset are not "
        "counted. The CSV has every slope, reversed or not.",
    )


EXHIBIT = Exhibit(
    name="signs",
    title="Slopes that turn within datasets",
    queries=("slope_signs",),
    build=build,
    missing="no slope within several datasets; repdrift analysis run fills them",
)
