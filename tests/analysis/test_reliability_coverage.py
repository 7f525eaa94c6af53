"""How often the intervals of a reliability diagram hold the accuracy of all forecasts."""

import numpy as np
import polars as pl
import pytest
from scipy import special

from analysis.means.reliability import reliability_bins


def coverage(rng, trials, n_patients, n_images, accuracy):
    """Share of bins that hold the accuracy; images of a patient share 0.4 of their variance."""
    shared = np.sqrt(0.4 if n_images > 1 else 0.0)
    latent = shared * rng.normal(size=(trials, n_patients, 1))
    latent = latent + np.sqrt(1 - shared**2) * rng.normal(size=(trials, n_patients, n_images))
    forecasts = pl.DataFrame(
        {
            "trial": np.repeat(np.arange(trials), n_patients),
            "bin": 10,
            "patient": np.tile(np.arange(n_patients), trials),
            "n": n_images,
            "sum_of_confidence": 0.65 * n_images,
            "n_correct": (latent < special.ndtri(accuracy)).sum(axis=2).ravel(),
            "run_id": "r",
        }
    )
    rows = reliability_bins(forecasts, by=["trial"])
    return ((rows["ci_low"] <= accuracy) & (rows["ci_high"] >= accuracy)).mean()


@pytest.mark.parametrize("accuracy", [0.6, 0.9, 0.98])
@pytest.mark.parametrize(("n_patients", "n_images"), [(10, 1), (60, 1), (10, 5), (20, 5), (60, 5)])
def test_bins_hold_the_accuracy_of_few_patients(rng, n_patients, n_images, accuracy):
    trials = 400
    covered = coverage(rng, trials, n_patients, n_images, accuracy)
    assert covered > 0.93 - 4 * np.sqrt(0.93 * 0.07 / trials)
