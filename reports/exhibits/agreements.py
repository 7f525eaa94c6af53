"""Whether networks make the same mistakes."""

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, slug
from reports.exhibits.result_table import Shown, result_table
from reports.formatting import percent
from reports.wording import short_names


def agreement_table(data: Data) -> list[Artefact]:
    """Return whether networks err together, on the images of a fold and over folds."""
    artefacts = []
    for origin in data.frames["agreements"]["origin"].unique(maintain_order=True):
        source = data.select("agreements", origin=origin)
        names, same = short_names([*source.rows["first"], *source.rows["second"]])
        n = len(source.rows)
        rows = source.rows.with_columns(
            pair=pl.format("{} and {}", pl.Series(names[:n]), pl.Series(names[n:]))
        )
        table = result_table(
            rows,
            (
                Shown("dataset", "dataset"),
                Shown("fold", "fold", is_optional=True),
                Shown("seed", "seed", is_optional=True),
                Shown("n_images", "images", 0, is_optional=True),
                Shown("observed", "observed", 1, scale=100),
                Shown("independent", "both accuracies", 1, "if independent", 100, is_optional=True),
                Shown("independent_one_model", "one accuracy", 1, "if independent", scale=100),
                Shown("excess", "excess", 1, scale=100, interval=("excess_low", "excess_high")),
                Shown("kappa", "kappa", 2, interval=("kappa_low", "kappa_high"), is_optional=True),
            ),
            key=("dataset", "fold", "seed", "first", "second", "method"),
            block="pair",
            notes=(
                *((f"All: {same}.",) if same else ()),
                "Share of images × 100 that both get right or both get wrong. What was not logged "
                "has a dash, or no column. One accuracy: the baseline of Juodelyte et al. as "
                "computed, with one accuracy twice.",
                f"Brackets: {percent(source.rows['level'][0])} intervals. With a fold or a seed: "
                "over its images or patients, the networks as they are; without: over folds or "
                "seeds, the networks trained anew.",
            ),
        )
        caption = f"Do networks err on the same images ({origin})?"
        artefacts.append(Artefact(slug("agreement", origin), caption, table, (source,)))
    return artefacts


EXHIBIT = Exhibit(
    name="agreements",
    title="Do networks make the same mistakes?",
    queries=("agreements",),
    build=agreement_table,
    missing="no pairs of networks on the same images",
)
