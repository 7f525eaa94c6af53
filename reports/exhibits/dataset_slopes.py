"""How many slopes within single datasets are left when all of them are tested at once."""

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, Selection, slug
from reports.exhibits.outcomes import PANEL_ROW, is_shown, own_setting
from reports.exhibits.settings import of_own_head
from reports.formatting import number, percent
from reports.style import network
from reports.tables.model import LEAST_P, Block, Column, Number, Row, Table
from reports.wording import measure_name, outcome_name, sentence

KEY = ("origin", "study", "measure", "token", "probe")
LEVEL = 0.05


def build(data: Data) -> list[Artefact]:
    """Return, per study and measure, what is left of the slopes of every network and outcome."""
    artefacts = []
    for key in data.frames["dataset_slopes"].select(KEY).unique(maintain_order=True).rows():
        source = data.select("dataset_slopes", **dict(zip(KEY, key, strict=True)))
        is_seen = pl.col("outcome").map_elements(is_shown, return_dtype=pl.Boolean)
        rows = of_own_head(data, source.rows.filter(is_seen))
        if len(rows):
            artefacts.append(_artefact(source, rows))
    return artefacts


def _artefact(source: Selection, rows: pl.DataFrame) -> Artefact:
    where = source.where
    return Artefact(
        name=slug("dataset-slopes", *(where[name] for name in KEY)),
        caption=(
            "Slopes within single datasets and layers, and those left when all of a network are "
            f"tested at once: outcomes on {measure_name(str(where['measure']))} to the pre-trained "
            f"model ({where['token']} features, {where['probe']} probe, {where['origin']})."
        ),
        content=_table(rows),
        sources=(source,),
    )


def _table(rows: pl.DataFrame) -> Table:
    keys = rows.select(PANEL_ROW).unique()
    return Table(
        columns=(
            Column("network"),
            Column("slopes"),
            Column("falling", "of them"),
            Column("p < 0.05 alone", "of them"),
            Column("left", "of them"),
            Column("dataset", "smallest p"),
            Column("layer", "smallest p"),
            Column("slope", "smallest p"),
            Column("adjusted", "smallest p"),
        ),
        blocks=tuple(
            Block(
                tuple(
                    _row(own, keys) for own in outcome.partition_by(PANEL_ROW, maintain_order=True)
                ),
                sentence(outcome_name(str(outcome["outcome"][0]))),
            )
            for outcome in rows.partition_by("outcome", maintain_order=True)
        ),
        notes=_notes(rows),
    )


def _row(rows: pl.DataFrame, keys: pl.DataFrame) -> Row:
    """Return the slopes of one network: how many there are, how many are left, the surest one."""
    first = rows.sort("p_adjusted", "p_value", maintain_order=True).row(0, named=True)
    where = {name: first[name] for name in (*PANEL_ROW, "layer", "outcome", "dataset")}
    falling, alone, left = (
        rows.filter(condition).height
        for condition in (
            pl.col("slope") < 0,
            pl.col("p_value") < LEVEL,
            pl.col("p_adjusted") < LEVEL,
        )
    )
    return Row(
        (
            f"{network(first['backbone'], first['pretraining'])}, {own_setting(first, keys)}",
            *(number(count, 0) for count in (len(rows), falling, alone, left)),
            first["dataset"],
            first["layer"],
            Number(first["slope"], 3, where=where),
            Number(first["p_adjusted"], 3, where=where, column="p_adjusted", least=LEAST_P),
        )
    )


def _notes(rows: pl.DataFrame) -> tuple[str, ...]:
    return (
        "Within a dataset the folds (averaged over seeds), or the seeds, are the units. Alone: by "
        "permutation of the outcome over them. Left: p < 0.05 adjusted by the largest t over all "
        "datasets and layers of a network and outcome, the outcome permuted alike for all layers, "
        f"step by step ({rows['n_permutations'][0]:,} permutations).",
        f"By chance {percent(LEVEL)} of the slopes have p < 0.05 alone; with n units no p is below "
        "1 / n! (0.042 with four, 0.008 with five).",
    )


EXHIBIT = Exhibit(
    name="dataset-slopes",
    title="Slopes within single datasets",
    queries=("dataset_slopes",),
    build=build,
    missing="no slope within a dataset; it takes four folds or seeds",
)
