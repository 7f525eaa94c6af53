"""Pooled slopes beside those that tell another story: within datasets, and without outliers."""

import json
import re

import numpy as np
import polars as pl
import pytest

from analysis.regression.decomposition import sign_alarms, within_and_between
from analysis.regression.fits import regress
from analysis.regression.stacking import Model
from reports.exhibits import dataset_slopes, regressions, rigour, signs
from reports.rendering import render
from reports.store import read
from reports.tables.markdown import markdown_table
from reports.tables.model import Table
from tests.reports.building import FIT, built, lines_of, rows
from tests.reports.conftest import OUTCOME, insert

CELL = ("backbone", "pretraining", "adaptation", "layer", "token", "probe", "measure", "outcome")


def slope(method: str, estimate: float, half: float, **values: object) -> dict[str, object]:
    """Return a row of results.regressions: a slope with an interval of twice ``half``."""
    interval = {"ci_low": estimate - half, "ci_high": estimate + half, "level": 0.95}
    names = {"method": method, "term": "similarity", "status": "fitted", "outcome": OUTCOME}
    sizes = {"n_runs": 15, "n_clusters": 3, "run_ids": ["r"]}
    return FIT | names | {"estimate": estimate} | interval | sizes | values


def views(pooled: float, within: float, half: float, **values: object) -> list[dict[str, object]]:
    """Return a slope of all runs under two errors, within datasets and between them."""
    return [
        slope("ols", pooled, 0.1, **values),
        slope("cluster_cr3", pooled, half, **values),
        slope("within", within, half, **values),
        slope("between", 2 * pooled, 9.0, **values),
    ]


def add_signs(con) -> None:
    """Insert one slope that turns for sure, one that may, one that does not; an outcome without."""
    con.execute("delete from results.regressions")
    each = views(1.5, -0.5, 0.25)
    each += views(1.5, -0.5, 1.0, layer="block1")
    each += views(1.5, 0.5, 0.25, layer="block4")
    each += views(1.5, 0.5, 0.25, outcome="knn_accuracy")
    insert(con, "results.regressions", rows(*each))


def add_trimmed(con) -> None:
    """Insert what each fit is without two of its runs; one of them is then undefined."""
    con.execute(
        "insert into results.regressions by name select * replace ("
        "'without_outliers' as method, -estimate as estimate, "
        "-ci_high as ci_low, -ci_low as ci_high, n_runs - 2 as n_runs) "
        "from results.regressions where method = 'ols'"
    )
    con.execute(
        "update results.regressions set status = 'undefined', reason = 'the outcome is constant', "
        "estimate = null, ci_low = null, ci_high = null "
        "where method = 'without_outliers' and layer = 'block4' and pretraining = 'ImageNet' "
        "and adaptation = 'full'"
    )


def add_joint(con) -> None:
    """Insert them and what the wild bootstrap of all slopes says."""
    add_trimmed(con)
    con.execute("update results.regressions set p_max_t = 0.31 where method = 'wild_cluster'")


def test_the_joint_p_value_and_the_alarm_of_sizes_are_shown_where_there_are_any(con):
    (plain,) = built(con, regressions.EXHIBIT)
    assert isinstance(plain.content, Table)
    assert "joint" not in [column.label for column in plain.content.columns]
    assert regressions.SIZE_ALARM not in plain.content.notes
    add_joint(con)
    con.execute("update results.regressions set size_alarm = layer = 'conv1'")
    (artefact,) = built(con, regressions.EXHIBIT)
    assert isinstance(artefact.content, Table)
    place = [column.label for column in artefact.content.columns].index("joint")
    assert lines_of(artefact)[3].split("|")[place + 1].strip() == "0.310"
    assert artefact.content.notes[-1] == regressions.SIZE_ALARM
    (figure, *_) = built(con, rigour.EXHIBIT)
    assert figure.caption.endswith(regressions.SIZE_ALARM)


def dataset_slope(dataset: str, layer: str, **values: object) -> dict[str, object]:
    """Return a row of results.dataset_slopes: one that is left of its family."""
    numbers = {"slope": -1.25, "correlation": -0.9, "statistic": -4.1, "p_value": 0.008}
    family = {"family": "all", "family_size": 3, "p_adjusted": 0.021, "n_permutations": 1999}
    runs = {"n_units": 5, "n_runs": 5, "run_ids": ["r"]}
    place = {"dataset": dataset, "layer": layer, "outcome": OUTCOME}
    return FIT | place | numbers | family | runs | values


def add_dataset_slopes(con) -> None:
    """Insert one slope that is left of three, and a network of which none is."""
    alone, none = {"p_adjusted": 0.4, "p_value": 0.04}, {"p_adjusted": 1.0, "p_value": 0.6}
    con.execute("delete from results.dataset_slopes")
    each = (
        dataset_slope("bone", "conv1"),
        dataset_slope("bone", "block1", **alone, slope=0.5),
        dataset_slope("eye", "conv1", **none, slope=0.1),
        dataset_slope("bone", "conv1", **alone, pretraining="RadImageNet"),
    )
    insert(con, "results.dataset_slopes", rows(*each))


def test_slopes_within_datasets_are_counted_before_and_after_the_adjustment(con):
    add_dataset_slopes(con)
    (artefact,) = built(con, dataset_slopes.EXHIBIT)
    _, first, second = lines_of(artefact)[2:]
    assert first == (
        "| resnet50 · ImageNet, full | 3 | 1 | 2 | 1 | bone | conv1 | −1.250 | 0.021 |"
    )
    assert second == (
        "| resnet50 · RadImageNet, full | 1 | 1 | 1 | 0 | bone | conv1 | −1.250 | 0.400 |"
    )


