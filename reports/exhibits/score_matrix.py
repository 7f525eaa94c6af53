"""Networks by datasets: what Zu et al. and Pales Huix et al. print, from runs."""

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, Selection, matching, slug
from reports.style import network
from reports.tables.model import Block, Column, Number, Row, Table, with_best_marked
from reports.wording import adaptation_name, is_better_small, score_name

LINE = ("adaptation", "n_blocks", "backbone", "pretraining", "pooling", "head")
TASK_SCORES = ("auc", "auc_ovr_weighted", "map_macro", "kappa_quadratic", "accuracy")
MOST_DATASETS = 8


def build(data: Data) -> list[Artefact]:
    """Return tables of task scores and of k-NN accuracy, per origin with several datasets."""
    artefacts = []
    for origin in data.frames["scores"]["origin"].unique(maintain_order=True):
        task = data.select(
            "scores", origin=origin, split="test", confidence_source="head", score=TASK_SCORES
        )
        source = data.select(
            "scores", origin=origin, split="source", confidence_source="knn", score="accuracy"
        )
        for name, title, selection in (
            ("task", "Score on the held-out fold", task),
            ("knn", "k-NN accuracy on the source probe after fine-tuning", source),
        ):
            if selection.rows["dataset"].n_unique() > 1:
                artefacts.append(_artefact(name, title, selection))
    return artefacts


def _artefact(name: str, title: str, source: Selection) -> Artefact:
    chosen = _one_score_per_dataset(source.rows)
    datasets = chosen["dataset"].unique(maintain_order=True).to_list()[:MOST_DATASETS]
    origin = source.where["origin"]
    left_out = chosen["dataset"].n_unique() - len(datasets)
    return Artefact(
        name=slug("matrix", name, origin),
        caption=f"{title} by network and dataset ({origin}), × 100."
        + (f" {left_out} more in the CSV." if left_out else ""),
        content=_table(chosen, datasets),
        sources=(source,),
    )


def _one_score_per_dataset(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows of the task's own score: the first of the list that a dataset has."""
    order = {score: place for place, score in enumerate(TASK_SCORES)}
    place = pl.col("score").replace_strict(order)
    fewest = pl.col("n_neighbours").min().over("dataset")
    return rows.filter(place == place.min().over("dataset"), pl.col("n_neighbours") == fewest)


def _table(rows: pl.DataFrame, datasets: list[str]) -> Table:
    lines = rows.select(LINE).unique().sort(LINE).to_dicts()
    scores = {dataset: rows.filter(dataset=dataset)["score"][0] for dataset in datasets}
    columns = [
        with_best_marked(
            [_number(rows, {**line, "dataset": dataset}) for line in lines],
            largest=not is_better_small(scores[dataset]),
        )
        for dataset in datasets
    ]
    varies = [name for name in ("pooling", "head") if rows[name].n_unique() > 1]
    blocks: dict[str, list[Row]] = {}
    for index, line in enumerate(lines):
        heading = adaptation_name(line["adaptation"], line["n_blocks"])
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
            f"Mean ± SD over {_varying(rows)}s. Marked: the best mean of a column; the table of "
            "pairs says which differences survive a test.",
        ),
    )


def _number(rows: pl.DataFrame, where: dict[str, object]) -> Number:
    for row in rows.filter(matching(where)).iter_rows(named=True):
        return Number(row["estimate"], digits=1, spread=row["sd"], scale=100, where=where)
    return Number(None)


def _varying(rows: pl.DataFrame) -> str:
    return " and ".join(sorted(set(rows["uncertainty"])))


EXHIBIT = Exhibit(
    name="score-matrix",
    title="Networks by datasets",
    queries=("scores",),
    build=build,
    missing="no scores on two datasets or more",
)
