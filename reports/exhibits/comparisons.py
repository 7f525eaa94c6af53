"""Networks compared pair by pair, with a verdict each and what the comparison could have found."""

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, slug
from reports.exhibits.rankings import GROUP, SHOWN
from reports.exhibits.result_table import Shown, result_table
from reports.formatting import number, percent
from reports.network_names import differ_in_one
from reports.tables.model import LEAST_P, Table
from reports.wording import score_name, short_names

LONGEST_NAME, NAME_MM = 34, 39.0  # longer names break, and leave no room for further columns
MOST_PAIRS = 60  # beyond, a choice of them; the CSV has all
FEW_DATASETS = 2  # a test across two of them has one degree of freedom
FINDS = Shown("minimal_effect", "finds", 1, scale=100, is_optional=True)
WINS = Shown(
    "improvement",
    "P(second wins)",
    2,
    interval=("improvement_low", "improvement_high"),
    is_optional=True,
)
DUELS = (
    "P(second wins): probability that a run of the second beats one of the first, over datasets, "
    "with its interval over folds or seeds within these datasets."
)


def build(data: Data) -> list[Artefact]:
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
    shown = _readable(
        rows.with_columns(
            first_name=pl.Series(names[: len(rows)]),
            second_name=pl.Series(names[len(rows) :]),
            where=pl.col("dataset").fill_null("across datasets"),
        )
    ).sort(pl.col("dataset").is_not_null(), maintain_order=True)
    is_broken = max(len(name) for name in names) > LONGEST_NAME
    width_mm = NAME_MM if is_broken else None
    return result_table(
        shown,
        (
            Shown("first_name", "first", width_mm=width_mm),
            Shown("second_name", "second", width_mm=width_mm),
            Shown(
                "estimate",
                "second − first [interval]",
                1,
                scale=100,
                interval=("ci_low", "ci_high"),
            ),
            *(() if is_broken else (FINDS,)),
            Shown("p_value", "p", 3, least=LEAST_P),
            Shown("p_adjusted", "Holm", 3, least=LEAST_P),
            Shown("p_equivalent", "equivalent", 3, "p", least=LEAST_P),
            Shown("verdict", "verdict"),
            Shown("n_pairs", "pairs"),
            *(() if is_broken else (WINS,)),
        ),
        key=("dataset", "first", "second"),
        block="where",
        notes=_notes(shown, rows, same, n_untested, is_whole=not is_broken),
    )


def _notes(
    shown: pl.DataFrame, rows: pl.DataFrame, same: str, n_untested: int, *, is_whole: bool
) -> tuple[str, ...]:
    """Return what the columns are, of those that there are."""
    first = rows.row(0, named=True)
    sizes = sorted(set(rows["family_size"].drop_nulls()))
    untested = f" {n_untested} pairs share one run and have no interval: in the CSV alone."
    planned = shown.drop_nulls("minimal_effect")
    return (
        *((f"All: {same}.",) if same else ()),
        f"Interval: {percent(first['level'])}; on a dataset over folds (Nadeau-Bengio) or seeds "
        "(t), across datasets over their means (t). Pairs share folds or datasets."
        + untested
        * (n_untested > 0),
        *((_finds(planned),) if is_whole and len(planned) else ()),
        "Holm: p adjusted in its family of "
        f"{' or '.join(number(size, 0) for size in sizes)} tests. Equivalent: two one-sided "
        f"tests against a difference of {number(first['margin'], 1, scale=100)} or more. "
        "Verdict on “the second is better”, from the interval alone, not adjusted: supported, "
        "contradicted, equivalent to none, inconclusive.",
        *((DUELS,) if is_whole and shown["improvement"].is_not_null().any() else ()),
    )


def _finds(planned: pl.DataFrame) -> str:
    power, level = planned.select("power", "level").row(0)
    return (
        f"Finds: the smallest difference that such a comparison finds with probability "
        f"{percent(power)} at {percent(1 - level)}, if runs vary as these do."
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


EXHIBIT = Exhibit(
    name="comparisons",
    title="Networks pair by pair",
    queries=("comparisons",),
    build=build,
    missing="no two networks with two folds, seeds or datasets in common",
)
