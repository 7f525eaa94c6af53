"""Score tables: a block per dataset, a row per network and adaptation, intervals over folds."""

from collections.abc import Mapping

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, matching, slug, span
from reports.exhibits.settings import TREATMENT
from reports.formatting import percent
from reports.network_names import NetworkName
from reports.tables.model import Block, Column, Number, Row, Table, with_best_marked
from reports.wording import adaptation_name, is_better_small, method_name, score_name

CELL = ("backbone", "pretraining", *TREATMENT, "pooling", "head")
STUBS = ("backbone", "pretraining", "pooling", "head")
COLUMN = ("split", "confidence_source", "token", "n_neighbours", "score")
PRIMARY = (
    ("auc", "auc_ovr_weighted"),  # the second is the first where there are two classes
    ("map_macro",),
    ("kappa_quadratic",),
    ("accuracy",),
)
TEST_SCORES = (("accuracy",), ("balanced_accuracy",), ("ece_width_15",))
SOURCE_SCORES = ("accuracy",)


def build(data: Data) -> list[Artefact]:
    """Return one table per origin and kind of uncertainty, a block per dataset."""
    artefacts = []
    kinds = data.frames["scores"].select("origin", "uncertainty").unique(maintain_order=True)
    for origin, kind in kinds.iter_rows():
        is_only = kinds.filter(origin=origin).height == 1
        source = data.select("scores", origin=origin, **({} if is_only else {"uncertainty": kind}))
        pairs = data.select("comparisons", origin=origin)
        columns = _columns(source.rows)
        if columns:
            artefacts.append(
                Artefact(
                    name=slug("scores", origin, None if is_only else kind),
                    caption=f"Scores of the runs of {origin}"
                    + ("" if is_only else f", intervals over {kind}s")
                    + ", × 100.",
                    content=_table(source.rows, columns, pairs.rows),
                    sources=(source, pairs),
                )
            )
    return artefacts


def _columns(rows: pl.DataFrame) -> list[Mapping[str, object]]:
    """Return what distinguishes the columns: the task's own score, then calibration, then k-NN."""
    present = rows.select(COLUMN).unique().sort(COLUMN)
    head = present.filter(split="test", confidence_source="head")
    recorded = set(head["score"].to_list())
    primary = [scores for scores in PRIMARY if recorded & set(scores)][:1]
    wanted = dict.fromkeys(s for s in (*primary, *TEST_SCORES) if recorded & set(s))
    columns: list[Mapping[str, object]] = [
        {"split": "test", "confidence_source": "head", "score": scores} for scores in wanted
    ]
    votes = present.filter(pl.col("score").is_in(SOURCE_SCORES), confidence_source="knn")
    first = votes.filter(split="source").head(1).iter_rows(named=True)
    return [*columns, *(row | {"score": (row["score"],)} for row in first)]


def _table(rows: pl.DataFrame, columns: list[Mapping[str, object]], pairs: pl.DataFrame) -> Table:
    stubs = [name for name in STUBS if rows[name].n_unique() > 1]
    blocks = [
        Block(
            _block(rows.filter(dataset=dataset), columns, stubs, pairs.filter(dataset=dataset)),
            heading=dataset,
        )
        for dataset in rows["dataset"].unique(maintain_order=True)
    ]
    return Table(
        columns=(
            *(Column(stub) for stub in stubs),
            Column("adaptation"),
            *(_heading(column) for column in columns),
        ),
        blocks=tuple(blocks),
        notes=_notes(rows, stubs, _tested(columns, pairs)),
    )


def _block(
    rows: pl.DataFrame,
    columns: list[Mapping[str, object]],
    stubs: list[str],
    pairs: pl.DataFrame,
) -> tuple[Row, ...]:
    cells = rows.select("dataset", *CELL).unique(maintain_order=True).to_dicts()
    names = [str(NetworkName.of(cell)) for cell in cells]
    numbers = []
    for column in columns:
        column_cells = [_number(rows, cell, column) for cell in cells]
        largest = not is_better_small(_score(column))
        own = pairs.filter(matching(_compared(column)))
        tied = tied_with_best(own, names, column_cells, largest=largest)
        numbers.append(with_best_marked(column_cells, largest=largest, tied=tied))
    return tuple(
        Row(
            (
                *(cell[stub] for stub in stubs),
                adaptation_name(*(cell[name] for name in TREATMENT)),
                *(column[index] for column in numbers),
            )
        )
        for index, cell in enumerate(cells)
    )


