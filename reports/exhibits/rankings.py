"""Networks ranked over datasets, and compared pair by pair with a verdict each."""

from functools import partial

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, slug
from reports.figures.ranking import critical_difference
from reports.formatting import number, p_value
from reports.tables.model import LEAST_P, Block, Column, Number, Row, Table
from reports.wording import score_name, short_names

GROUP = ("origin", "study", "split", "confidence_source", "n_neighbours", "score")
LONGEST_NAME, NAME_MM = 34, 42.0  # longer names break
MOST_PAIRS = 60  # beyond, a choice of them; the CSV has all
FEW_DATASETS = 2  # a test across two of them has one degree of freedom
DUELS = (
    "P(second wins): probability that a run of the second beats one of the first, over datasets, "
    "with its interval over folds or seeds within these datasets."
)
SHOWN = ("auc", "accuracy", "balanced_accuracy", "kappa_quadratic", "map_macro")


def ranking_figures(data: Data) -> list[Artefact]:
    """Return one critical-difference diagram per origin and score."""
    artefacts = []
    for key in data.frames["rankings"].select(GROUP).unique(maintain_order=True).rows():
        source = data.select("rankings", **dict(zip(GROUP, key, strict=True)))
        rows, first = source.rows, source.rows.row(0, named=True)
        if first["score"] not in SHOWN:
            continue
        names, same = short_names(rows["network"].to_list())
        ranks = rows.with_columns(network=pl.Series(names))
        friedman = p_value(first["friedman_p_value"])
        artefacts.append(
            Artefact(
                name=slug("ranks", *key[:4], first["n_neighbours"] or None, first["score"]),
                caption=(
                    f"Mean rank by {score_name(first['score'])} over {first['n_datasets']} "
                    f"datasets ({first['origin']}{', all ' + same if same else ''}), with "
                    f"{first['level']:.0%} bootstrap intervals over datasets. Friedman test: "
                    f"{friedman}. Grey bars join networks that Nemenyi's test does not tell apart, "
                    "which does not make them the same."
                ),
                content=partial(critical_difference, ranks, critical=first["critical_difference"]),
                sources=(source,),
            )
        )
    return artefacts


def comparison_tables(data: Data) -> list[Artefact]:
    """Return one table per origin and score: every pair, across datasets and on each of them."""
    artefacts = []
    for key in data.frames["comparisons"].select(GROUP).unique(maintain_order=True).rows():
        source = data.select("comparisons", **dict(zip(GROUP, key, strict=True)))
        tested = source.rows.filter(pl.col("ci_low").is_not_null())
        is_short = len(tested) <= MOST_PAIRS or tested["dataset"].null_count()
        is_left_out = bool(data.conditions) and source.where["confidence_source"] != "head"
        if source.where["score"] not in SHOWN or tested.is_empty() or not is_short or is_left_out:
            continue
        artefacts.append(
            Artefact(
                name=slug("comparisons", *key[:4], key[4] or None, key[5]),
                caption=(
                    f"Pairs of networks by {score_name(str(key[5]))} ({key[0]}): is the second "
                    "better than the first? Differences × 100."
                ),
                content=_comparisons(tested, n_untested=len(source.rows) - len(tested)),
                sources=(source,),
            )
        )
    return artefacts


def _comparisons(rows: pl.DataFrame, *, n_untested: int) -> Table:
    names, same = short_names([*rows["first"], *rows["second"]])
    named = rows.with_columns(
        first_name=pl.Series(names[: len(rows)]), second_name=pl.Series(names[len(rows) :])
    )
    named = _readable(named)
    has_duels = named["improvement"].is_not_null().any()
    blocks = []
    for dataset in [None, *rows["dataset"].drop_nulls().unique(maintain_order=True)]:
        own = named.filter(pl.col("dataset").eq_missing(pl.lit(dataset)))
        if len(own):
            lines = tuple(_row(row, has_duels=has_duels) for row in own.iter_rows(named=True))
            blocks.append(Block(lines, dataset or "across datasets"))
    width_mm = NAME_MM if max(len(name) for name in names) > LONGEST_NAME else None
    untested = f" {n_untested} pairs share one run and have no interval: in the CSV alone."
    first = rows.row(0, named=True)
    sizes = sorted(set(rows["family_size"].drop_nulls()))
    return Table(
        columns=(
            Column("first", width_mm=width_mm),
            Column("second", width_mm=width_mm),
            Column("second − first [interval]"),
            Column("p"),
            Column("Holm"),
            Column("equivalent", "p"),
            Column("verdict"),
            Column("pairs"),
            *((Column("P(second wins)"),) if has_duels else ()),
        ),
        blocks=tuple(blocks),
        notes=(
            *((f"All: {same}.",) if same else ()),
            f"Interval: {first['level']:.0%}; on a dataset over folds (Nadeau-Bengio) or seeds "
            "(t), across datasets over their means (t). Pairs share folds or datasets."
            + untested
            * (n_untested > 0),
            "Holm: p adjusted in its family of "
            f"{' or '.join(number(size, 0) for size in sizes)} tests. Equivalent: two one-sided "
            f"tests against a difference of {number(first['margin'], 1, scale=100)} or more. "
            "Verdict on “the second is better”: supported, contradicted, equivalent to none, "
            "inconclusive.",
            *((DUELS,) if has_duels else ()),
        ),
    )


