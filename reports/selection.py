"""What a report shows unless it is asked for everything: the primary selection, in one place.

A study records several measures, probes, tokens, numbers of neighbours and scores. Shown all
together they bury the answer, so one of each is primary, chosen by the rules below and never by
its result. `repdrift report build --all` shows the rest.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, matching
from reports.store import AtLeast
from reports.tables.model import Table
from reports.wording import TASK_SCORES, measure_name, score_name

MEASURE = "cka_linear_debiased"  # unless it was not recorded; then the first by name
PROBE = "target"
LOOKED_AT = "source"  # attention is shown on the images of pre-training, as Zu et al. show it
OTHER_SCORES = ("accuracy", "ece_width_15")
OUTCOMES = ("calibration_error", "knn_accuracy")

EVERY_SCORE = frozenset({"scores", "comparisons", "rankings"})  # others: the task score alone
HEAD_ALONE = frozenset(
    {"detectable_effects", "power_curves", "rankings", "reliability", "variance_components"}
)
EVERY_MEASURE = frozenset({"specifications"})  # the measure is one of the choices it compares
SPACE = frozenset({"memberships", "membership_surfaces"})  # accuracy, one score on every dataset
LOOKS = frozenset({"attention_maps", "attention_statistics"})
EVERY_TOKEN = frozenset({"scores"})
PREDICTORS = frozenset({"projections_before"})  # whose score is no outcome

LEAST: Mapping[str, tuple[str, int]] = {
    "binned_fits": ("n_runs", 15),
    "gain_definitions": ("n_clusters", 2),  # one dataset gives no clustered p
    "membership_surfaces": ("n_units", 8),
    "projections": ("n_datasets", 3),
    "projections_before": ("n_datasets", 3),
    "rankings": ("n_datasets", 3),
    "regressions": ("n_in_cell", 10),  # a fit without outliers stands beside that of all runs
    "similarity_differences": ("n_pairs", 3),
    "similarity_distributions": ("n_runs", 5),
    "slope_differences": ("n_runs", 10),
    "slope_equivalences": ("n_runs", 10),
    "slope_signs": ("n_runs", 10),
    "specifications": ("n_runs", 10),
    "variance_components": ("n_runs", 10),
}
UNITS = {
    "n_runs": "runs in every cell",
    "n_in_cell": "runs in every cell",
    "n_pairs": "folds or seeds with both networks",
    "n_units": "runs in every set",
    "n_datasets": "datasets",
    "n_clusters": "datasets",
}
WORDS: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "study": ("study", str),
    "measure": ("measure", measure_name),
    "probe": ("probe", str),
    "token": ("features", str),
    "n_neighbours": ("k of k-NN", str),
    "score": ("scores", score_name),
}
WHOLE = frozenset(
    {"in-short", "claims", "audit"}
)  # these quote a paper, like a paper's own exhibits
REST = "repdrift report build --all"
MOST_FIGURES = 4  # of one exhibit


def primary(data: Data) -> Data:
    """Return the rows of the primary selection, and the conditions that pick them.

    Parameters
    ----------
    data : Data
        Every row.

    Returns
    -------
    Data
        The same with fewer rows; ``select`` adds the conditions to the SQL of each artefact.
    """
    frames: dict[str, pl.DataFrame] = {}
    conditions: dict[str, dict[str, dict[str, object]]] = {}
    for query, frame in data.frames.items():
        frames[query] = frame
        if query == "networks" or "origin" not in frame.columns:
            continue
        origins = frame["origin"].unique(maintain_order=True).to_list()
        conditions[query] = {one: _conditions(data, query, one) for one in origins}
        kept = [frame.filter(matching({"origin": o, **conditions[query][o]})) for o in origins]
        frames[query] = pl.concat(kept) if kept else frame
    return replace(data, frames=frames, conditions=conditions)


def first_figures(artefacts: Sequence[Artefact]) -> list[Artefact]:
    """Return every table and the first figures of an exhibit, as many as a reader looks through."""
    figures = [one.name for one in artefacts if not isinstance(one.content, Table)]
    left_out = set(figures[MOST_FIGURES:])
    return [one for one in artefacts if one.name not in left_out]


def further(made: Sequence[Artefact], kept: Sequence[Artefact]) -> str:
    """Return in one sentence how many figures were left out; '' for none."""
    n = len(made) - len(kept)
    return f"{n} further figure{'s' * (n > 1)}: {REST}." if n else ""


def is_whole(exhibit: Exhibit) -> bool:
    """Return whether an exhibit shows what a paper shows, whatever is primary."""
    return bool(exhibit.paper) or exhibit.name in WHOLE


def reason(query: str, every: Data) -> str:
    """Return why a section has no rows in the selection though the warehouse has some."""
    column, least = LEAST.get(query, ("", 0))
    if column and (most := every.frames[query][column].max()) is not None and most < least:  # type: ignore[operator]
        return f"fewer than {least} {UNITS[column]}; {REST} shows it"
    if query == "regressions":
        return (
            f"fewer than {least} runs of one adaptation, on one dataset; {REST} shows them pooled"
        )
    return f"not in the primary selection; {REST} shows it"


def selection_line(chosen: Data, every: Data) -> str:
    """Return in one sentence what was selected and how to see the rest; '' if nothing was."""
    parts = []
    for column, (word, name) in WORDS.items():
        shown, recorded = (_values(data, column, chosen.conditions) for data in (chosen, every))
        if shown and len(recorded) > len(shown):
            names = ", ".join(name(str(value)) for value in shown)
            parts.append(f"{word}: {names} ({len(shown)} of {len(recorded)})")
    if not parts:
        return ""
    return f"Primary selection: {'; '.join(parts)}. The rest: {REST}."


def _values(
    data: Data, column: str, conditions: Mapping[str, Mapping[str, Mapping[str, object]]]
) -> list[object]:
    values: set[object] = set()
    for query, by_origin in conditions.items():
        if any(column in where for where in by_origin.values()):
            values |= set(data.frames[query][column].drop_nulls().to_list())
    return sorted(values - {0}, key=str)


def _conditions(data: Data, query: str, origin: str) -> dict[str, object]:
    rows = data.frames[query].filter(origin=origin)
    where = _largest_study(rows)
    if "measure" in rows.columns and query not in EVERY_MEASURE:
        where["measure"] = _preferred(rows["measure"], (MEASURE,))
    if "probe" in rows.columns:
        where["probe"] = _preferred(rows["probe"], (LOOKED_AT if query in LOOKS else PROBE,))
    if "token" in rows.columns and query not in EVERY_TOKEN:
        where["token"] = _preferred(rows["token"], _head_tokens(data, origin))
    if "n_neighbours" in rows.columns:
        where["n_neighbours"] = _fewest(rows["n_neighbours"])
    if query in HEAD_ALONE:
        where["confidence_source"] = ("head",)
    if query in LEAST:
        column, least = LEAST[query]
        where[column] = AtLeast(least)
    if query == "regressions" and not (rows["n_clusters"] >= 2).any():
        # Adaptations pooled in one dataset: a slope between clouds, beyond any clustered error.
        where["adaptation"] = tuple(sorted({*rows["adaptation"].to_list()} - {"pooled"}))
    return where | _scores_and_outcomes(query, rows, _task_scores(data, origin))


def _largest_study(rows: pl.DataFrame) -> dict[str, object]:
    """Return nothing where studies do not repeat each other's cells."""
    if "study" not in rows.columns or rows["study"].n_unique() < 2:
        return {}
    sizes = rows.group_by("study").len().sort(pl.col("len"), "study", descending=[True, False])
    return {"study": (sizes["study"][0],)}


