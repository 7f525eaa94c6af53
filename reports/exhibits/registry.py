"""Every exhibit of a report, in the order of its sections."""

from reports.exhibits import (
    bins,
    claims,
    depth,
    forgetting,
    juodelyte2023,
    maps,
    outcomes,
    planning,
    rankings,
    regressions,
    rigour,
    robustness,
    score_matrix,
    scores,
    similarities,
    space,
    specifications,
    trajectories,
)
from reports.exhibits.exhibit import Exhibit
from warehouse.errors import ReportError

EXHIBITS: tuple[Exhibit, ...] = (
    juodelyte2023.TABLE_2,
    juodelyte2023.FIGURE_3,
    juodelyte2023.FIGURE_5,
    juodelyte2023.FIGURE_6,
    claims.CLAIMS,
    scores.EXHIBIT,
    score_matrix.EXHIBIT,
    rankings.RANKINGS,
    rankings.COMPARISONS,
    planning.POWER,
    planning.VARIANCE,
    planning.AGREEMENTS,
    forgetting.EXHIBIT,
    similarities.EXHIBIT,
    space.DISTRIBUTIONS,
    space.SURFACES,
    maps.LAYERS,
    maps.NETWORKS,
    space.BANDS,
    trajectories.EXHIBIT,
    depth.EXHIBIT,
    outcomes.EXHIBIT,
    rigour.EXHIBIT,
    bins.EXHIBIT,
    specifications.EXHIBIT,
    robustness.INFLUENCES,
    robustness.GAINS,
    robustness.DIFFERENCES,
    planning.PROJECTIONS,
    regressions.EXHIBIT,
    claims.AUDIT,
)
BESIDE = {
    "juodelyte2023": (
        "claims",
        "rankings",
        "comparisons",
        "rigour",
        "influences",
        "gains",
        "slope-differences",
        "specifications",
        "agreements",
        "projections",
        "audit",
    ),
    "zu2025": (
        "claims",
        "score-matrix",
        "forgetting",
        "distributions",
        "surfaces",
        "bands",
        "trajectories",
        "outcomes",
        "bins",
        "rigour",
        "audit",
    ),
    "pales2024": (
        "claims",
        "score-matrix",
        "comparisons",
        "depth",
        "layer-maps",
        "network-maps",
        "audit",
    ),
}
PAPERS = tuple(sorted(BESIDE))


def exhibits_of(paper: str | None) -> tuple[Exhibit, ...]:
    """Return what a paper shows and the honest version beside it, or every exhibit.

    Raises
    ------
    ReportError
        If there is no such paper.
    """
    if paper is None:
        return EXHIBITS
    if paper not in BESIDE:
        raise ReportError(f"no exhibits of {paper}; there are those of {', '.join(PAPERS)}")
    return tuple(
        exhibit
        for exhibit in EXHIBITS
        if exhibit.paper == paper or (not exhibit.paper and exhibit.name in BESIDE[paper])
    )
