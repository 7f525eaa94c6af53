"""Published runs of Juodelyte et al. (2023): Table 2 as printed, Figure 6 under rising rigour."""

import polars as pl
import pytest

from analysis.means.intervals import mean_intervals
from analysis.regression.fits import regress
from analysis.regression.stacking import Model
from analysis.testing.multiplicity import adjust

# Mean and SD in the columns of Table 2: ImageNet, ImageNet head first, RadImageNet, head first,
# random.
TABLE_2 = {
    "thyroid": "52.3 8.9 58.5 5.1 50.2 4.1 49.4 5.9 52.9 5.1",
    "breast": "90.5 3.8 89.8 3.0 88.2 4.2 72.4 22.1 51.2 10.0",
    "chest": "98.7 0.4 98.6 0.6 98.8 0.2 98.7 0.3 82.5 1.0",
    "mammograms": "63.4 4.3 68.8 2.0 62.0 12.2 66.2 6.3 49.6 3.7",
    "knee": "91.5 1.1 89.0 3.1 89.3 6.3 63.8 5.7 68.3 11.0",
    "isic": "94.2 1.3 93.1 2.3 90.8 0.8 90.6 0.7 84.0 2.3",
    "pcam-small": "93.8 1.1 93.2 2.5 87.1 2.3 86.0 1.9 73.4 8.2",
}
COLUMNS = [
    ("ImageNet", "freezeFalse"),
    ("ImageNet", "freezeTrue"),
    ("RadImageNet", "freezeFalse"),
    ("RadImageNet", "freezeTrue"),
    ("random", "freezeFalse"),
]
# Rounded to two decimals and then to one; the unrounded SDs are 8.8495, 0.6483 and 1.8474.
ROUNDED_TWICE = {
    ("thyroid", "ImageNet", "freezeFalse"),
    ("isic", "RadImageNet", "freezeTrue"),
    ("pcam-small", "RadImageNet", "freezeTrue"),
}


@pytest.fixture(scope="module")
def auc(published_folder):
    return pl.read_csv(published_folder / "AUC.csv").with_columns(
        run_id=pl.concat_str("target", "source", "freeze", "fold", separator=" "),
        fold=pl.col("fold").str.strip_prefix("fold").cast(pl.Int32),
        n_folds=pl.lit(5),
        seed=pl.lit(None, dtype=pl.Int32),
        n_train=pl.lit(None, dtype=pl.Int32),
        n_test=pl.lit(None, dtype=pl.Int32),
        value=pl.col("AUC"),
    )


@pytest.fixture(scope="module")
def cells(auc):
    rows = mean_intervals(auc, by=["target", "source", "freeze"])
    return {
        row[:3]: row for row in rows.select("target", "source", "freeze", "estimate", "sd").rows()
    }


@pytest.fixture(scope="module")
def figure_6(auc, published_folder):
    """Relative gain against CCA to the pre-trained network, adaptation full."""
    keys = ["target", "fold"]
    scratch = auc.filter(pl.col("source") == "random").select(*keys, scratch="AUC")
    gains = (
        auc.filter(pl.col("freeze") == "freezeFalse", pl.col("source") != "random")
        .join(scratch, on=keys)
        .with_columns(outcome_value=(pl.col("AUC") - pl.col("scratch")) / pl.col("scratch"))
    )
    cca = pl.concat(
        pl.read_csv(path).with_columns(target=pl.lit(path.stem.removeprefix("CCA_")))
        for path in published_folder.glob("CCA_*.csv")
    ).with_columns(fold=pl.col("fold").str.strip_prefix("fold").cast(pl.Int32))
    own = cca.filter(
        pl.col("model1") == pl.concat_str("target", "model2", pl.lit("freezeFalse"), separator="-")
    )
    layers = ["conv1", "block1", "block2", "block3", "block4"]
    similarity = own.unpivot(
        layers, index=["target", "fold", "model2"], variable_name="layer", value_name="similarity"
    ).rename({"model2": "source"})
    return similarity.join(gains, on=["target", "fold", "source"]).rename({"target": "dataset"})


def printed():
    for target, text in TABLE_2.items():
        numbers = [float(number) for number in text.split()]
        for (source, freeze), mean, sd in zip(COLUMNS, numbers[::2], numbers[1::2], strict=True):
            yield (target, source, freeze), mean, sd


def test_all_35_means_of_table_2_come_out(cells):
    assert len(cells) == 35
    for key, mean, _ in printed():
        assert round(100 * cells[key][3], 1) == mean, key


def test_all_35_sds_of_table_2_come_out_with_n_minus_1(cells):
    off = set()
    for key, _, sd in printed():
        exact = 100 * cells[key][4]
        if round(exact, 1) != sd:
            assert round(round(exact, 2) + 1e-9, 1) == sd, key
            off.add(key)
    assert off == ROUNDED_TWICE


@pytest.fixture(scope="module")
def slopes(figure_6):
    rows = regress(figure_6, Model(), by=["source", "layer"])
    return adjust(rows.filter(pl.col("term") == "similarity"), family=["method"])


def test_figure_6_has_35_points_in_7_clusters_and_10_panels(slopes):
    assert slopes.select("n_runs", "n_clusters").unique().rows() == [(35, 7)]
    assert slopes.group_by("method").len()["len"].unique().to_list() == [10]


def test_every_slope_of_figure_6_is_negative(slopes):
    assert (slopes["estimate"] < 0).all()


def significant(slopes, p_value):
    counts = slopes.group_by("method").agg((pl.col(p_value) <= 0.05).sum())
    return dict(counts.iter_rows())


def test_rising_rigour_takes_the_significant_panels_away(slopes):
    expected = {"ols": 4, "hc3": 4, "cluster_cr1": 1, "cluster_cr3": 0, "wild_cluster": 0}
    expected |= {"mixed": 1, "mixed_cr2": 0, "cluster_cr2": 0}
    assert significant(slopes, "p_value") == expected


def test_adjusted_for_ten_panels_only_the_naive_method_keeps_any(slopes):
    expected = {"ols": 3, "hc3": 0, "cluster_cr1": 0, "cluster_cr3": 0, "wild_cluster": 0}
    expected |= {"mixed": 0, "mixed_cr2": 0, "cluster_cr2": 0}
    assert significant(slopes, "p_adjusted") == expected


def test_the_steepest_panel_is_block3_of_radimagenet(slopes):
    # lm(gain ~ cca) in R on the same 35 rows: slope -2.996, p 0.0005, R2 0.311.
    ols = slopes.filter(pl.col("method") == "ols").sort("estimate").row(0, named=True)
    assert (ols["source"], ols["layer"]) == ("RadImageNet", "block3")
    assert (round(ols["estimate"], 3), round(ols["p_value"], 4)) == (-2.996, 0.0005)
    assert round(ols["r_squared"], 3) == 0.311
