"""Every exhibit of a report, in the order of its sections."""

from reports.exhibits import (
    juodelyte2023,
    outcomes,
    regressions,
    scores,
    similarities,
    trajectories,
)
from reports.exhibits.exhibit import Exhibit
from warehouse.errors import ReportError

EXHIBITS: tuple[Exhibit, ...] = (
    juodelyte2023.TABLE_2,
    juodelyte2023.FIGURE_6,
    scores.EXHIBIT,
    similarities.EXHIBIT,
    trajectories.EXHIBIT,
    outcomes.EXHIBIT,
    regressions.EXHIBIT,
)
PAPERS = tuple(sorted({exhibit.paper for exhibit in EXHIBITS if exhibit.paper}))


def exhibits_of(paper: str | None) -> tuple[Exhibit, ...]:
    """Return the exhibits of a paper, or all of them.

    Raises
    ------
    ReportError
        If there is no such paper.
    """
    if paper is None:
        return EXHIBITS
    if paper not in PAPERS:
        raise ReportError(f"no exhibits of {paper}; there are those of {', '.join(PAPERS)}")
    return tuple(exhibit for exhibit in EXHIBITS if exhibit.paper == paper)
