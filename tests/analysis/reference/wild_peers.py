"""Reference values for tests/analysis/test_few_clusters.py, from pyfixest (wildboottest).

Run in this folder, after few_clusters.R, in an environment of its own:
``pip install pyfixest wildboottest``. Writes wild_expected.csv.
"""

from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pyfixest as pf

points = pd.read_csv("few_clusters_points.csv")
points["group"] = points["dataset"].astype("category").cat.codes
two = points[points["network"].isin(["a", "b"])].copy()
two["is_second"] = (two["network"] == "b").astype(float)
two["interaction"] = two["is_second"] * two["value"]
MODELS = {
    "line": (points, "outcome ~ value", "value"),
    "difference": (two, "outcome ~ is_second + value + interaction", "interaction"),
}

rows = []
for model, (frame, formula, term) in MODELS.items():
    fit = pf.feols(formula, frame, vcov={"CRV1": "group"})
    found = fit.wildboottest(
        param=term, reps=99_999, cluster="group", seed=1
    )  # all 2 ** 7 are taken
    rows.append((model, "wild_cluster", "p_value", float(found["Pr(>|t|)"])))
    rows.append((model, "wild_cluster", "statistic", float(found["t value"])))
    jackknife = pf.feols(formula, frame, vcov={"CRV3": "group"})
    rows.append((model, "cluster_cr3", "std_error", float(jackknife.se()[term])))
with Path("wild_expected.csv").open("w", encoding="utf-8") as file:
    names = ("pyfixest", "wildboottest")
    file.write("# " + ", ".join(f"{name} {version(name)}" for name in names) + "\n")
    table = pd.DataFrame(rows, columns=["model", "method", "quantity", "number"])
    table.to_csv(file, index=False, float_format="%.15e")
