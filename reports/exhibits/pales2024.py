"""Figures 1, 2, 3 and 6 and Table 3 of Palés Huix et al. (2024), from printed numbers and runs."""

from collections.abc import Mapping, Sequence
from functools import partial

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, Selection, named, slug
from reports.exhibits.result_table import Shown, result_table
from reports.exhibits.settings import CELL, treatment
from reports.figures.strips import strips
from reports.style import network, ordered_appearances
from reports.wording import TASK_SCORES, score_name

PAPER = "pales2024"
SET = ("origin", "study")
TARGETS = ("APTOS2019", "DDSM", "ISIC2019", "CheXpert")


def _figure(
    name: str, caption: str, source: Selection, rows: pl.DataFrame, y_label: str
) -> Artefact:
    """Return points by group and series, a panel per value of ``panel``, a line at ``zero``."""
    series = rows["series"].unique(maintain_order=True).to_list()
    panels = [(str(title), own) for (title,), own in rows.group_by("panel", maintain_order=True)]
    draw = partial(
        strips,
        panels,
        ordered_appearances(series),
        groups=rows["group"].unique(maintain_order=True).to_list(),
        series=series,
        y_label=y_label,
        reference=0.0 if rows["value"].min() < 0 else None,  # type: ignore[operator]
    )
    return Artefact(name, caption, draw, (source,))


def printed_gains(data: Data) -> list[Artefact]:
    """Return their Figure 1 from their Tables 1 and 2."""
    source = data.select("printed_gains")
    rows = (
        source.rows.filter(pl.col("n_source_images").is_not_null())
        .sort("n_source_images", "network", "training", "head", maintain_order=True)
        .with_columns(
            panel=pl.col("table_column"),
            group=pl.format("{}\n{}", "network", _powers("n_source_images")),
            series=pl.format("{}, {}", "training", "head"),
            value=100 * pl.col("gain_ratio"),
            mean=100 * pl.col("gain_ratio"),
        )
        .sort(pl.col("table_column").cast(pl.Enum(TARGETS)), maintain_order=True)
    )
    if rows.is_empty():
        return []
    caption = (
        "Pales Huix et al., Figure 1, from their Tables 1 and 2: relative gain of the printed "
        "means over supervised ImageNet weights that were fine-tuned whole; networks by the number "
        "of images that they were pre-trained on, as the paper gives it. No interval: their SDs "
        "are those of optimisation on one split. The tables say which differences survive a test."
    )
    return [_figure(f"{PAPER}-figure-1", caption, source, rows, "relative gain, %")]


def _powers(column: str) -> pl.Expr:
    return pl.col(column).map_elements(_power, return_dtype=pl.String)


def _power(value: float) -> str:
    """Return a number of images in words of one or two digits."""
    for size, unit in ((1e9, "billion"), (1e6, "million"), (1e3, "thousand")):
        if value >= size:
            return f"{value / size:g} {unit}"
    return f"{value:g}"


def baseline_gains(data: Data) -> list[Artefact]:
    """Return Figure 1 from runs: relative gain over the supervised network fine-tuned whole."""
    artefacts = []
    for key, rows in _sets(data.frames["baseline_gains"]):
        own = _one_score(rows.filter(pl.col("n_blocks").is_null())).filter(
            pl.col("gain_ratio").is_not_null()
        )
        source = data.select("baseline_gains", **key)
        if own.select("backbone", "pretraining").n_unique() > 1:
            drawn = own.with_columns(
                panel=pl.format("{}, {}", "dataset", _scores("score")),
                group=_networks(own),
                series=_trainings(),
                value=100 * pl.col("gain_ratio"),
                mean=100 * pl.col("gain_ratio"),
            )
            caption = (
                f"Figure 1 of Pales Huix et al. from runs ({key['study']}): gain of the mean over "
                "runs, relative to the supervised network that was fine-tuned whole under a "
                "linear head. A dataset whose baseline is not above 0 is left out. The table of "
                "pairs has the intervals."
            )
            name = slug("gains-over-baseline", *key.values())
            artefacts.append(_figure(name, caption, source, drawn, "relative gain, %"))
    return artefacts


