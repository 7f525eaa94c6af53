"""How often intervals of scores cover the truth: `python -m tests.collect.measures.coverage`.

Prints the table of docs/measures.md. The truth is the score of 400,000 images.
"""

import sys
from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor

from collect.measures.calibration import calibration_scores
from collect.measures.score_bootstrap import score_intervals
from collect.measures.task import task_scores

SCORES = (
    "accuracy",
    "brier",
    "nll",
    "ece_width_15",
    "ece_mass_15",
    "ece_classwise_15",
    "ece_smooth",
)
N_TRUTH, N_RESAMPLES = 400_000, 500
N_TRIALS = {300: 1000, 1500: 400}  # by number of images
Sample = tuple[Tensor, Tensor]


def binary(rng: np.random.Generator, n: int, temperature: float) -> Sample:
    """Logits of standard deviation 1.5, times the temperature."""
    logit = 1.5 * rng.normal(size=n)
    y = rng.random(n) < 1 / (1 + np.exp(-logit))
    p = torch.sigmoid(torch.from_numpy(temperature * logit))
    return torch.stack([1 - p, p], dim=1), torch.from_numpy(y.astype(int))


def five_classes(rng: np.random.Generator, n: int, temperature: float) -> Sample:
    """Five classes with logits of standard deviation 1.5, times the temperature."""
    logits = torch.from_numpy(1.5 * rng.normal(size=(n, 5)))
    chance = logits.softmax(dim=1).numpy().cumsum(axis=1)
    y = (chance < rng.random((n, 1))).sum(axis=1).clip(max=4)
    return (temperature * logits).softmax(dim=1), torch.from_numpy(y)


def local(rng: np.random.Generator, n: int, gap: float) -> Sample:
    """Two classes, calibrated but where the confidence is between 0.67 and 0.83."""
    p = rng.uniform(0.5, 1, size=n)
    y = rng.random(n) < p - gap * (np.abs(p - 0.75) < 0.08)
    return torch.from_numpy(np.stack([1 - p, p], axis=1)), torch.from_numpy(y.astype(int))


SETTINGS: dict[str, tuple[Callable[..., Sample], float]] = {
    "two classes, calibrated": (binary, 1.0),
    "two classes, logits x 1.2": (binary, 1.2),
    "two classes, logits x 2": (binary, 2.0),
    "five classes, calibrated": (five_classes, 1.0),
    "five classes, logits x 1.3": (five_classes, 1.3),
    "five classes, logits x 2": (five_classes, 2.0),
    "wrong by 0.15 between 0.67 and 0.83": (local, 0.15),
}


def coverage(setting: str, n: int, n_trials: int) -> dict[str, float]:
    """Share of trials whose interval at 95 % holds the truth, by score."""
    draw, strength = SETTINGS[setting]
    rng = np.random.default_rng(0)
    whole = draw(rng, N_TRUTH, strength)
    task = "binary" if whole[0].shape[1] == 2 else "multiclass"
    truth = {**task_scores(task, *whole), **calibration_scores(*whole)}
    if setting.endswith("calibrated"):
        truth |= {name: 0.0 for name in SCORES if name.startswith("ece_")}
    held = dict.fromkeys(SCORES, 0)
    for _ in range(n_trials):
        found = score_intervals(task, *draw(rng, n, strength), n_resamples=N_RESAMPLES)
        for name in SCORES:
            held[name] += found[name].ci_low <= truth[name] <= found[name].ci_high
    return {name: count / n_trials for name, count in held.items()}


def rows() -> Iterator[str]:
    """One row per setting and number of images, below the head of the table."""
    yield f"| forecasts | images | {' | '.join(SCORES)} |"
    yield "|---|---:|" + "---:|" * len(SCORES)
    for setting in SETTINGS:
        for n, n_trials in N_TRIALS.items():
            shares = coverage(setting, n, n_trials).values()
            cells = [f"{100 * share:.0f}" for share in shares]
            yield f"| {setting} | {n:,} | {' | '.join(cells)} |"


if __name__ == "__main__":
    torch.set_num_threads(1)
    for row in rows():
        sys.stdout.write(f"{row}\n")
        sys.stdout.flush()
