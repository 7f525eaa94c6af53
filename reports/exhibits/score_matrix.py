"""Networks by datasets: what Zu et al. and Pales Huix et al. print, from runs."""

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, Selection, matching, slug
from reports.exhibits.scores import tied_with_best, where_none_varies
from reports.exhibits.settings import TREATMENT
from reports.network_names import NetworkName
from reports.style import network
from reports.tables.model import Block, Column, Number, Row, Table, with_best_marked
from reports.wording import TASK_SCORES, adaptation_name, is_better_small, score_name

LINE = (*TREATMENT, "backbone", "pretraining", "pooling", "head")
SET = ("origin", "study")
OWN_ROW = ("dataset", "score", "token", "n_neighbours")  # with LINE they pick one row
MOST_DATASETS = 8


def build(data: Data) -> list[Artefact]:
    """Return tables of task scores and of k-NN accuracy, per set of runs on several datasets."""
    artefacts = []
    for runs in sets_of_one_kind(data.frames["scores"]):
        pairs = data.select("comparisons", **{name: runs[name] for name in SET})
        task = data.select(
            "scores", **runs, split="test", confidence_source="head", score=TASK_SCORES
        )
        source = data.select(
            "scores", **runs, split="source", confidence_source="knn", score="accuracy"
        )
        for name, title, selection in (
            ("task", "Score on the held-out fold", task),
            ("knn", "k-NN accuracy on the source probe after fine-tuning", source),
        ):
            if selection.rows["dataset"].n_unique() > 1:
                artefacts.append(_artefact(name, title, selection, pairs))
    return artefacts


def sets_of_one_kind(rows: pl.DataFrame) -> list[dict[str, object]]:
    """Return what picks each set of runs, and where theirs differ each kind of uncertainty."""
    kinds = rows.group_by(SET, maintain_order=True).agg(pl.col("uncertainty").unique().sort())
    return [
        dict(zip(SET, key, strict=True)) | ({"uncertainty": kind} if len(found) > 1 else {})
        for *key, found in kinds.iter_rows()
        for kind in found
    ]


def _artefact(name: str, title: str, source: Selection, pairs: Selection) -> Artefact:
    chosen = one_score_per_dataset(source.rows)
    datasets = chosen["dataset"].unique(maintain_order=True).to_list()[:MOST_DATASETS]
    origin = source.where["origin"]
    left_out = chosen["dataset"].n_unique() - len(datasets)
    return Artefact(
        name=slug("matrix", name, *(source.where.get(part) for part in (*SET, "uncertainty"))),
        caption=f"{title} by network and dataset ({origin}), × 100."
        + (f" {left_out} more in the CSV." if left_out else ""),
        content=_table(chosen, datasets, pairs.rows),
        sources=(source, pairs),
    )


def one_score_per_dataset(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows of the task's own score: the first of the list that a dataset has.

    Parameters
    ----------
    rows : DataFrame
        Scores of cells, all of the head or all of neighbours; of those the fewest are kept.
    """
    order = {score: place for place, score in enumerate(TASK_SCORES)}
    place = pl.col("score").replace_strict(order)
    fewest = pl.col("n_neighbours").min().over("dataset")
    return rows.filter(place == place.min().over("dataset"), pl.col("n_neighbours") == fewest)


def _table(rows: pl.DataFrame, datasets: list[str], pairs: pl.DataFrame) -> Table:
    lines = rows.select(LINE).unique().sort(LINE).to_dicts()
    scores = {dataset: rows.filter(dataset=dataset)["score"][0] for dataset in datasets}
    names = [str(NetworkName.of(line)) for line in lines]
    columns = []
    for dataset in datasets:
        own = rows.filter(dataset=dataset)
        cells = [cell_number(own, line) for line in lines]
        largest = not is_better_small(scores[dataset])
        tied = tied_with_best(compared(pairs, own), names, cells, largest=largest)
        columns.append(with_best_marked(cells, largest=largest, tied=tied))
    varies = [name for name in ("pooling", "head") if rows[name].n_unique() > 1]
    blocks: dict[str, list[Row]] = {}
    for index, line in enumerate(lines):
        heading = adaptation_name(*(line[name] for name in TREATMENT))
        texts = (network(line["backbone"], line["pretraining"]), *(line[name] for name in varies))
        row = Row((*texts, *(column[index] for column in columns)))
        blocks.setdefault(heading, []).append(row)
    return Table(
        columns=(
            Column("network"),
            *(Column(name) for name in varies),
            *(Column(dataset, score_name(scores[dataset])) for dataset in datasets),
        ),
        blocks=tuple(Block(tuple(rows), heading) for heading, rows in blocks.items()),
        notes=(
            f"Mean ± SD over {varying(rows)}s.{where_none_varies(rows)}",
            best_note(compared(pairs, rows)),
        ),
    )


def compared(pairs: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the comparisons on the datasets and of the scores of some cells."""
    score = pl.col("score").replace("auc_ovr_weighted", "auc")
    cells = rows.select("dataset", "split", "confidence_source", "n_neighbours", score).unique()
    return pairs.join(cells, on=cells.columns, how="semi", maintain_order="left")


def best_note(pairs: pl.DataFrame) -> str:
    """Return what is underlined, and which test the daggers are of."""
    if pairs.is_empty():
        return "Underlined: the best mean of a column. No pair of networks was compared."
    sizes = sorted(set(pairs["family_size"].drop_nulls()))
    if not sizes:
        return (
            "Underlined: the best mean of a column. No pair has two runs in common: nothing tested."
        )
    family = " or ".join(f"{int(size)}" for size in sizes)
    return (
        "Underlined: the best mean of a column. † not told from it by a paired test of all pairs "
        f"(corrected for folds; Holm, family of {family} tests), or without a test."
    )


def cell_number(rows: pl.DataFrame, cell: dict[str, object]) -> Number:
    """Return the mean ± SD of the first row of a cell, × 100; a dash where it has none."""
    for row in rows.filter(matching(cell)).iter_rows(named=True):
        where = {**cell, **{name: row[name] for name in OWN_ROW}}
        return Number(
            row["estimate"], 1, row["sd"], scale=100, where=where, uncertainty=row["uncertainty"]
        )
    return Number(None)


def varying(rows: pl.DataFrame) -> str:
    """Return what varies between the runs of a cell."""
    return " and ".join(sorted(set(rows["uncertainty"])))


EXHIBIT = Exhibit(
    name="score-matrix",
    title="Networks by datasets",
    queries=("scores", "comparisons"),
    build=build,
    missing="no scores on two datasets or more",
)
