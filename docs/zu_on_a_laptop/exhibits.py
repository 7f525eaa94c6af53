"""Tables and sentences of ``zu_on_a_laptop.md`` and the README, from the rows beside this file."""

import csv
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

Rows = list[dict[str, str]]

PRETRAININGS = {
    "supervised": "supervised",
    "contrastive": "contrastive",
    "selfsupervised": "self-supervised",
}
POOLINGS = {"cls": "CLS", "mean": "mean"}
TASK_SCORES = {"pneumonia": "auc", "knee": "kappa_quadratic"}
SCORE_NAMES = {"auc": "AUC", "kappa_quadratic": "quadratic kappa", "accuracy": "accuracy"}
PAIRS = [(pretraining, pooling) for pretraining in PRETRAININGS for pooling in POOLINGS]
INFERENCES = {
    "ols": "least squares, as if runs were independent",
    "cluster_cr3": "the same slope, errors by dataset (CR3)",
    "wild_cluster": "wild bootstrap: two clusters allow no p below 0.5",
    "within": "within datasets",
}


def rows_of(name: str) -> Rows:
    """Read what the query of that name found."""
    with Path(__file__).with_name(f"{name}.csv").open() as lines:
        return list(csv.DictReader(lines))


SCORES, SOURCE, SIMILARITY, DIFFERENCES, FITS, SLOPES, WITHIN, CLAIMS = map(
    rows_of,
    ("scores", "source", "similarity", "differences", "fits", "slopes", "within", "claims"),
)


def number(rows: Rows, column: str = "mean", **where: str) -> float:
    """Look a number up: the one row that has these values."""
    (found,) = [row for row in rows if all(row[key] == value for key, value in where.items())]
    return float(found[column])


def mean_and_sd(rows: Rows, **where: str) -> str:
    """Write mean ± standard deviation over seeds."""
    return f"{number(rows, **where):.3f} ± {number(rows, 'sd', **where):.3f}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def prose(text: str) -> str:
    """Fill the lines of a paragraph."""
    return textwrap.fill(" ".join(text.split()), 100, break_on_hyphens=False)


def n_seeds(adaptation: str) -> str:
    """Say how many seeds a cell has, dataset by dataset."""
    said = []
    for dataset in TASK_SCORES:
        cells = (r for r in SCORES if (r["dataset"], r["adaptation"]) == (dataset, adaptation))
        numbers = sorted({int(row["n_runs"]) for row in cells})
        said.append(f"{dataset} {' to '.join(str(n) for n in numbers)}")
    return ", ".join(said)


def n_runs() -> int:
    """Count the recorded runs."""
    return sum(int(row["n_runs"]) for row in SCORES if row["score"] == "accuracy")


def in_short() -> str:
    """Say the most important of it."""
    kept = ", ".join(
        f"{name} {100 * retention(p, 'knee'):.0f} %" for p, name in PRETRAININGS.items()
    )
    runs, within, bins = explained("supervised").split(", ")
    return prose(
        f"""
        In its {n_runs()} runs full fine-tuning is ahead of a frozen backbone in
        kappa on the knee for {n_ahead("knee", "linear", "kappa_quadratic")} networks, and every
        network forgets: both agree with the paper. That the self-supervised network forgets most
        does not: what is left of the k-NN accuracy on CIFAR-10 after the knee is, for the
        {kept}. And most of the relation between similarity and k-NN accuracy lies between the
        two datasets: for the supervised network R² is
        {runs} over runs, {within} within datasets, {bins} over bins.
        """
    )


def recorded_runs() -> str:
    """Say how many runs are there."""
    return prose(
        f"""
        **All {n_runs()} runs that the two study files ask for are trained and recorded**. Seeds in
        a cell of `full`: {n_seeds("full")}; of `linear`: {n_seeds("linear")}; of `scratch`:
        {n_seeds("scratch")}.
        """
    )


def task_scores() -> str:
    """Table 1: CLS / mean of patches."""
    trained = [(a, p) for a in ("full", "linear") for p in PRETRAININGS] + [("scratch", "random")]
    columns = [(d, score) for d in TASK_SCORES for score in (TASK_SCORES[d], "accuracy")]

    def cell(adaptation: str, pretraining: str, dataset: str, score: str) -> str:
        where = {"adaptation": adaptation, "pretraining": pretraining, "dataset": dataset}
        return " / ".join(
            mean_and_sd(SCORES, score=score, pooling=pooling, **where) for pooling in POOLINGS
        )

    return table(
        ["", *(f"{dataset}, {SCORE_NAMES[score]}" for dataset, score in columns)],
        [
            [f"{a}, {PRETRAININGS[p]}" if a != "scratch" else a, *(cell(a, p, *c) for c in columns)]
            for a, p in trained
        ],
    )


