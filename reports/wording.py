"""Names of scores, outcomes and measures as a reader of the report sees them."""

from collections.abc import Sequence

SCORES = {
    "accuracy": "accuracy",
    "auc": "AUC",
    "auc_ovr_macro": "AUC (one-vs-rest, macro)",
    "auc_ovr_weighted": "AUC (one-vs-rest, weighted)",
    "balanced_accuracy": "balanced accuracy",
    "brier": "Brier score",
    "ece_width_15": "ECE (15 bins)",
    "f1_macro": "macro F1",
    "kappa_quadratic": "quadratic kappa",
    "loss": "loss",
    "map_macro": "macro mAP",
    "nll": "negative log-likelihood",
    "recall_macro": "macro recall",
}
MEASURES = {
    "cca_mean": "mean CCA",
    "cca_mean_juodelyte": "mean CCA (Juodelyte)",
    "cca_mean_juodelyte_images": "mean CCA (Juodelyte, over images)",
    "cca_yanai": "Yanai's GCD",
    "cka_linear": "linear CKA",
    "cka_linear_debiased": "debiased linear CKA",
    "cka_minibatch": "minibatch CKA",
    "cka_rbf": "RBF CKA",
    "knn_jaccard": "Jaccard similarity of neighbours",
    "mutual_knn": "shared neighbours",
    "procrustes": "Procrustes",
    "pwcca": "PWCCA",
    "rsa": "RSA",
    "svcca": "SVCCA",
}
PAPERS = {
    "juodelyte2023": "Juodelyte et al. (2023)",
    "pales2024": "Palés Huix et al. (2024)",
    "zu2025": "Zu et al. (2025)",
}
METHODS = {
    "cluster_cr1": "by dataset (CR1)",
    "cluster_cr2": "by dataset (CR2)",
    "cluster_cr3": "by dataset (CR3)",
    "crossed": "datasets and networks crossed",
    "hc3": "unequal variances (HC3)",
    "mixed": "mixed model",
    "mixed_cr2": "mixed model, by dataset",
    "nadeau_bengio": "Nadeau-Bengio",
    "ols": "independent runs",
    "two_way": "by dataset and by network",
    "wild_cluster": "wild cluster bootstrap",
    "within": "within datasets",
}
PRIMARY = ("auc", "auc_ovr_weighted", "map_macro", "kappa_quadratic", "accuracy")
# Of the scores that a dataset has, the first is the one of its task.
TASK_SCORES = ("kappa_quadratic", "map_macro", "auc", "auc_ovr_weighted", "accuracy")
LOWER_IS_BETTER = frozenset({"loss", "brier", "nll"})
OUTCOMES = {
    "gain_difference": "gain over scratch",
    "gain_ratio": "relative gain over scratch",
    "score": "score",
    "calibration_error": "calibration error (15 bins)",
    "calibration_error_debiased": "debiased calibration error (15 bins)",
    "knn_accuracy": "k-NN accuracy on the source probe",
    "knn_calibration_error": "calibration error of the k-NN vote",
}


def score_name(score: str) -> str:
    """Return a score as readers know it; the stored name where there is none."""
    return SCORES.get(score, score.replace("_", " "))


def report_title(paper: str | None) -> str:
    """Return what a report is called.

    Examples
    --------
    >>> report_title("zu2025"), report_title(None)
    ('Replication report: Zu et al. (2025)', 'Representation drift')
    """
    if paper is None:
        return "Representation drift"
    return f"Replication report: {PAPERS.get(paper, paper)}"


def method_name(method: str) -> str:
    """Return a method of inference as readers know it."""
    return METHODS.get(method, method.replace("_", " "))


def sentence(text: str) -> str:
    """Return text that begins with a capital, but for names that never do.

    Examples
    --------
    >>> sentence("debiased linear CKA"), sentence("k-NN accuracy")
    ('Debiased linear CKA', 'k-NN accuracy')
    """
    return text if text.startswith("k-NN") else text[:1].upper() + text[1:]


def is_better_small(score: str) -> bool:
    """Return whether less of a score is better."""
    return score in LOWER_IS_BETTER or score.startswith("ece_")


def measure_name(measure: str) -> str:
    """Return a similarity measure as readers know it."""
    return MEASURES.get(measure, measure.replace("_", " "))


def outcome_name(outcome: str) -> str:
    """Return an outcome as readers know it, with the score that it is of.

    Examples
    --------
    >>> outcome_name("gain_ratio:auc"), outcome_name("calibration_error")
    ('relative gain over scratch in AUC', 'calibration error (15 bins)')
    """
    kind, _, score = outcome.partition(":")
    name = OUTCOMES.get(kind, kind.replace("_", " "))
    if kind == "score":
        return score_name(score)
    return f"{name} in {score_name(score)}" if score else name


def adaptation_name(adaptation: str, n_blocks: int | None, variant: str = "") -> str:
    """Return an adaptation with its number of blocks, and the settings in which its runs differ.

    Examples
    --------
    >>> adaptation_name("freeze_first_k", 3), adaptation_name("full", None, "image_size 224")
    ('freeze first 3', 'full, image size 224')
    """
    words = adaptation.replace("_", " ")
    depth = words if n_blocks is None else words.replace(" k", f" {n_blocks}")
    return f"{depth}, {variant.replace('_', ' ')}" if variant else depth


def short_names(names: Sequence[str]) -> tuple[list[str], str]:
    """Return names without the parts that all share, and those parts.

    Parameters
    ----------
    names : sequence of str
        Parts separated by `` / ``, as analysis names networks.

    Examples
    --------
    >>> short_names(["vit / dino / full / cls", "vit / dino / linear / cls"])
    (['full', 'linear'], 'vit, dino, cls')
    """
    parts = [name.split(" / ") for name in names]
    if len({len(part) for part in parts}) != 1 or len(set(names)) < 2:
        return list(names), ""
    varies = [len(set(column)) > 1 for column in zip(*parts, strict=True)]
    short = [
        " · ".join(word.replace("_", " ") for word, keep in zip(part, varies, strict=True) if keep)
        for part in parts
    ]
    same = ", ".join(word for word, keep in zip(parts[0], varies, strict=True) if not keep)
    return short, same
