"""Is a slope shown to be small? Not significant would not show it."""

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, slug
from reports.exhibits.outcomes import is_shown
from reports.exhibits.result_table import Shown, result_table
from reports.exhibits.robustness import FIT, LINE, family_notes, ordered
from reports.formatting import number, percent
from reports.tables.model import LEAST_P
from reports.wording import measure_name, method_name, outcome_name

CLUSTERED = ("cluster_cr3", "wild_cluster")


def build(data: Data) -> list[Artefact]:
    """Return, per outcome and measure, the test of each layer that its slope is within a margin.

    Errors are by dataset; where there is one dataset, runs are independent within it.
    """
    artefacts = []
    for key in data.frames["slope_equivalences"].select(FIT).unique(maintain_order=True).rows():
        source = data.select("slope_equivalences", **dict(zip(FIT, key, strict=True)))
        by_dataset = source.rows.filter(pl.col("method").is_in(CLUSTERED))
        rows = by_dataset if len(by_dataset) else source.rows
        if not is_shown(key[2]):
            continue
        first = rows.row(0, named=True)
        table = result_table(
            ordered(rows).with_columns(
                inference=pl.col("method").map_elements(method_name, return_dtype=pl.String)
            ),
            (
                Shown("layer", "layer"),
                Shown("inference", "inference"),
                Shown("estimate", "slope", 3, interval=("ci_low", "ci_high")),
                Shown("p_value", "p", 3, least=LEAST_P),
                Shown("p_adjusted", "Holm", 3, least=LEAST_P),
                Shown("p_within", "P(small)", 2),
                Shown("verdict", "verdict"),
                Shown("n_runs", "runs"),
                Shown("n_clusters", "datasets"),
            ),
            key=(*LINE, "method"),
            block="line",
            notes=(
                f"Small: within ±{number(first['margin'], 3)}. p: of the two one-sided tests that "
                "the slope is not small; brackets: "
                f"{percent(first['level'])} interval; P(small): posterior probability, flat prior. "
                "Supported: shown to be small; a slope that is not significant is not shown to be.",
                *family_notes(rows, of="networks and layers"),
            ),
        )
        caption = (
            f"Is the slope of {outcome_name(key[2])} on {measure_name(key[3])} shown to be small "
            f"({key[0]})?"
        )
        artefacts.append(Artefact(slug("slope-equivalence", *key), caption, table, (source,)))
    return artefacts


EXHIBIT = Exhibit(
    name="slope-equivalences",
    title="Are slopes shown to be small?",
    queries=("slope_equivalences",),
    build=build,
    missing="no regression whose slope can be tested",
)