def target_knn(data: Data) -> list[Artefact]:
    """Return Figure 2: k-NN on the target images with the features before fine-tuning."""
    artefacts = []
    for key, rows in _sets(data.frames["target_knn"]):
        source = data.select("target_knn", **key)
        own = _one_score(rows).with_columns(
            panel=pl.format("{}, {}", "dataset", _scores("score")),
            group=_networks(rows),
            series=pl.format("{} features, k = {}", "token", "n_neighbours"),
            value="mean",
        )
        if len(own):
            caption = (
                f"Figure 2 of Pales Huix et al. from runs ({key['study']}): neighbours' vote on "
                "target images with the features of the pre-trained networks, nothing fine-tuned."
            )
            name = slug("target-knn", *key.values())
            artefacts.append(_figure(name, caption, source, own, "score of the vote"))
    return artefacts


def times(data: Data) -> list[Artefact]:
    """Return Figure 3: epochs to the chosen checkpoint; seconds and milliseconds by device."""
    artefacts = []
    for key, rows in _sets(data.frames["costs"]):
        devices = rows["device"].unique().sort().to_list()
        artefacts += _times(data, key, "selected_epoch", "epochs to the checkpoint", devices)
        for device in devices:
            own = key if len(devices) == 1 else {**key, "device": device}
            artefacts += _times(data, own, "training_s", "s of training to it", [device])
            artefacts += _times(data, own, "inference_ms", "ms per image", [device])
    return artefacts


def _times(
    data: Data, where: Mapping[str, object], column: str, y_label: str, devices: Sequence[object]
) -> list[Artefact]:
    source = data.select("costs", **where)
    timed = source.rows.filter(
        pl.col("n_blocks").is_null(), pl.col("adaptation") != "none", pl.col(column).is_not_null()
    )
    if timed.is_empty():
        return []
    drawn = timed.with_columns(
        panel=pl.col("dataset"),
        group=_networks(timed),
        series=_trainings(),
        value=pl.col(column).cast(pl.Float64),
    ).with_columns(mean=pl.col("value").mean().over("panel", "group", "series"))
    names = ", ".join(str(device) for device in devices if device is not None)
    caption = (
        f"Figure 3 of Pales Huix et al. from runs ({where['study']}): {y_label}. A point is "
        f"a run, a bar their mean. Measured on {names or 'a device that is not named'}; "
        "times of different devices, or of a machine that did other work, do not compare."
    )
    name = slug("times", column, *where.values())
    return [_figure(name, caption, source, drawn, y_label)]


def sizes(data: Data) -> list[Artefact]:
    """Return Figure 6: scores of backbones of several sizes with the same pre-training."""
    artefacts = []
    for key, rows in _sets(data.frames["baseline_gains"]):
        lowest = pl.col("image_size") == pl.col("image_size").min()
        several = rows.filter(
            lowest | pl.col("image_size").is_null(),
            pl.col("n_blocks").is_null(),
            pl.col("n_parameters").is_not_null(),
            pl.col("head") == "linear",
            pl.col("backbone").n_unique().over("dataset", "pretraining", "adaptation", "score") > 1,
        )
        own = _one_score(several)
        if own.is_empty():
            continue
        drawn = own.sort("n_parameters", maintain_order=True).with_columns(
            panel=pl.format("{}, {}", "dataset", _scores("score")),
            group=pl.format(
                "{}\n{} M", "backbone", (pl.col("n_parameters") / 1e6).round().cast(pl.Int64)
            ),
            series=pl.format("{}, {}", "pretraining", "adaptation"),
            value="mean",
        )
        caption = (
            f"Figure 6 of Pales Huix et al. from runs ({key['study']}): mean score over runs by "
            "size of the backbone, in millions of parameters."
        )
        source = data.select("baseline_gains", **key)
        artefacts.append(_figure(slug("sizes", *key.values()), caption, source, drawn, "score"))
    return artefacts


