"""In which layers one network drifts further than another: maps, or profiles of equal layers."""

from collections.abc import Sequence
from functools import partial
from textwrap import wrap

import polars as pl
from matplotlib.figure import Figure

from reports.exhibits.exhibit import Artefact, Data, Exhibit, Selection, slug, span
from reports.figures.differences import difference_profiles
from reports.figures.heatmap import difference_maps
from reports.formatting import percent
from reports.layers import layer_order
from reports.network_names import NetworkName, differ_in_one
from reports.wording import measure_name, sentence, short_names

KEY = ("origin", "study", "measure", "token", "probe")
PAIR = ("dataset", "first", "second")
MOST_PANELS, MOST_OF_LONG_TITLES = 12, 9  # what fits on a page
TITLE_WIDTH = 30
LEVEL = 0.05
TESTS = {
    "nadeau_bengio": "paired t over folds, corrected for shared training images (Nadeau-Bengio)",
    "t": "paired t over seeds",
}
Panel = tuple[tuple[str, str, str], pl.DataFrame]


def build(data: Data) -> list[Artefact]:
    """Return maps where all pairs of layers were recorded, else profiles; twelve panels a figure.

    The primary selection leaves out pairs of networks neither of whose heads reads the features.
    """
    artefacts = []
    for key in data.frames["similarity_differences"].select(KEY).unique(maintain_order=True).rows():
        source = data.select("similarity_differences", **dict(zip(KEY, key, strict=True)))
        rows = source.rows.with_columns(is_marked=pl.col("p_false_discovery") <= LEVEL)
        panels = [
            ((dataset, first, second), own)
            for (dataset, first, second), own in rows.group_by(*PAIR, maintain_order=True)
            if differ_in_one(first, second)
            and (not data.conditions or _reads(first, key[3]) or _reads(second, key[3]))
        ]
        most = MOST_PANELS if panels and _n_title_lines(panels) <= 3 else MOST_OF_LONG_TITLES
        artefacts += [
            _figure(source, panels[start : start + most], start // most)
            for start in range(0, len(panels), most)
        ]
    return artefacts


def _n_title_lines(panels: Sequence[Panel]) -> int:
    return max(title.count("\n") + 1 for title, _ in _titled(panels)[0])


def _reads(network: str, token: str) -> bool:
    return NetworkName.parsed(network).pooling == token


def _titled(panels: Sequence[Panel]) -> tuple[list[tuple[str, pl.DataFrame]], str]:
    """Return panels with titles, and what all networks of all panels share."""
    names = sorted({name for (_, *pair), _ in panels for name in pair})
    varying, shared = short_names(names)
    parts = dict(zip(names, (name.replace(" · ", " / ") for name in varying), strict=True))
    return [(_title(name, parts[a], parts[b]), own) for (name, a, b), own in panels], shared


def _title(dataset: str, first: str, second: str) -> str:
    (short, other), shared = short_names([first, second])
    lines = (dataset, f"{other} \N{MINUS SIGN} {short}", shared.replace("_", " "))
    return "\n".join(part for line in lines for part in wrap(line, TITLE_WIDTH))


def _figure(source: Selection, panels: Sequence[Panel], part: int) -> Artefact:
    titled, shared = _titled(panels)
    where, shown = source.where, pl.concat([rows for _, rows in panels])
    measure = measure_name(str(where["measure"]))
    is_map = (shown["layer"] != shown["reference_layer"]).any()
    tests = " or ".join(TESTS[one] for one in shown["method"].unique(maintain_order=True))
    caption = sentence(
        f"{measure} to the own pre-trained start: the network named first in a title less the "
        f"other, on the same folds or seeds ({where['token']} features, {where['probe']} probe, "
        f"{where['origin']}). Networks{f' ({shared})' if shared else ''} that differ in one "
        f"respect; {span(shown['n_pairs'])} pairs of runs each. {sentence(tests)}; "
        f"{'a dot' if is_map else 'filled'}: p at most {LEVEL} after Benjamini and Hochberg in a "
        f"family of {span(shown['family_size'].drop_nulls())}."
        + ("" if is_map else f" Lines: {percent(shown['level'][0])} intervals of each layer.")
    )
    draw = _maps if is_map else _profiles
    name = slug("similarity-difference", *(where[name] for name in KEY), part or None)
    return Artefact(name, caption, partial(draw, titled, f"difference in {measure}"), (source,))


def _maps(panels: Sequence[tuple[str, pl.DataFrame]], label: str) -> Figure:
    every = pl.concat([rows.select("layer", "reference_layer") for _, rows in panels])
    layers = layer_order([*every["layer"], *every["reference_layer"]])
    cells = [
        (title, rows.select("is_marked", row="layer", column="reference_layer", value="estimate"))
        for title, rows in panels
    ]
    return difference_maps(
        cells, rows=layers, columns=layers, labels=("layer after", "layer before", label)
    )


def _profiles(panels: Sequence[tuple[str, pl.DataFrame]], label: str) -> Figure:
    layers = layer_order(name for _, rows in panels for name in rows["layer"])
    return difference_profiles(panels, layers=layers, y_label=label)


EXHIBIT = Exhibit(
    name="differences",
    title="In which layers one network drifts further than another",
    queries=("similarity_differences",),
    build=build,
    missing="no two networks whose backbones moved, with layers of one name and width",
)
