"""How often intervals of similarities hold: `python -m tests.collect.measures.similarity_coverage`.

Prints the rows of the table of docs/intervals.md, one per measure and design: percent of intervals
that held the truth as they are, and corrected by simulated layers. Names of measures, `--designs`,
`--trials` and `--simulations` choose a part. The truth is the expected value of the measure at that
number of images, from as many samples as there are trials; for debiased CKA the CKA of the
population.
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
LEAST_RATIO, LARGEST_RATIO = 0.6, 4.0


@dataclass(frozen=True)
class Coverage:
    """Shares of intervals that held the truth; NaN where there is none.

    Attributes
    ----------
    plain, corrected : float
        Of the intervals as they are, and corrected by simulated layers.
    ratios : tuple of float
        What squared standard errors were divided by, in the trials where it mattered.
    """

    plain: float
    corrected: float
    ratios: tuple[float, ...]


def coverage(name: str, design: Design, n_trials: int, n_simulations: int = 0) -> Coverage:
    """Try the intervals of one measure.

    Layers are simulated only where a correction could matter: a truth in the middle of an interval
    is held by the corrected one too, one that is far out by neither. Those that are simulated say
    whether corrections are as large as that takes them to be.

    Raises
    ------
    ValueError
        If a correction was smaller or larger than it was taken to be.
    """
    plain = [_compared(name, design, trial, 0) for trial in range(n_trials)]
    truth = design.population_cka if name in POPULATION else fmean(each.value for each in plain)
    held, held_corrected, ratios = [], [], []
    for trial, each in enumerate(plain):
        if each.ci_low is None or each.ci_high is None:
            continue
        held.append(each.ci_low <= truth <= each.ci_high)
        reach = abs(each.value - truth) / _half_width(each)
        if n_simulations and LARGEST_RATIO**-0.5 < reach < LEAST_RATIO**-0.5:
            corrected = _compared(name, design, trial, n_simulations)
            ratios.append((_half_width(each) / _half_width(corrected)) ** 2)
            held_corrected.append(reach <= _half_width(corrected) / _half_width(each))
        else:
            held_corrected.append(held[-1])
    if ratios and not LEAST_RATIO <= min(ratios) <= max(ratios) <= LARGEST_RATIO:
        raise ValueError(f"{name}: corrections of {min(ratios):.2f} to {max(ratios):.2f}")
    if not held:
        return Coverage(math.nan, math.nan, ())
    return Coverage(fmean(held), fmean(held_corrected), tuple(ratios))


def _compared(name: str, design: Design, trial: int, n_simulations: int) -> Comparison:
    x, y = design.draw(np.random.default_rng(trial))
    images = torch.arange(design.n_images).repeat_interleave(design.n_positions)
    groups = images if design.n_positions > 1 else None
    how = Inference(null=False, n_blocks=N_BLOCKS, n_simulations=n_simulations)
    return compare({"a": x}, {"a": y}, measures=[name], groups=groups, inference=how)[0]


def _half_width(comparison: Comparison) -> float:
    """Half of the interval, before it was cut at a bound of the measure."""
    assert comparison.ci_low is not None
    assert comparison.ci_high is not None
    return max(comparison.value - comparison.ci_low, comparison.ci_high - comparison.value)


def row(name: str, design: str, n_trials: int, n_simulations: int) -> str:
    """One line of the table."""
    start = time.perf_counter()
    found = coverage(name, DESIGNS[design], n_trials, n_simulations)
    ratios = found.ratios or (math.nan,)
    return (
        f"| `{name}` | {design} | {n_trials} | {100 * found.plain:.1f} "
        f"| {100 * found.corrected:.1f} "
        f"| {min(ratios):.2f} {median(ratios):.2f} {max(ratios):.2f} "
        f"| {time.perf_counter() - start:.0f} s |"
    )


if __name__ == "__main__":
    torch.set_num_threads(1)
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=list(MEASURES))
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--designs", nargs="+", default=list(DESIGNS), choices=DESIGNS)
    parser.add_argument("--simulations", type=int, default=0)
    given = parser.parse_args()
    sys.stdout.write(
        "| measure | design | trials | as they are | corrected | ratios | took |\n"
        "|---|---|---:|---:|---:|---|---:|\n"
    )
    for design in given.designs:
        for name in given.names:
            sys.stdout.write(f"{row(name, design, given.trials, given.simulations)}\n")
            sys.stdout.flush()