def resolutions(data: Data) -> list[Artefact]:
    """Return Table 3 from runs: the same cell at its lowest and its highest resolution."""
    artefacts = []
    for key, _ in _sets(data.frames["resolutions"]):
        source = data.select("resolutions", **key)
        own = _one_score(source.rows)
        rows = own.with_columns(
            group=named("backbone", "pretraining", network),
            training=_trainings(),
            block=pl.format("{}, {}", "dataset", _scores("score")),
        )
        table = result_table(
            rows,
            (
                Shown("group", "network"),
                Shown("training", "training"),
                Shown("low_size", "pixels", 0, "low resolution"),
                Shown("low_mean", "score", 1, "low resolution", scale=100),
                Shown("high_size", "pixels", 0, "high resolution"),
                Shown("high_mean", "score", 1, "high resolution", scale=100),
                Shown("difference", "high − low, points", 1, scale=100),
                Shown("high_n_runs", "runs", 0),
            ),
            key=(*CELL, "score"),
            block="block",
            notes=("Scores × 100, means over runs. The gain is a difference in points, no ratio.",),
        )
        caption = f"Table 3 of Pales Huix et al. from runs ({key['study']})."
        artefacts.append(Artefact(slug("resolutions", *key.values()), caption, table, (source,)))
    return artefacts


def _sets(rows: pl.DataFrame) -> list[tuple[dict[str, object], pl.DataFrame]]:
    return [
        (dict(zip(SET, key, strict=True)), own)
        for key, own in rows.group_by(SET, maintain_order=True)
    ]


def _one_score(rows: pl.DataFrame) -> pl.DataFrame:
    """Return rows of the score of each dataset's task."""
    order: Mapping[str, int] = {score: place for place, score in enumerate(TASK_SCORES)}
    known = rows.filter(pl.col("score").is_in(TASK_SCORES))
    place = pl.col("score").replace_strict(order, return_dtype=pl.Int64)
    return known.filter(place == place.min().over("dataset"))


def _networks(rows: pl.DataFrame) -> pl.Expr:
    """Return the name of the network, with its resolution where runs differ in it."""
    name = named("backbone", "pretraining", network).str.replace(" · ", "\n", literal=True)
    if "image_size" in rows.columns and rows["image_size"].n_unique() > 1:
        return pl.format("{}, {} px", name, "image_size")
    return name


def _trainings() -> pl.Expr:
    return pl.format("{}, {} head", treatment(), "head")


def _scores(column: str) -> pl.Expr:
    return pl.col(column).map_elements(score_name, return_dtype=pl.String)


def _exhibit(name: str, title: str, queries: Sequence[str], build: object, missing: str) -> Exhibit:
    return Exhibit(name, title, tuple(queries), build, missing, PAPER)  # type: ignore[arg-type]


EXHIBITS = (
    _exhibit(
        "printed-gains",
        "Figure 1, from printed numbers",
        ("printed_gains",),
        printed_gains,
        "no printed numbers; repdrift analysis audit -w WAREHOUSE brings them",
    ),
    _exhibit(
        "baseline-gains",
        "Figure 1, from runs",
        ("baseline_gains",),
        baseline_gains,
        "no runs of the supervised baseline, fine-tuned whole, beside those of other networks",
    ),
    _exhibit(
        "target-knn",
        "Figure 2, from runs",
        ("target_knn",),
        target_knn,
        "no k-NN on target images before training; its numbers are in a picture of the paper only",
    ),
    _exhibit("times", "Figure 3, from runs", ("costs",), times, "no run says how long it took"),
    _exhibit(
        "sizes",
        "Figure 6, from runs",
        ("baseline_gains",),
        sizes,
        "no runs of several backbones with the same pre-training",
    ),
    _exhibit(
        "resolutions",
        "Table 3, from runs",
        ("resolutions",),
        resolutions,
        "no network was trained at two resolutions",
    ),
)