def calibration_of_heads() -> str:
    """Say how large the calibration error of the head is."""

    def span(dataset: str, adaptation: str) -> str:
        means = [
            float(row["mean"])
            for row in SCORES
            if (row["dataset"], row["adaptation"], row["score"])
            == (dataset, adaptation, "ece_width_15")
        ]
        return f"{min(means):.2f} to {max(means):.2f}"

    full, linear = ([span(d, a) for d in TASK_SCORES] for a in ("full", "linear"))
    return prose(
        f"""
        Means of the head's calibration error are {full[0]} on pneumonia and {full[1]} on knees
        after full fine-tuning, {linear[0]} and {linear[1]} on a frozen backbone.
        """
    )


def on_source(score: str, pretraining: str, pooling: str, dataset: str | None = None) -> float:
    """Mean score of the vote on the source images, after a dataset or (None) before any."""
    adaptation = "linear" if dataset is None else "full"
    where = {"adaptation": adaptation, "pretraining": pretraining, "pooling": pooling}
    return number(SOURCE, score=score, dataset=dataset or "knee", **where)


def source_accuracy() -> str:
    """Table 2."""
    return table(
        ["pre-training, features", "before", *(f"after {dataset}" for dataset in TASK_SCORES)],
        [
            [
                f"{PRETRAININGS[pretraining]}, {POOLINGS[pooling]}",
                f"{on_source('accuracy', pretraining, pooling):.3f}",
                *(
                    mean_and_sd(
                        SOURCE,
                        score="accuracy",
                        adaptation="full",
                        dataset=dataset,
                        pretraining=pretraining,
                        pooling=pooling,
                    )
                    for dataset in TASK_SCORES
                ),
            ]
            for pooling in POOLINGS
            for pretraining in PRETRAININGS
        ],
    )


def source_calibration() -> str:
    """Say what becomes of the calibration error of the vote."""
    said = [
        f"{name} "
        + ", ".join(f"{on_source('ece_width_15', p, 'cls', d):.3f}" for d in (None, *TASK_SCORES))
        for p, name in PRETRAININGS.items()
    ]
    return prose(
        f"""
        The calibration error of the same vote (CLS) before, after pneumonia and after knees:
        {"; ".join(said)}.
        """
    )


def drift() -> str:
    """Figure 4, as numbers."""
    epochs = ("1", "5", "10", "15", "20")
    return table(
        ["pre-training, dataset", *(f"after {epoch}" for epoch in epochs)],
        [
            [f"{name}, {dataset}"]
            + [
                f"{number(SIMILARITY, dataset=dataset, pretraining=pretraining, epoch=epoch):.3f}"
                for epoch in epochs
            ]
            for dataset in TASK_SCORES
            for pretraining, name in PRETRAININGS.items()
        ],
    )


def explained(
    pretraining: str,
    *,
    layer: str = "blocks.5",
    pooling: str = "cls",
    outcome: str = "knn_accuracy",
) -> str:
    """R² over runs, within datasets, over bins."""
    where = {"pretraining": pretraining, "layer": layer, "pooling": pooling, "outcome": outcome}
    of = ("runs", "within", "bins")
    return ", ".join(f"{number(FITS, f'r_squared_{name}', **where):.2f}" for name in of)


def explained_by_layer() -> str:
    """Figure 5: R² of k-NN accuracy per layer."""
    layers = [f"blocks.{block}" for block in range(6)]
    return table(
        ["layer", *PRETRAININGS.values()],
        [[layer, *(explained(p, layer=layer) for p in PRETRAININGS)] for layer in layers],
    )


def explained_otherwise() -> str:
    """R² in the last block with another head, or of another outcome."""
    calibration = {"outcome": "knn_calibration_error"}
    return table(
        ["outcome, head", *PRETRAININGS.values()],
        [
            ["k-NN accuracy, mean", *(explained(p, pooling="mean") for p in PRETRAININGS)],
            ["k-NN calibration error, CLS", *(explained(p, **calibration) for p in PRETRAININGS)],
        ],
    )


def slopes() -> str:
    """Slopes in the last block under rising rigour."""

    def cell(method: str, pretraining: str) -> str:
        where = {"method": method, "pretraining": pretraining}
        if method == "wild_cluster":
            return f"p = {number(SLOPES, 'p_value', **where):.2g}"
        estimate, low, high = (
            number(SLOPES, column, **where) for column in ("estimate", "ci_low", "ci_high")
        )
        return f"{estimate:.2f} [{low:.2f}, {high:.2f}]"

    return table(
        ["inference", *PRETRAININGS.values()],
        [[said, *(cell(m, p) for p in PRETRAININGS)] for m, said in INFERENCES.items()],
    )


