"""Every defensible specification of one question, in one figure."""

from functools import partial

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, slug
from reports.exhibits.robustness import SCORES
from reports.exhibits.settings import TREATMENT
from reports.figures.curve import specification_curve
from reports.formatting import number, p_value, percent, typographic
from reports.layers import layer_order
from reports.style import network
from reports.wording import adaptation_name, method_name, score_name

QUESTION = (
    "origin",
    "study",
    "backbone",
    "pretraining",
    *TREATMENT,
    "pooling",
    "head",
    "token",
    "probe",
    "score",
)
METHOD = "cluster_cr3"


def build(data: Data) -> list[Artefact]:
    """Return one curve per network, adaptation and score, with clustered intervals."""
    frame = data.frames["specifications"]
    artefacts = []
    for key in frame.select(QUESTION).unique(maintain_order=True).rows():
        where = dict(zip(QUESTION, key, strict=True))
        source = data.select("specifications", **where)
        methods = sorted(set(source.rows["method"]), key=lambda name: (name != METHOD, name))
        rows = source.rows.filter(method=methods[0], status="fitted")
        if where["score"] not in SCORES or len(rows) < 2:
            continue
        every = {
            "layer": layer_order(rows["layer"].to_list()),
            "measure": sorted(set(rows["measure"])),
            "gain": sorted(set(rows["gain"])),
            "outliers": sorted(set(rows["outliers"])),
        }
        choices = {name: values for name, values in every.items() if len(values) > 1}
        tests = data.select("specification_tests", **where)
        name = network(str(where["backbone"]), str(where["pretraining"]))
        label = adaptation_name(*(where[name] for name in TREATMENT))
        artefacts.append(
            Artefact(
                name=slug("specifications", *key),
                caption=(
                    f"Slope of the gain in {score_name(str(where['score']))} on similarity for "
                    f"{name}, {label} ({where['origin']}) under every specification, in rising "
                    f"order; {percent(rows['level'][0])} intervals: {method_name(methods[0])}, in "
                    f"colour where they leave out 0. {joint_test(tests.rows)}"
                ),
                content=partial(
                    specification_curve, rows, choices, y_label="slope of the gain on similarity"
                ),
                sources=(source, tests),
            )
        )
    return artefacts


def joint_test(tests: pl.DataFrame) -> str:
    """Return the joint test of all specifications in a sentence, or nothing where there is none."""
    for row in tests.iter_rows(named=True):
        return (
            f"{row['n_negative']} of {row['n_specifications']} slopes are negative; median "
            f"{typographic(number(row['median_slope'], 2))}. No slope under any of them, tested "
            f"jointly by flipping signs of {row['n_clusters']} datasets: "
            f"{p_value(row['p_median'])} (median), {p_value(row['p_largest'])} (largest)."
        )
    return ""


EXHIBIT = Exhibit(
    name="specifications",
    title="Every specification",
    queries=("specifications", "specification_tests"),
    build=build,
    missing="no specification curve; it takes gains over scratch on several datasets",
)
