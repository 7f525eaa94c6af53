"""A dagger marks what a test does not tell from the best: by its p-values, never by the means."""

import polars as pl
import pytest

from reports.exhibits.scores import tied_with_best
from reports.tables.model import Number

NAMES = ["a", "b", "c"]
LEVEL = 0.95


def pairs(**p_values: float | None) -> pl.DataFrame:
    """Return comparisons by the names of both networks: ``ab=0.2`` compares a with b."""
    return pl.DataFrame(
        [(*pair, p_value, LEVEL) for pair, p_value in p_values.items()],
        schema={"first": str, "second": str, "p_adjusted": float, "level": float},
        orient="row",
    )


def tied(tests: pl.DataFrame, *means: float | None, largest: bool = True) -> list[str]:
    cells = [Number(mean) for mean in means]
    return [NAMES[index] for index in tied_with_best(tests, NAMES, cells, largest=largest)]


def test_near_means_that_a_test_tells_apart_are_not_tied_and_far_ones_may_be():
    assert tied(pairs(ab=0.001, ac=0.3, bc=0.3), 0.90, 0.89, 0.10) == ["c"]


@pytest.mark.parametrize(("largest", "expected"), [(True, ["b"]), (False, [])])
def test_the_best_is_the_smallest_where_less_is_better(largest, expected):
    # b is not told from a, the largest; both are told from c, the smallest.
    tests = pairs(ab=0.4, ac=0.01, bc=0.01)
    assert tied(tests, 0.3, 0.2, 0.1, largest=largest) == expected


def test_only_tests_against_the_best_count():
    assert tied(pairs(ab=0.01, ac=0.01, bc=0.9), 0.9, 0.5, 0.5) == []


def test_what_has_no_test_against_the_best_is_not_told_from_it():
    assert tied(pairs(ab=0.01, bc=0.5), 0.9, 0.5, 0.4) == ["c"]
    assert tied(pairs(ab=0.01, ac=None, bc=0.5), 0.9, 0.5, 0.4) == ["c"]


@pytest.mark.parametrize(("bc", "expected"), [(0.01, []), (0.4, ["c"])])
def test_of_two_best_ones_both_must_be_told_from_the_others(bc, expected):
    assert tied(pairs(ab=None, ac=0.01, bc=bc), 0.9, 0.9, 0.5) == expected


def test_without_any_test_and_without_a_mean_nothing_is_tied():
    assert tied(pairs(), 0.9, 0.5, 0.4) == []
    assert tied(pairs(ab=None), 0.9, 0.5, 0.4) == []
    assert tied(pairs(ab=0.5), None, None, None) == []
    assert tied(pairs(ab=0.5, ac=0.5), 0.9, 0.5, None) == ["b"]
