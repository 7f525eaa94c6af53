"""Options that the commands of every package share."""

from pathlib import Path
from typing import Annotated

import typer

WarehouseOption = Annotated[
    Path,
    typer.Option(
        "--warehouse",
        "-w",
        envvar="REPDRIFT_WAREHOUSE",
        file_okay=False,
        help="Warehouse directory.",
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Show nothing but problems.")]
DEFAULT_WAREHOUSE = Path("repdrift-warehouse")