def _compared(column: Mapping[str, object]) -> dict[str, object]:
    names = ("split", "confidence_source", "n_neighbours")
    return {"score": _score(column)} | {n: column[n] for n in names if n in column}


def _tested(columns: list[Mapping[str, object]], pairs: pl.DataFrame) -> pl.DataFrame:
    """Return the comparisons on one dataset that the daggers of these columns rest on."""
    own = pairs.filter(pl.col("dataset").is_not_null(), pl.col("p_adjusted").is_not_null())
    return pl.concat([own.clear(), *(own.filter(matching(_compared(one))) for one in columns)])


def tied_with_best(
    pairs: pl.DataFrame, names: list[str], cells: list[Number], *, largest: bool = True
) -> list[int]:
    """Return the cells that a test does not tell from each best one, at the level of the test.

    Parameters
    ----------
    pairs : DataFrame
        Comparisons on one dataset and of one score: ``first, second, p_adjusted, level``.
    names : list of str
        Network of each cell, as `NetworkName` gives it.
    cells : list of Number
        Means.
    largest : bool, default True
        Whether more is better.

    Returns
    -------
    list of int
        Positions, those that have no test against the best among them; empty where no pair was
        tested.
    """
    tested = pairs.filter(pl.col("p_adjusted").is_not_null())
    means = {index: cell.value for index, cell in enumerate(cells) if cell.value is not None}
    if tested.is_empty() or not means:
        return []
    extreme = (max if largest else min)(means.values())
    best = [names[index] for index, mean in means.items() if mean == extreme]
    told = tested.filter(pl.col("p_adjusted") < 1 - pl.col("level"))
    pairs_told = {*told.select("first", "second").iter_rows()}
    pairs_told |= {(second, first) for first, second in pairs_told}
    return [
        index
        for index in means
        if names[index] not in best and not all((one, names[index]) in pairs_told for one in best)
    ]


def _score(column: Mapping[str, object]) -> str:
    scores = column["score"]
    return scores[0] if isinstance(scores, tuple) else str(scores)


def _heading(column: Mapping[str, object]) -> Column:
    label = score_name(_score(column))
    if column["confidence_source"] == "knn":
        return Column(f"{label} (k = {column['n_neighbours']})", "k-NN, source probe")
    return Column(label, "held-out fold")


def _number(rows: pl.DataFrame, cell: Mapping[str, object], column: Mapping[str, object]) -> Number:
    for row in rows.filter(matching({**cell, **column})).head(1).iter_rows(named=True):
        ends = (row["ci_low"], row["ci_high"])
        return Number(
            row["estimate"],
            digits=1,
            scale=100,
            interval=ends if None not in ends else None,
            where={**cell, **column},
            uncertainty=row["uncertainty"],
        )
    return Number(None)


def where_none_varies(rows: pl.DataFrame) -> str:
    """Return what a spread of nothing does not say; '' where all runs of a cell differ."""
    if not (rows["sd"] == 0).any():
        return ""
    return " Where all runs of a cell give one number, the images it rests on still vary."


def _notes(rows: pl.DataFrame, stubs: list[str], tested: pl.DataFrame) -> tuple[str, ...]:
    kinds = rows.select("uncertainty", "method", "level").unique().sort(pl.all())
    intervals = "; ".join(
        f"{percent(level)} interval over {uncertainty}s ({method_name(method)})"
        for uncertainty, method, level in kinds.iter_rows()
    )
    same = ", ".join(f"{name} {rows[name][0]}" for name in STUBS if name not in stubs)
    sizes = tested["family_size"].drop_nulls()
    family = "" if sizes.is_empty() else f", family of {span(sizes)} tests"
    return (
        *((f"All: {same}.",) if same else ()),
        f"Mean over runs and, in brackets, {intervals}; {span(rows['n_runs'])} runs in a cell."
        + where_none_varies(rows),
        "Marked: the best mean of a column on a dataset. † not told from it by a test of all pairs "
        f"(corrected for folds; Holm{family}), or without a test; none where no pair was tested.",
    )


EXHIBIT = Exhibit(
    name="scores",
    title="Scores",
    queries=("scores", "comparisons"),
    build=build,
    missing="no intervals of scores; repdrift analysis run fills them",
)
