"""What the head reads: scores on the CLS token, and what the average of all patches adds."""

from collections.abc import Mapping

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, Selection, slug, span
from reports.exhibits.score_matrix import (
    SET,
    best_note,
    cell_number,
    compared,
    one_score_per_dataset,
    sets_of_one_kind,
    varying,
)
from reports.exhibits.scores import tied_with_best, where_none_varies
from reports.exhibits.settings import TREATMENT
from reports.formatting import percent
from reports.network_names import NetworkName
from reports.style import network
from reports.tables.model import Block, Column, Number, Row, Table, with_best_marked
from reports.wording import TASK_SCORES, adaptation_name, score_name

LINE = (*TREATMENT, "backbone", "pretraining", "head")
MOST_DATASETS = 5
KINDS = (
    ("task", "Score on the held-out fold", {"split": "test", "confidence_source": "head"}),
    (
        "knn",
        "k-NN accuracy on the source probe after fine-tuning",
        {"split": "source", "confidence_source": "knn", "score": "accuracy"},
    ),
)


def build(data: Data) -> list[Artefact]:
    """Return tables of task scores and of k-NN accuracy, per set of runs with both poolings."""
    artefacts = []
    for runs in sets_of_one_kind(data.frames["scores"]):
        for name, title, where in KINDS:
            score = where.get("score", TASK_SCORES)
            source = data.select(
                "scores", **runs, pooling=("cls", "mean"), **(where | {"score": score})
            )
            compared_on = {n: where[n] for n in ("split", "confidence_source")}
            pairs = data.select("comparisons", **{n: runs[n] for n in SET}, **compared_on)
            own = source.rows.filter(
                (pl.col("confidence_source") == "head") | (pl.col("token") == pl.col("pooling"))
            )
            if own["pooling"].n_unique() == 2:
                stem = slug("pooling", name, *runs.values())
                artefacts.append(_artefact(stem, title, source, own, pairs))
    return artefacts


def _artefact(
    name: str, title: str, source: Selection, rows: pl.DataFrame, pairs: Selection
) -> Artefact:
    chosen = one_score_per_dataset(rows)
    datasets = chosen["dataset"].unique(maintain_order=True).to_list()[:MOST_DATASETS]
    return Artefact(
        name=name,
        caption=(
            f"{title} with the CLS token, and the difference that the average of all patches makes"
            f" ({source.where['origin']}), × 100."
        ),
        content=_table(chosen, pairs.rows, datasets),
        sources=(source, pairs),
    )


def _table(rows: pl.DataFrame, pairs: pl.DataFrame, datasets: list[str]) -> Table:
    lines = rows.select(LINE).unique().sort(LINE).to_dicts()
    scores = {dataset: rows.filter(dataset=dataset)["score"][0] for dataset in datasets}
    columns: list[list[Number]] = []
    for dataset in datasets:
        own = compared(pairs, rows.filter(dataset=dataset))
        cls = [cell_number(rows, {**line, "pooling": "cls", "dataset": dataset}) for line in lines]
        names = [str(NetworkName.of({**line, "pooling": "cls"})) for line in lines]
        columns.append(with_best_marked(cls, tied=tied_with_best(own, names, cls)))
        columns.append([_difference(own, line) for line in lines])
    has_heads = rows["head"].n_unique() > 1
    blocks: dict[str, list[Row]] = {}
    for index, line in enumerate(lines):
        texts = (network(line["backbone"], line["pretraining"]), *([line["head"]] * has_heads))
        heading = adaptation_name(*(line[name] for name in TREATMENT))
        blocks.setdefault(heading, []).append(Row((*texts, *(c[index] for c in columns))))
    return Table(
        columns=(
            Column("network"),
            *((Column("head"),) if has_heads else ()),
            *(
                column
                for dataset in datasets
                for column in (
                    Column(score_name(scores[dataset]), dataset),
                    Column("mean − CLS", dataset),
                )
            ),
        ),
        blocks=tuple(Block(tuple(rows), heading) for heading, rows in blocks.items()),
        notes=_notes(rows, pairs),
    )


def _difference(pairs: pl.DataFrame, line: Mapping[str, object]) -> Number:
    """Return the mean of second less first of the pair of poolings, with its interval."""
    first, second = (str(NetworkName.of({**line, "pooling": one})) for one in ("cls", "mean"))
    for row in pairs.filter(first=first, second=second).iter_rows(named=True):
        ends = (row["ci_low"], row["ci_high"])
        where = {
            name: row[name] for name in ("dataset", "score", "n_neighbours", "first", "second")
        }
        interval = None if None in ends else ends
        return Number(row["estimate"], digits=1, scale=100, interval=interval, where=where)
    return Number(None)


def _notes(rows: pl.DataFrame, pairs: pl.DataFrame) -> tuple[str, ...]:
    notes = [
        f"Mean ± SD over {varying(rows)}s, {span(rows['n_runs'])} runs in a cell."
        + where_none_varies(rows)
    ]
    if len(pairs):
        notes.append(
            "mean − CLS: mean of the paired differences of runs that share fold and seed, with its "
            f"{percent(pairs['level'][0])} interval; – where none do."
        )
    return (*notes, best_note(compared(pairs, rows)))


EXHIBIT = Exhibit(
    name="pooling",
    title="CLS token or average of all patches, from runs",
    queries=("scores", "comparisons"),
    build=build,
    missing="no runs whose heads read the CLS token beside runs whose heads read the average",
)
