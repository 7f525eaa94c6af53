"""What a figure draws is what the rows say: points, lines, bands, statistics."""

from typing import Any

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from reports.figures.profiles import layer_profiles
from reports.figures.regression import Panel, fitted_line, panel_statistics, regression_panels
from reports.figures.trajectories import epoch_trajectories
from reports.style import appearances
from tests.reports.building import assert_nothing_overlaps, drawn, ydata


def regression_panel(rng: np.random.Generator, n: int = 35) -> tuple[Panel, Any]:
    """Points, and the rows that analysis leaves for them, from statsmodels."""
    x = rng.uniform(0.3, 0.7, n)
    y = 0.5 - 0.8 * x + rng.normal(0, 0.1, n)
    groups = np.arange(n) % 7
    model = sm.OLS(y, sm.add_constant(x))
    fits = {
        "ols": model.fit(),
        "cluster_cr1": model.fit(cov_type="cluster", cov_kwds={"groups": groups}),
    }
    rows = [
        {
            "method": method,
            "term": term,
            "estimate": fit.params[i],
            "std_error": fit.bse[i],
            "ci_high": fit.conf_int()[i][1],
            "p_value": fit.pvalues[i],
            "r_squared": fit.rsquared,
            "n_runs": n,
            "n_clusters": 7,
            "reason": None,
        }
        for method, fit in fits.items()
        for i, term in enumerate(("intercept", "similarity"))
    ]
    points = pl.DataFrame({"x": x, "y": y, "series": [f"d{g}" for g in groups]})
    return Panel("conv1", points, pl.DataFrame(rows)), fits["ols"]


def test_the_band_is_that_of_statsmodels(rng):
    panel, fit = regression_panel(rng)
    line = fitted_line(panel)
    assert line is not None
    x = np.linspace(0.2, 0.8, 9)
    expected = fit.get_prediction(sm.add_constant(x)).conf_int()
    np.testing.assert_allclose(line.at(x) - line.half_width(x), expected[:, 0], rtol=1e-10)
    np.testing.assert_allclose(line.at(x) + line.half_width(x), expected[:, 1], rtol=1e-10)


def test_the_band_is_that_of_the_textbook(rng):
    # Half width: t * s * sqrt(1/n + (x - mean)^2 / Sxx), written out.
    panel, fit = regression_panel(rng)
    x = panel.points["x"].to_numpy()
    at = np.array([0.1, 0.5])
    sxx = ((x - x.mean()) ** 2).sum()
    line = fitted_line(panel)
    assert line is not None
    half = 2.0345152974493383 * np.sqrt(fit.mse_resid * (1 / 35 + (at - x.mean()) ** 2 / sxx))
    np.testing.assert_allclose(line.half_width(at), half, rtol=1e-9)


def test_every_point_and_the_line_are_drawn(rng):
    panel, fit = regression_panel(rng)
    styles = appearances(panel.points["series"].to_list())
    figure = regression_panels([("net", [panel])], styles, x_label="CCA", y_label="gain")
    (axis,) = figure.axes
    lines = {str(line.get_label()): drawn(line) for line in axis.lines}
    assert sum(len(points) for name, points in lines.items() if name != "fit") == 35
    ends = lines["fit"][[0, -1]]
    np.testing.assert_allclose(ends[:, 1], fit.params[0] + fit.params[1] * ends[:, 0])
    np.testing.assert_allclose(ends[:, 0], np.sort(panel.points["x"].to_numpy())[[0, -1]])


def test_the_statistics_are_printed_in_the_panel(rng):
    panel, fit = regression_panel(rng)
    lines = panel_statistics(panel)
    assert lines[0] == f"slope −{abs(fit.params[1]):.2f}, R² {fit.rsquared:.2f}"
    assert lines[1].endswith("naive")
    assert lines[2].endswith("clustered")
    assert lines[-1] == "n 35, 7 clusters"


def test_a_fit_that_is_undefined_says_why_and_draws_no_line(rng):
    panel, _ = regression_panel(rng)
    numbers = ("estimate", "std_error", "ci_high", "p_value", "r_squared")
    fit = panel.fit.with_columns(
        *(pl.lit(None, pl.Float64).alias(name) for name in numbers),
        reason=pl.lit("constant predictor"),
    )
    undefined = Panel("conv1", panel.points, fit)
    assert fitted_line(undefined) is None
    assert panel_statistics(undefined) == ["n 35, 7 clusters", "no fit: constant predictor"]


def test_nothing_overlaps_and_nothing_is_cut(rng):
    panels = [regression_panel(rng)[0] for _ in range(5)]
    styles = appearances(panels[0].points["series"].to_list())
    rows = [("ImageNet", panels), ("RadImageNet", panels)]
    figure = regression_panels(rows, styles, x_label="CCA", y_label="gain")
    assert_nothing_overlaps(figure)


@pytest.mark.parametrize(("low", "width"), [(0.9922, 0.0078), (0.3, 0.4)])
def test_numbers_of_an_axis_do_not_run_into_one_another(rng, low, width):
    panel, _ = regression_panel(rng)
    scaled = low + width * (panel.points["x"] - 0.3) / 0.4
    close = Panel("conv1", panel.points.with_columns(x=scaled), panel.fit.clear())
    styles = appearances(panel.points["series"].to_list())
    figure = regression_panels([("net", [close] * 5)], styles, x_label="CCA", y_label="gain")
    assert_nothing_overlaps(figure)


def test_layer_profiles_draw_runs_means_and_the_floor():
    rows = pl.DataFrame(
        {
            "series": ["net"] * 4,
            "run_id": ["a", "a", "b", "b"],
            "layer": ["block1", "conv1"] * 2,
            "value": [0.2, 0.9, 0.4, 0.7],
            "mean": [0.3, 0.8, 0.3, 0.8],
            "null_mean": [0.05, 0.1, 0.05, 0.1],
        }
    )
    figure = layer_profiles(
        [("data, full", rows)],
        appearances(["net"]),
        layers=["conv1", "block1"],
        y_label="CKA",
    )
    lines = [(str(line.get_label()), ydata(line)) for line in figure.axes[0].lines]
    (runs,) = [values for label, values in lines if label.startswith("_")]
    np.testing.assert_equal(runs, [0.9, 0.2, np.nan, 0.7, 0.4, np.nan])
    assert dict(lines)["net"] == [0.8, 0.3]
    assert dict(lines)["floor"] == [0.1, 0.05]
    assert_nothing_overlaps(figure)


def test_trajectories_draw_one_line_per_run_and_a_panel_per_setting():
    rows = pl.DataFrame(
        {
            "setting": ["full"] * 3 + ["linear"] * 3,
            "series": ["net"] * 6,
            "run_id": ["a"] * 3 + ["b"] * 3,
            "epoch": [2, 0, 1] * 2,
            "value": [0.5, 1.0, 0.7, 1.0, 1.0, 1.0],
        }
    )
    figure = epoch_trajectories([("CKA", rows), ("accuracy", rows)], appearances(["net"]))
    assert len(figure.axes) == 4
    np.testing.assert_equal([ydata(line) for line in figure.axes[0].lines], [[1, 0.7, 0.5, np.nan]])
    assert [axis.get_title(loc="left") for axis in figure.axes[:2]] == ["full", "linear"]
    assert_nothing_overlaps(figure)
