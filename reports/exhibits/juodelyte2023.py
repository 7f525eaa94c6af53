"""Table 2 and Figure 6 of Juodelyte et al. (2023), from the results that they published."""

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, matching
from reports.exhibits.outcomes import outcome_figures
from reports.tables.model import Block, Column, Number, Row, Table, with_best_marked

PAPER = "juodelyte2023"
DATASETS = ("thyroid", "breast", "chest", "mammograms", "knee", "isic", "pcam-small")
CELLS = (
    ("ImageNet", "full", "no freeze", "ImageNet"),
    ("ImageNet", "head_then_full", "freeze", "ImageNet"),
    ("RadImageNet", "full", "no freeze", "RadImageNet"),
    ("RadImageNet", "head_then_full", "freeze", "RadImageNet"),
    ("random", "scratch", "random init", ""),
)


def table_2(data: Data) -> list[Artefact]:
    """Return their Table 2: mean ± SD of the AUC over five folds, best mean underlined."""
    source = data.select(
        "scores",
        origin=PAPER,
        split="test",
        confidence_source="head",
        score=("auc", "auc_ovr_weighted"),
    )
    rows = source.rows
    if rows.is_empty():
        return []
    order = [d for d in DATASETS if d in set(rows["dataset"])]
    order += sorted(set(rows["dataset"]) - set(DATASETS))
    table = Table(
        columns=(
            Column("target dataset"),
            *(Column(label, group) for _, _, label, group in CELLS),
        ),
        blocks=(Block(tuple(_row(rows, dataset) for dataset in order)),),
        notes=(
            "Mean ± SD over folds (n − 1), AUC × 100; multi-class targets one-vs-rest, weighted by "
            "class. Marked: highest mean of the row, no test implied.",
            "Rounded once. Three SDs of the paper are larger by 0.1, because they were rounded to "
            "0.01 before: 8.849 (thyroid, ImageNet, no freeze), 0.648 (isic) and 1.847 "
            "(pcam-small, both RadImageNet, freeze).",
        ),
    )
    return [
        Artefact(
            name=f"{PAPER}-table-2",
            caption="Juodelyte et al., Table 2: AUC after fine-tuning on the target datasets.",
            content=table,
            sources=(source,),
        )
    ]


def _row(rows: pl.DataFrame, dataset: str) -> Row:
    numbers = with_best_marked(
        [
            _number(rows, dataset=dataset, pretraining=pretraining, adaptation=adaptation)
            for pretraining, adaptation, _, _ in CELLS
        ]
    )
    return Row((dataset, *numbers))


def _number(rows: pl.DataFrame, **where: str) -> Number:
    for row in rows.filter(matching(where)).iter_rows(named=True):
        return Number(row["estimate"], digits=1, spread=row["sd"], scale=100, where=where)
    return Number(None)


def figure_6(data: Data) -> list[Artefact]:
    """Return their Figure 6: relative AUC gain on CCA, two networks by five layers."""
    outcomes = data.select("regressions", origin=PAPER, adaptation="full").rows["outcome"]
    gains = sorted({o for o in outcomes if o.startswith(("gain_ratio", "auc_gain_ratio"))})
    artefacts = []
    for outcome in gains[:1]:
        where = {
            "origin": PAPER,
            "adaptation": "full",
            "measure": "cca_mean_juodelyte",
            "outcome": outcome,
        }
        artefacts.extend(outcome_figures(data, where, name=f"{PAPER}-figure-6"))
    return artefacts


TABLE_2 = Exhibit(
    name=f"{PAPER}-table-2",
    title="Juodelyte et al. (2023), Table 2",
    queries=("scores",),
    build=table_2,
    missing="no imported scores; repdrift warehouse import juodelyte2023 DIR, then analysis run",
    paper=PAPER,
)
FIGURE_6 = Exhibit(
    name=f"{PAPER}-figure-6",
    title="Juodelyte et al. (2023), Figure 6",
    queries=("regressions", "similarity_by_outcome"),
    build=figure_6,
    missing="no regressions on imported runs; repdrift warehouse import, then analysis run",
    paper=PAPER,
)
