"""Intervals of sums of absolute gaps: coverage where noise is, and is not, what makes the gaps."""

import numpy as np
import pytest
import torch

from collect.measures.error_intervals import error_interval, gap_interval

LEVEL = 0.95


def coverage(rng, true_gaps, *, n_trials, sd=0.01, common=0.0, n_resamples=400):
    """Share of trials, noise on every gap and on all of them, whose interval holds the error."""
    true_gaps = np.asarray(true_gaps)

    def noise(n):
        own = sd * rng.normal(size=(n, len(true_gaps)))
        return own + common * rng.normal(size=(n, 1))

    covered = 0
    for _ in range(n_trials):
        observed = true_gaps + noise(1)[0]
        resampled = observed + noise(n_resamples)
        low, high = error_interval(
            torch.from_numpy(observed), torch.from_numpy(resampled), level=LEVEL
        )
        covered += low <= np.abs(true_gaps).sum() <= high
    return covered / n_trials


@pytest.mark.parametrize(
    "true_gaps",
    [[0.1] * 15, [0.1] + [0.0] * 14, [0.05, -0.05] * 7],
    ids=["all", "one", "both signs"],
)
def test_covers_errors_that_noise_does_not_make(rng, true_gaps):
    # 400 resamples estimate the ends with some noise: about 94.5 % of the time
    found = coverage(rng, true_gaps, n_trials=300)
    assert found == pytest.approx(LEVEL, abs=4 * (LEVEL * (1 - LEVEL) / 300) ** 0.5)


def test_covers_gaps_of_one_sign_that_vary_together(rng):
    # signs are lost in noise, and noise of all gaps together is most of the error's
    found = coverage(rng, [0.01] * 15, n_trials=300, common=0.02)
    assert found == pytest.approx(LEVEL, abs=4 * (LEVEL * (1 - LEVEL) / 300) ** 0.5)


def test_covers_0_all_but_half_of_the_time_it_may_miss(rng):
    # the upper end is never below 0: only one tail is left to miss
    found = coverage(rng, [0.0] * 15, n_trials=300)
    assert found == pytest.approx(0.975, abs=4 * (0.975 * 0.025 / 300) ** 0.5)


def test_one_large_gap_has_the_interval_of_a_normal_mean():
    # no folding: 0.5 -+ 1.96 standard deviations
    quantiles = torch.distributions.Normal(0.0, 0.01).icdf(
        (torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000
    )
    gaps = torch.tensor([0.5], dtype=torch.float64)
    ends = error_interval(gaps, 0.5 + quantiles[:, None], level=LEVEL)
    assert ends == pytest.approx((0.5 - 0.0196, 0.5 + 0.0196), abs=1e-5)


def test_noise_as_large_as_the_error_reaches_down_to_0(rng):
    observed = 0.01 * torch.from_numpy(rng.normal(size=15))
    resampled = observed + 0.01 * torch.from_numpy(rng.normal(size=(500, 15)))
    assert error_interval(observed, resampled, level=LEVEL)[0] == 0


def test_gaps_without_noise_are_what_they_are():
    gaps = torch.tensor([0.1, -0.2], dtype=torch.float64)
    assert error_interval(gaps, gaps.repeat(5, 1), level=LEVEL) == pytest.approx((0.3, 0.3))
    still = torch.tensor([[0.0, 0.2], [0.0, 0.25], [0.0, 0.15]], dtype=torch.float64)
    low, high = error_interval(still[0], still[1:], level=LEVEL)
    assert 0.1 < low < 0.2 < high < 0.3


def test_spread_is_over_the_resamples_and_ends_are_cut_at_1():
    gaps = torch.tensor([[0.99], [0.9], [1.0], [1.1]], dtype=torch.float64)
    found = gap_interval(gaps, level=LEVEL)
    assert found.value == pytest.approx(0.99)
    assert found.std_error == pytest.approx(0.1)
    assert found.ci_high == 1
    assert found.n_resamples == 3
