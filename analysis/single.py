"""A command per analysis: compute it on all runs, write its rows, print those asked for."""

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer

from analysis.options import GridOption, LevelOption
from analysis.questions import QUESTIONS, Question
from warehouse.cli import Format, FormatOption
from warehouse.options import DEFAULT_WAREHOUSE, WarehouseOption

WhereOption = Annotated[
    list[str] | None,
    typer.Option(
        "--where",
        help="column=value: print only such rows; repeatable. All are computed, so that families "
        "of p-values stay whole.",
    ),
]
Resamples = Annotated[int, typer.Option(min=99, help="Resamples or permutations.")]


@dataclass(frozen=True)
class Option:
    """How a setting is given on the command line; the default is that of ``Settings``."""

    annotation: object
    default: object


OPTIONS: Mapping[str, Option] = {
    "level": Option(LevelOption, 0.95),
    "eta": Option(
        Annotated[float, typer.Option(min=0, max=1, help="Similarity of at least 1 - eta.")], 0.5
    ),
    "epsilon": Option(
        Annotated[float, typer.Option(min=0, help="Score within epsilon of the reference.")], 0.05
    ),
    "reference_policy": Option(
        Annotated[
            Literal["best", "linear", "scratch"],
            typer.Option("--reference", help="What the score is held against."),
        ],
        "best",
    ),
    "divergence": Option(
        Annotated[
            Literal["absolute", "shortfall"],
            typer.Option(help="Either side, or only what is lost."),
        ],
        "absolute",
    ),
    "margin": Option(
        Annotated[float, typer.Option(min=0.0001, help="Smaller differences count as none.")], 0.01
    ),
    "correlation_margin": Option(
        Annotated[
            float, typer.Option(min=0.01, max=0.99, help="Smaller correlations count as none.")
        ],
        0.3,
    ),
    "slope_margin": Option(
        Annotated[float, typer.Option(min=0.0001, help="Smaller slopes count as none.")], 0.05
    ),
    "n_bins": Option(Annotated[int, typer.Option("--bins", min=3, help="Number of bins.")], 10),
    "power": Option(
        Annotated[
            float, typer.Option(min=0.5, max=0.999, help="Probability of finding the effect.")
        ],
        0.8,
    ),
    "effect": Option(
        Annotated[float, typer.Option(min=0.0001, help="Difference that should be found.")], 0.01
    ),
    "projection_level": Option(
        Annotated[
            float,
            typer.Option("--level", min=0.5, max=0.999, help="Coverage of the predictions."),
        ],
        0.8,
    ),
    "seed": Option(Annotated[int, typer.Option(help="Seed of resamples and permutations.")], 0),
    "grid": Option(GridOption, None),
    "n_shuffles": Option(Resamples, 99),
    "n_permutations": Option(Resamples, 1999),
    "n_posterior_draws": Option(Resamples, 2000),
    "n_comparison_resamples": Option(Resamples, 1000),
    "n_ranking_resamples": Option(Resamples, 2000),
    "n_resamples": Option(Resamples, 1999),
}


def add_commands(app: typer.Typer) -> None:
    """Add a command for each of ``QUESTIONS``."""
    for name, question in QUESTIONS.items():
        app.command(name.replace(" ", "-"), help=question.text, rich_help_panel="One analysis")(
            command_of(name, question)
        )


def command_of(name: str, question: Question) -> Callable[..., None]:
    """Return the function behind a command, with an option for each setting of the analysis."""

    def command(
        warehouse: Path, where: list[str] | None, output: Format, **settings: object
    ) -> None:
        from analysis.grids import load_grid
        from analysis.settings import Settings
        from analysis.store import analysed_rows
        from warehouse.output import FORMATS
        from warehouse.queries import parsed_values

        if "grid" in settings:
            settings["grid"] = load_grid(settings["grid"])  # type: ignore[arg-type] # a path
        rows = analysed_rows(
            warehouse,
            name,
            Settings(**settings),  # type: ignore[arg-type] # checked by Typer
            where=parsed_values(where or []),
            on_wait=lambda line: typer.echo(line, err=True),
        )
        sys.stdout.buffer.write(FORMATS[output](rows))

    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            _parameter("warehouse", WarehouseOption, DEFAULT_WAREHOUSE),
            _parameter("where", WhereOption, None),
            _parameter("output", FormatOption, Format.csv),
            *(
                _parameter(setting, OPTIONS[setting].annotation, OPTIONS[setting].default)
                for setting in question.settings
            ),
        ]
    )
    return command


def _parameter(name: str, annotation: object, default: object) -> inspect.Parameter:
    kind = inspect.Parameter.KEYWORD_ONLY
    return inspect.Parameter(name, kind, annotation=annotation, default=default)
