"""What similarities hang on: a few images, one image, few directions."""

from reports.exhibits.exhibit import Artefact, Data, Exhibit, named, slug
from reports.exhibits.result_table import Shown, result_table
from reports.exhibits.settings import CELL, of_own_head, with_setting
from reports.style import network
from reports.wording import measure_name, sentence

KEY = ("origin", "study", "measure", "token", "probe")
UNITS = {"group": "patients"}


def build(data: Data) -> list[Artefact]:
    """Return a table per measure, token and probe: each cell at the layers where it is worst."""
    artefacts = []
    for key in data.frames["fragility"].select(KEY).unique(maintain_order=True).rows():
        source = data.select("fragility", **dict(zip(KEY, key, strict=True)))
        rows = with_setting(of_own_head(data, source.rows)).with_columns(
            network=named("backbone", "pretraining", network)
        )
        units = UNITS.get(str(rows["unit"][0]), "images")
        far = f"without far {units}"
        table = result_table(
            rows,
            (
                Shown("network", "network"),
                Shown("setting", "trained"),
                Shown("n_images", units, 0),
                Shown("value", "with all", 3, far, is_optional=True),
                Shown("trimmed_value", "without", 3, far, is_optional=True),
                Shown("trimmed_layer", "layer", None, far, is_optional=True),
                Shown(
                    "top_image_influence", f"one {units[:-1]} changes it by", 3, is_optional=True
                ),
                Shown("effective_rank", "effective rank", 1),
                Shown("top_component_share", "first component, %", 0, scale=100),
            ),
            key=CELL,
            block="dataset",
            notes=_notes(units),
        )
        caption = sentence(
            f"{measure_name(key[2])} to the pre-trained start, and what it hangs on: of all layers "
            f"the one where each column is worst, mean over runs ({key[3]} features, {key[4]} "
            f"probe, {key[0]})."
        )
        artefacts.append(Artefact(slug("fragility", *key), caption, table, (source,)))
    return artefacts


def _notes(units: str) -> tuple[str, ...]:
    return (
        f"Without far {units}: without the share of them (5 % unless the study says otherwise) "
        "that lie farthest from the mean of either layer, chosen without looking at the measure; "
        "the layer where that changes most. Changes it by: largest change when one is left out; a "
        "dash where the measure has no shortcut for it.",
        "Effective rank: exponential of the entropy of the variances of the principal components, "
        "1 where one direction holds all; first component: its share of the variance. Where these "
        "are near 1 and 100 %, a similarity compares one direction.",
    )


EXHIBIT = Exhibit(
    name="fragility",
    title="What the similarities hang on",
    queries=("fragility",),
    build=build,
    missing="no similarities without far images at the selected epochs; set trimmed in the study "
    "file, or `repdrift collect remeasure --trimmed 0.05 --again`",
)
