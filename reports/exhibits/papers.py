"""Replication reports: what a paper shows, the honest version beside it, and the verdicts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from reports.exhibits import claims, pales2024, pooling, printed
from reports.exhibits.exhibit import Exhibit
from reports.exhibits.registry import EXHIBITS
from warehouse.errors import ReportError


@dataclass(frozen=True)
class Chapter:
    """One exhibit of a paper, or several that answer one question.

    Attributes
    ----------
    title : str
        What the paper calls it.
    shown : tuple of str
        Names of the exhibits that show what the paper shows.
    honest : tuple of str
        Names of those that show what it leaves out.
    claims : tuple of str
        Ids of the claims that the paper draws from it.
    """

    title: str
    shown: tuple[str, ...] = ()
    honest: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()


CHAPTERS: dict[str, tuple[Chapter, ...]] = {
    "juodelyte2023": (
        Chapter(
            "Table 2",
            ("juodelyte2023-table2-printed", "juodelyte2023-table-2"),
            ("scores", "comparisons", "rankings"),
            ("imagenet-beats-radimagenet", "imagenet-beats-radimagenet-on-isic-and-pcam"),
        ),
        Chapter(
            "Figure 3",
            ("juodelyte2023-figure-3",),
            ("similarities",),
            (
                "representations-diverge",
                "fine-tuned-networks-less-similar-than-random-ones",
                "early-layers-as-similar-as-random-ones",
                "imagenet-weights-change-less",
                "early-layers-change-less",
            ),
        ),
        Chapter("Figure 4", ("filters",)),
        Chapter(
            "Figure 5",
            ("juodelyte2023-figure-5",),
            ("agreements",),
            ("predictions-more-similar-than-independent",),
        ),
        Chapter(
            "Figure 6",
            ("juodelyte2023-figure-6",),
            (
                "rigour",
                "signs",
                "dataset-slopes",
                "influences",
                "gains",
                "slope-differences",
                "specifications",
                "slope-power",
                "projections",
                "regressions",
            ),
            ("figure-6-slopes-fall", "figure-6-steeper-for-radimagenet"),
        ),
    ),
    "zu2025": (
        Chapter(
            "Table 1",
            ("zu2025-table1-printed", "pooling"),
            ("score-matrix", "scores", "comparisons"),
            ("full-beats-linear", "full-beats-scratch"),
        ),
        Chapter(
            "Table 2 and Figure 1",
            ("zu2025-table2-printed", "forgetting", "distributions"),
            claims=("supervised-networks-resist-forgetting", "unsupervised-networks-forget"),
        ),
        Chapter("Figure 2", ("surfaces",)),
        Chapter("Figure 3", ("attention",), ("attention-by-block",)),
        Chapter(
            "Figure 4",
            ("bands", "members"),
            ("differences", "trajectories"),
            (
                "fine-tuned-networks-drift-far",
                "unsupervised-networks-recover",
                "supervised-networks-keep-decaying",
            ),
        ),
        Chapter(
            "Figure 5",
            ("outcomes", "bins"),
            ("rigour", "signs", "dataset-slopes", "regressions", "reliability"),
            (
                "similarity-goes-with-knn-accuracy",
                "similarity-goes-with-calibration-error",
                "similarity-says-little-of-self-supervised-networks",
                "supervised-slopes-are-steeper",
            ),
        ),
    ),
    "pales2024": (
        Chapter(
            "Tables 1 and 2",
            ("pales2024-table1-printed", "pales2024-table2-printed", "score-matrix"),
            ("scores", "comparisons"),
            ("fine-tuning-beats-frozen",),
        ),
        Chapter("Table 3", ("pales2024-table3-printed", "resolutions")),
        Chapter("Figure 1", ("printed-gains", "baseline-gains")),
        Chapter("Figure 2", ("target-knn",)),
        Chapter("Figure 3", ("times",)),
        Chapter("Figures 4 and 5", ("depth",)),
        Chapter("Figure 6", ("sizes",)),
        Chapter("Figure 7", ("layer-maps",)),
        Chapter("Figure 8", ("network-maps",)),
    ),
}
PAPERS = tuple(sorted(CHAPTERS))
OWN = (
    *printed.EXHIBITS,
    pooling.EXHIBIT,
    *pales2024.EXHIBITS,
)  # shown in replication reports alone


@dataclass(frozen=True)
class Place:
    """An exhibit and where it stands in a report: its chapter, '' for none."""

    exhibit: Exhibit
    chapter: str = ""


def places_of(paper: str | None) -> tuple[Place, ...]:
    """Return the exhibits of a paper by chapter, or every exhibit of a report without chapters.

    Raises
    ------
    ReportError
        If there is no such paper.
    """
    if paper is None:
        return tuple(Place(exhibit) for exhibit in EXHIBITS)
    if paper not in CHAPTERS:
        raise ReportError(f"no exhibits of {paper}; there are those of {', '.join(PAPERS)}")
    return tuple(_places(CHAPTERS[paper], paper))


def _places(chapters: Sequence[Chapter], paper: str) -> Iterator[Place]:
    named = {exhibit.name: exhibit for exhibit in (*EXHIBITS, *OWN)}
    used: set[str] = set()
    yield Place(claims.IN_SHORT, "In short")
    for chapter in chapters:
        for name in (*chapter.shown, *chapter.honest):
            if name not in used:
                exhibit = named[name]
                title = f"Beside it: {_lower(exhibit.title)}"
                is_honest = name in chapter.honest
                yield Place(replace(exhibit, title=title) if is_honest else exhibit, chapter.title)
                used.add(name)
        if chapter.claims:
            yield Place(claims.verdicts(paper, chapter.claims, chapter.title), chapter.title)
    judged = {claim for chapter in chapters for claim in chapter.claims}
    yield Place(claims.other_verdicts(paper, judged), "Claims and audit")
    yield Place(named["audit"], "Claims and audit")


def _lower(title: str) -> str:
    return title[:1].lower() + title[1:]
