"""A table of scores holds intervals of one kind."""

import polars as pl
from matplotlib.figure import Figure

from reports.exhibits import scores
from reports.exhibits.exhibit import Data
from reports.store import read
from tests.reports.conftest import insert


def tables(con):
    """Return the tables of scores."""
    frames = {name: read(con, name) for name in scores.EXHIBIT.queries}
    found = scores.build(Data(frames, {}, {}))
    assert not any(isinstance(artefact.content, Figure) for artefact in found)
    return {artefact.name: artefact for artefact in found}


def test_folds_and_seeds_stand_in_tables_of_their_own(con):
    assert list(tables(con)) == ["scores-juodelyte2023"]
    cells = con.sql("from results.intervals").pl()
    seeds = cells.filter(dataset="breast").with_columns(
        dataset=pl.lit("eye"), uncertainty=pl.lit("seed"), method=pl.lit("t")
    )
    insert(con, "results.intervals", seeds)
    found = tables(con)
    assert list(found) == ["scores-juodelyte2023-fold", "scores-juodelyte2023-seed"]
    for kind, datasets in (("fold", {"breast", "chest", "knee_50%"}), ("seed", {"eye"})):
        artefact = found[f"scores-juodelyte2023-{kind}"]
        assert f"intervals over {kind}s" in artefact.caption
        assert set(artefact.sources[0].rows["dataset"]) == datasets


def test_intervals_over_test_images_are_not_shown_for_those_over_runs(con):
    cells = con.sql("from results.intervals").pl()
    images = cells.with_columns(
        uncertainty=pl.lit("test_sample"), method=pl.lit("bootstrap"), ci_low=0.0
    )
    insert(con, "results.intervals", images)
    (artefact,) = tables(con).values()
    assert set(artefact.sources[0].rows["uncertainty"]) == {"fold"}
