"""Write docs/conformance.md: every check of every implementation that is installed.

`make conformance` installs the peers and writes the page;
`python -m tests.conformance.matrix package.module:function "debiased CKA"` checks one callable
``function(x, y)`` of float32 tensors.
"""

import importlib
import platform
import sys
from collections.abc import Callable, Sequence
from functools import partial

import torch

from tests.conformance.batched import BATCHED_CHECKS
from tests.conformance.checks import CHECKS, Subject
from tests.conformance.subjects import OURS, OURS_BATCHED, batched_peers, peers, quiet

HEAD = """# Conformance: what implementations of CKA and CCA do

Each row is an implementation, each column a check; *yes* it holds, **no** it does not, *error* it
raised one where a number was due. `make conformance` writes this page; `python -m
tests.conformance.matrix package.module:function "debiased CKA"` checks another one. Values are
compared with slow definitions in float64, to 1e-4 on float32 input.
"""
FOOT = """
Biased CKA, mean CCA and Yanai's GCD of unrelated layers are above 0 by definition, so **no** under
"unrelated layers score zero" says what is estimated, not that it is computed wrongly; that is what
the null mean beside a value is for. What repsim calls Yanai's GCD is the sum of squared canonical
correlations over the smaller rank, which is the same where ranks are equal; what it calls Pillai's
trace is the mean correlation.

No check that a peer of the same estimand passes fails here, so nothing of what they compute was
left to adopt.
"""


def verdict(check: Callable[[], bool]) -> str:
    """One cell of the table."""
    try:
        with quiet():
            held = check()
    except Exception:  # noqa: BLE001 -- a peer may raise anything
        return "error"
    return "yes" if held else "**no**"


def table(title: str, columns: Sequence[str], rows: dict[str, list[str]]) -> str:
    """Make a Markdown table with the checks as columns."""
    lines = [f"\n## {title}\n", f"| implementation | {' | '.join(columns)} |"]
    lines.append("|---" * (len(columns) + 1) + "|")
    lines += [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]
    return "\n".join(lines)


def matrix(subjects: Sequence[Subject]) -> dict[str, list[str]]:
    """Verdicts of all checks of features."""
    return {
        f"{s.name} ({s.estimand})": [verdict(partial(c, s)) for c in CHECKS.values()]
        for s in subjects
    }


def main(arguments: list[str]) -> None:
    """Print the page, or one row of it."""
    if arguments:
        module, _, function = arguments[0].partition(":")
        compute = getattr(importlib.import_module(module), function)
        subject = Subject(arguments[0], arguments[1], lambda x, y: float(compute(x, y)))
        for name, cell in zip(CHECKS, matrix([subject]).popitem()[1], strict=True):
            sys.stdout.write(f"{name}: {cell}\n")
        return
    batched = {**OURS_BATCHED, **dict(batched_peers())}
    cells = {
        name: [verdict(partial(c, f)) for c in BATCHED_CHECKS.values()]
        for name, f in batched.items()
    }
    page = [
        HEAD,
        f"Python {platform.python_version()}, torch {torch.__version__}.",
        table("On features", list(CHECKS), matrix([*OURS, *peers()])),
        table("In batches", list(BATCHED_CHECKS), cells),
        FOOT,
    ]
    sys.stdout.write("\n".join(page))


if __name__ == "__main__":
    main(sys.argv[1:])