def test_slopes_that_turn_within_datasets_stand_beside_one_another_with_their_intervals(con):
    add_signs(con)
    (artefact,) = built(con, signs.EXHIBIT)
    heading, sure, open_, *others = lines_of(artefact)[2:]
    assert heading.startswith("| *Relative gain over scratch in AUC: 2 of 3 reversed* |")
    assert sure == (
        "| resnet50 · ImageNet, full | conv1 | 1.500 [1.250, 1.750] | −0.500 [−0.750, −0.250] "
        "| 3.000 [−6.000, 12.000] | yes | 15 | 3 |"
    )
    assert "| block1 | 1.500 [0.500, 2.500] | −0.500 [−1.500, 0.500] |" in open_
    assert open_.endswith("| no | 15 | 3 |")
    assert not any("block4" in line for line in others)


def test_an_outcome_none_of_whose_slopes_turns_says_only_that(con):
    add_signs(con)
    (artefact,) = built(con, signs.EXHIBIT)
    heading, line = lines_of(artefact)[-2:]
    assert heading.startswith("| *k-NN accuracy on the source probe: none of 1 reversed* |")
    assert re.findall(r"[^| ]+", line) == ["no", "sign", "differs"]


def test_two_datasets_have_no_slope_between_them_and_no_column_for_it(con):
    add_signs(con)
    con.execute("delete from results.regressions where method = 'between'")
    (artefact,) = built(con, signs.EXHIBIT)
    assert "between" not in markdown_table(table_of(artefact)).lower()
    assert "| −0.500 [−0.750, −0.250] | yes |" in lines_of(artefact)[3]


def test_without_errors_by_dataset_a_slope_has_no_interval_and_is_not_clear(con):
    add_signs(con)
    con.execute("delete from results.regressions where method = 'cluster_cr3'")
    (artefact,) = built(con, signs.EXHIBIT)
    assert "| conv1 | 1.500 | −0.500 [−0.750, −0.250] | 3.000" in lines_of(artefact)[3]
    assert "| no | 15 | 3 |" in lines_of(artefact)[3]


def test_slopes_on_one_dataset_are_not_asked(con):
    add_signs(con)
    con.execute("update results.regressions set n_clusters = 1")
    assert read(con, "slope_signs").is_empty()


def test_every_slope_that_turns_can_be_traced_to_its_row(con):
    add_signs(con)
    files = render(con, pictures=False).files
    entries = json.loads(files["manifest.json"])["artefacts"]
    (cells,) = (entry["cells"] for entry in entries if entry["name"].startswith("signs-"))
    named = [cell for row in cells for cell in row if cell]
    assert len(named) == 2 * 3
    assert len(set(named)) == len(named)


@pytest.mark.parametrize("turns", [True, False])
def test_the_query_raises_the_alarm_of_analysis(con, rng, turns):
    datasets = np.repeat(np.arange(4), 8)
    own, noise = rng.normal(size=(2, len(datasets))) * [[1.0], [0.1]]
    points = pl.DataFrame(
        {name: FIT[name] for name in CELL[:-1]}
        | {
            "outcome": OUTCOME,
            "dataset": datasets.astype(str),
            "run_id": [str(run) for run in range(len(datasets))],
            "similarity": own + 5 * datasets,
            "outcome_value": (-own if turns else own) + 5 * datasets + noise,
        }
    )
    fits = [view(points, Model(), by=CELL) for view in (regress, within_and_between)]
    found = pl.concat(fits).with_columns(analysis_id=pl.lit("a1"), origin=pl.lit("repdrift"))
    con.execute("delete from results.regressions")
    insert(con, "results.regressions", found)
    alarm = sign_alarms(found, by=CELL)
    assert alarm["is_reversed"].to_list() == [turns]
    assert read(con, "slope_signs")["is_reversed"].unique().to_list() == [turns]


def test_the_fit_without_outliers_stands_beside_that_of_all_runs(con):
    add_trimmed(con)
    (artefact,) = built(con, regressions.EXHIBIT)
    conv1, _, block4 = lines_of(artefact)[3:6]
    full, trimmed = re.findall(r"(−?[\d.]+) \[−?[\d.]+, −?[\d.]+\]", conv1)
    assert trimmed.removeprefix("−") == full.removeprefix("−")
    assert trimmed.startswith("−") != full.startswith("−")
    assert conv1.split(" | ")[4:6] == ["2", "0.040"]
    assert block4.split(" | ")[3:5] == ["–", "2"]
    assert any("1.5 interquartile ranges" in note for note in table_of(artefact).notes)


def test_a_fit_that_loses_its_tenth_run_to_the_fences_is_still_shown(con):
    con.execute("update results.regressions set n_runs = 10")
    add_trimmed(con)
    name = "tables/regressions-juodelyte2023-gain-ratio-auc-cca-mean-juodelyte-spatial-target.md"
    line = render(con, pictures=False).files[name].decode().splitlines()[3]
    assert line.split(" | ")[4] == "2"
    assert line.endswith("| 10 | 3 |")


def table_of(artefact) -> Table:
    """Return the table of an artefact."""
    assert isinstance(artefact.content, Table)
    return artefact.content