def _readable(pairs: pl.DataFrame) -> pl.DataFrame:
    """Return as many pairs as a reader looks through: across datasets, then of one difference.

    Where there are few datasets the tests on each of them say more than one across them.
    """
    if len(pairs) <= MOST_PAIRS:
        return pairs
    n_datasets = pairs["dataset"].drop_nulls().n_unique()
    is_across = pl.col("dataset").is_null()
    chosen = pairs.filter(~is_across if 0 < n_datasets <= FEW_DATASETS else is_across)
    one_apart = pl.Series(
        [differ_in_one(*pair) for pair in chosen.select("first", "second").rows()],
        dtype=pl.Boolean,
    )
    return chosen.filter(one_apart) if len(chosen) > MOST_PAIRS and one_apart.any() else chosen


def differ_in_one(first: str, second: str) -> bool:
    """Return whether two networks differ in one thing: the start, what was trained, or the head.

    Architecture and weights are one thing, random weights and training from scratch are too.

    Examples
    --------
    >>> differ_in_one("vit / dino / full / cls", "vit / random / scratch / cls")
    True
    >>> differ_in_one("vit / dino / full / cls", "vit / mae / linear / cls")
    False
    >>> differ_in_one("vit / dino / full / cls", "resnet / imagenet / full / cls")
    True
    """
    start, *rest = _things(first)
    other_start, *other_rest = _things(second)
    from_scratch = ("random" in start) != ("random" in other_start)
    n_others = sum(one != other for one, other in zip(rest, other_rest, strict=False))
    return (start != other_start) + n_others - from_scratch == 1


def _things(network: str) -> list[tuple[str, ...]]:
    backbone, pretraining, *others = network.split(" / ")
    return [(backbone, pretraining), *((part,) for part in others)]


def _row(row: dict[str, object], *, has_duels: bool) -> Row:
    where = {name: row[name] for name in ("dataset", "first", "second")}

    def shown(column: str, digits: int = 3, scale: float = 1.0) -> Number:
        least = LEAST_P if column.startswith("p_") else 0.0
        return Number(row[column], digits, scale=scale, where=where, column=column, least=least)  # type: ignore[arg-type]

    ends = (row["ci_low"], row["ci_high"])
    estimate = Number(
        row["estimate"],  # type: ignore[arg-type]
        digits=1,
        scale=100,
        interval=None if None in ends else ends,  # type: ignore[arg-type]
        where=where,
    )
    cells = (shown("p_value"), shown("p_adjusted"), shown("p_equivalent"), str(row["verdict"]))
    names = (str(row["first_name"]), str(row["second_name"]))
    duels = (_duels(row, where),) if has_duels else ()
    return Row((*names, estimate, *cells, str(row["n_pairs"]), *duels))


def _duels(row: dict[str, object], where: dict[str, object]) -> Number:
    """Return how probable it is that a run of the second beats one of the first."""
    ends = (row["improvement_low"], row["improvement_high"])
    return Number(
        row["improvement"],  # type: ignore[arg-type]
        interval=None if None in ends else ends,  # type: ignore[arg-type]
        where=where,
        column="improvement",
        interval_columns=("improvement_low", "improvement_high"),
    )


RANKINGS = Exhibit(
    name="rankings",
    title="Ranks over datasets",
    queries=("rankings",),
    build=ranking_figures,
    missing="no ranking; it takes several networks on the same two datasets or more",
)
COMPARISONS = Exhibit(
    name="comparisons",
    title="Networks pair by pair",
    queries=("comparisons",),
    build=comparison_tables,
    missing="no two networks with two folds, seeds or datasets in common",
)