def within_datasets() -> str:
    """Slopes over the seeds of one dataset, all blocks and datasets of a network tested at once."""

    def cell(outcome: str, pretraining: str, pooling: str) -> str:
        where = {"outcome": outcome, "pretraining": pretraining, "pooling": pooling}
        own = [row for row in WITHIN if all(row[key] == value for key, value in where.items())]
        rising = sum(float(row["slope"]) > 0 for row in own)
        alone, left = (
            sum(float(row[column]) < 0.05 for row in own) for column in ("p_value", "p_adjusted")
        )
        return f"{len(own)}, {rising}, {alone}, {left}"

    names = {"knn_accuracy": "k-NN accuracy", "knn_calibration_error": "k-NN calibration error"}
    return table(
        ["outcome, head", *PRETRAININGS.values()],
        [
            [f"{said}, {POOLINGS[pooling]}", *(cell(outcome, p, pooling) for p in PRETRAININGS)]
            for outcome, said in names.items()
            for pooling in POOLINGS
        ],
    )


def drift_apart() -> str:
    """Differences in similarity of the last network of a pair less the first, block by block."""
    pairs = sorted({(r["first_pretraining"], r["second_pretraining"]) for r in DIFFERENCES})
    columns = [(dataset, *pair) for dataset in TASK_SCORES for pair in pairs]

    def cell(layer: str, dataset: str, first: str, second: str) -> str:
        where = {"layer": layer, "dataset": dataset}
        where |= {"first_pretraining": first, "second_pretraining": second}
        estimate, p = (number(DIFFERENCES, c, **where) for c in ("estimate", "p_false_discovery"))
        return f"{estimate:+.2f}{'*' * (p <= 0.05)}"

    return table(
        ["layer", *(f"{d}, {PRETRAININGS[b]} - {PRETRAININGS[a]}" for d, a, b in columns)],
        [
            [layer, *(cell(layer, *column) for column in columns)]
            for layer in sorted({row["layer"] for row in DIFFERENCES})
        ],
    )


def n_ahead(dataset: str, other: str, score: str) -> str:
    """Count the networks whose mean is higher after full fine-tuning than after the other."""

    def mean(adaptation: str, pretraining: str, pooling: str) -> float:
        start = "random" if adaptation == "scratch" else pretraining
        where = {"adaptation": adaptation, "pretraining": start, "pooling": pooling}
        return number(SCORES, dataset=dataset, score=score, **where)

    ahead = sum(mean("full", *pair) > mean(other, *pair) for pair in PAIRS)
    return f"{ahead} of {len(PAIRS)}"


def ahead() -> str:
    """How often full fine-tuning is ahead."""
    columns = [(d, score) for d in TASK_SCORES for score in (TASK_SCORES[d], "accuracy")]
    return table(
        ["`full` is ahead of", *(f"{d}, {SCORE_NAMES[score]}" for d, score in columns)],
        [
            [f"`{other}`", *(n_ahead(d, other, score) for d, score in columns)]
            for other in ("linear", "scratch")
        ],
    )


def retention(pretraining: str, dataset: str) -> float:
    """Share of k-NN accuracy (CLS) on the source that is left after full fine-tuning."""
    return on_source("accuracy", pretraining, "cls", dataset) / on_source(
        "accuracy", pretraining, "cls"
    )


def forgotten() -> str:
    """Say how often and how much is forgotten."""
    cells = [(*pair, dataset) for pair in PAIRS for dataset in TASK_SCORES]
    falls = sum(on_source("accuracy", *cell) < on_source("accuracy", *cell[:2]) for cell in cells)
    further = sum(
        on_source("accuracy", *pair, "knee") < on_source("accuracy", *pair, "pneumonia")
        for pair in PAIRS
    )
    kept = [
        f"{name} " + " and ".join(f"{100 * retention(p, d):.0f} %" for d in TASK_SCORES)
        for p, name in PRETRAININGS.items()
    ]
    return prose(
        f"""
        k-NN accuracy on the source falls in {falls} of {len(cells)} cells, further after knees than
        after chests in {further} of {len(PAIRS)} networks. What is left of it (CLS; pneumonia and
        knee): {", ".join(kept)}.
        """
    )


def verdicts() -> str:
    """Verdicts on the claims, by rigour."""
    levels = ("as_published", "independent", "clustered", "wild", "mixed", "adjusted")
    claims = sorted({row["claim"] for row in CLAIMS})
    found = {(row["claim"], row["rigour"]): row["verdict"] for row in CLAIMS}
    return table(
        ["claim", *(level.replace("_", " ") for level in levels)],
        [[f"`{claim}`", *(found[claim, level] for level in levels)] for claim in claims],
    )
