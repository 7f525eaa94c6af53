"""How often intervals of similarities hold: `python -m tests.collect.measures.similarity_coverage`.

Prints the rows of the table of docs/intervals.md, one per measure and design: percent of intervals
that held the truth, and what squared standard errors were divided by. Names of measures,
`--designs`, `--trials` and `--simulations` choose a part. The truth is the expected value of the
measure at that number of images, from as many samples as there are trials; for debiased CKA the CKA
of the population.
"""

import argparse
import math
import sys
import time
from dataclasses import dataclass
from statistics import fmean, median

import numpy as np
import torch

from collect.measures.compare import Comparison, compare
from collect.measures.inference import Inference
from collect.measures.registry import MEASURES
from tests.collect.measures.similarity_designs import DESIGNS, Design

N_BLOCKS = 20
POPULATION = ("cka_linear_debiased",)


@dataclass(frozen=True)
class Coverage:
    """How often intervals held the truth.

    Attributes
    ----------
    share : float
        Of the intervals; NaN where there is none.
    ratios : tuple of float
        What squared standard errors were divided by.
    """

    share: float
    ratios: tuple[float, ...]


def coverage(name: str, design: Design, n_trials: int, n_simulations: int = 100) -> Coverage:
    """Try the intervals of one measure."""
    found = [_compared(name, design, trial, n_simulations) for trial in range(n_trials)]
    truth = design.population_cka if name in POPULATION else fmean(each.value for each in found)
    held, ratios = [], []
    for each in found:
        if each.ci_low is None or each.ci_high is None or each.ci_variance_ratio is None:
            continue
        held.append(each.ci_low <= truth <= each.ci_high)
        ratios.append(each.ci_variance_ratio)
    return Coverage(fmean(held) if held else math.nan, tuple(ratios))


def _compared(name: str, design: Design, trial: int, n_simulations: int) -> Comparison:
    x, y = design.draw(np.random.default_rng(trial))
    images = torch.arange(design.n_images).repeat_interleave(design.n_positions)
    groups = images if design.n_positions > 1 else None
    how = Inference(null=False, n_blocks=N_BLOCKS, n_simulations=n_simulations, seed=trial)
    return compare({"a": x}, {"a": y}, measures=[name], groups=groups, inference=how)[0]


def row(name: str, design: str, n_trials: int, n_simulations: int) -> str:
    """One line of the table."""
    start = time.perf_counter()
    found = coverage(name, DESIGNS[design], n_trials, n_simulations)
    ratios = found.ratios or (math.nan,)
    return (
        f"| `{name}` | {design} | {n_trials} | {100 * found.share:.1f} "
        f"| {min(ratios):.2f} {median(ratios):.2f} {max(ratios):.2f} "
        f"| {len(found.ratios)} | {time.perf_counter() - start:.0f} s |"
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=list(MEASURES))
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--designs", nargs="+", default=list(DESIGNS), choices=DESIGNS)
    parser.add_argument("--simulations", type=int, default=100)
    given = parser.parse_args()
    sys.stdout.write(
        "| measure | design | trials | held | ratios | intervals | took |\n"
        "|---|---|---:|---:|---|---:|---:|\n"
    )
    for design in given.designs:
        for name in given.names:
            sys.stdout.write(f"{row(name, design, given.trials, given.simulations)}\n")
            sys.stdout.flush()