def _scores_and_outcomes(
    query: str, rows: pl.DataFrame, tasks: tuple[str, ...]
) -> dict[str, object]:
    where: dict[str, object] = {}
    if query in SPACE and "score" in rows.columns:
        where["score"] = _preferred(rows["score"], ("accuracy", *tasks))[:1]
    elif tasks and "score" in rows.columns and query not in PREDICTORS:
        others = OTHER_SCORES if query in EVERY_SCORE else ()
        where["score"] = tuple(dict.fromkeys((*tasks, *others)))
    if tasks and "outcome" in rows.columns:
        gains = [f"{gain}:{score}" for gain in ("gain_ratio", "gain_difference") for score in tasks]
        points = [f"score:{score}" for score in ("accuracy", *tasks)]
        own = points if query == "similarity_by_outcome" else ()  # what members are drawn from
        where["outcome"] = (*gains, *OUTCOMES, *dict.fromkeys(own))
    return where


def _preferred(values: pl.Series, preferred: Iterable[str]) -> tuple[str, ...]:
    recorded = sorted(set(values.drop_nulls().to_list()))
    return tuple(one for one in preferred if one in recorded) or tuple(recorded[:1])


def _fewest(values: pl.Series) -> tuple[int, ...]:
    """Return 0, which stands for no k-NN, and the smallest number of neighbours."""
    numbers = sorted({*values.drop_nulls().to_list()} - {0})
    return (0, *numbers[:1])


def _head_scores(data: Data, origin: str) -> pl.DataFrame:
    return data.frames["scores"].filter(origin=origin, split="test", confidence_source="head")


def _head_tokens(data: Data, origin: str) -> list[str]:
    """Return the tokens that the heads read."""
    return sorted(set(_head_scores(data, origin)["token"].drop_nulls().to_list()))


def _task_scores(data: Data, origin: str) -> tuple[str, ...]:
    """Return the first of the task scores that each dataset has, in the order of the rule."""
    found = _head_scores(data, origin).group_by("dataset").agg("score")["score"].to_list()
    firsts = {next((s for s in TASK_SCORES if s in set(own)), None) for own in found}
    return tuple(score for score in TASK_SCORES if score in firsts)
