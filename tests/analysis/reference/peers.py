"""Reference values for comparisons, from peers. Run in this folder; reads comparisons_scores.csv.

pip install baycomp==1.0.3 rliable==1.2.0 autorank==1.3.0, and python peers.py; writes
peers_expected.csv.
"""

import csv
from importlib.metadata import version
from pathlib import Path

import autorank
import baycomp
import numpy as np
import pandas as pd
from rliable import metrics

MARGIN, N_DRAWS = 0.01, 400_000

scores = pd.read_csv("comparisons_scores.csv")
table = scores.pivot_table(index="dataset", columns="network", values="value")
runs = {
    name: own.pivot_table(index="fold", columns="dataset", values="value").to_numpy()
    for name, own in scores.groupby("network")
}
rows: list[tuple[str, str, float]] = []
for first, second in (("a", "b"), ("a", "c"), ("b", "c")):
    pair = f"{first} {second}"
    won = metrics.probability_of_improvement(runs[second], runs[first])
    rows.append(("rliable improvement", pair, float(won)))
    probabilities = baycomp.SignedRankTest.probs(
        table[second].to_numpy(), table[first].to_numpy(), MARGIN, nsamples=N_DRAWS, random_state=1
    )
    for side, probability in zip(("second", "rope", "first"), probabilities, strict=True):
        rows.append((f"baycomp signed rank {side}", pair, float(probability)))
    one = scores[scores["dataset"] == "d3"]
    x, y = (one[one["network"] == name]["value"].to_numpy() for name in (second, first))
    folds = baycomp.CorrelatedTTest.probs(x, y, MARGIN, runs=1)
    for side, probability in zip(("above", "within", "below"), folds, strict=True):
        rows.append((f"baycomp correlated t {side}", pair, float(probability)))
for name, values in runs.items():
    rows.append(("rliable iqm", str(name), float(metrics.aggregate_iqm(values))))
ranked = autorank.autorank(
    table, alpha=0.05, verbose=False, order="descending", force_mode="nonparametric"
)
rows.append(("autorank critical difference", "", float(ranked.cd)))
for name, mean_rank in ranked.rankdf["meanrank"].items():
    rows.append(("autorank mean rank", str(name), float(mean_rank)))
assert all(np.isfinite(row[2]) for row in rows)

with Path("peers_expected.csv").open("w", newline="") as file:
    names = ", ".join(f"{name} {version(name)}" for name in ("baycomp", "rliable", "autorank"))
    file.write(f"# {names}\n")
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("quantity", "networks", "number"))
    writer.writerows((what, of, f"{number:.15g}") for what, of, number in rows)
