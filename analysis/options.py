"""Options that several commands of analysis share."""

from pathlib import Path
from typing import Annotated

import typer

LevelOption = Annotated[float, typer.Option(min=0.5, max=0.999, help="Coverage of the intervals.")]
GridOption = Annotated[
    Path | None,
    typer.Option(
        "--grid",
        dir_okay=False,
        help="TOML file with the choices of the multiverse; by default analysis/multiverse.toml.",
    ),
]
