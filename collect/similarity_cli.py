"""`repdrift collect remeasure` and `compare`: similarities without training."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from warehouse.options import DEFAULT_WAREHOUSE, WarehouseOption

if TYPE_CHECKING:
    from collect.measures.inference import Inference

SIMULATIONS = 100
Measures = Annotated[
    list[str], typer.Option("--measure", help="Similarity measure; may be repeated.")
]
AllPairs = Annotated[bool, typer.Option("--all-pairs", help="Every layer with every layer.")]
Permutations = Annotated[
    int, typer.Option(min=0, help="Random pairings for the null of measures that need them.")
]
Blocks = Annotated[
    int,
    typer.Option(min=0, help="Blocks of images to leave out or halve by, for the interval."),
]
Simulations = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="Gaussian layers to draw, for intervals of canonical correlations; by default 100 "
        "where --blocks asks for intervals.",
    ),
]
Trimmed = Annotated[
    float,
    typer.Option(
        min=0, max=0.49, help="Share of the images farthest from the mean to leave out once."
    ),
]
LayerFile = Annotated[
    Path,
    typer.Argument(
        help="Arrays by layer (.npz, .npy, .safetensors, .pt) of the same images in the same "
        "order: (images, features), (images, tokens, features) or (images, channels, height, "
        "width)."
    ),
]


def remeasure_runs(
    measures: Measures,
    warehouse: WarehouseOption = DEFAULT_WAREHOUSE,
    all_pairs: AllPairs = False,
    against: Annotated[
        str | None,
        typer.Option(help="Compare with the runs of this pretraining, not with the own start."),
    ] = None,
    between_seeds: Annotated[
        bool,
        typer.Option(
            "--between-seeds",
            help="Compare with the runs of the same network that differ in their seed alone.",
        ),
    ] = False,
    study: Annotated[str | None, typer.Option(help="Only runs of this study.")] = None,
    permutations: Permutations = 0,
    blocks: Blocks = 0,
    simulations: Simulations = None,
    trimmed: Trimmed = 0.0,
    unit: Annotated[
        Literal["group", "image"] | None,
        typer.Option(
            help="Patients, where the data name them, or images; by default what the run took."
        ),
    ] = None,
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="Take also what the run recorded itself: in the database the later row stands in "
            "its place, and keeps what was known of chance.",
        ),
    ] = False,
) -> None:
    """Take measures of complete runs from the activations they kept, without training again."""
    from collect.probing.remeasure import Wanted, remeasure
    from warehouse.layout import Layout

    wanted = Wanted(
        measures=measures,
        pairs="all" if all_pairs else "matching",
        against=against,
        between_seeds=between_seeds,
        unit=unit,
        again=again,
        inference=_inference(permutations, blocks, simulations, trimmed),
    )
    for run in remeasure(Layout(warehouse), wanted, study=study):
        _report_left_out(run.left_out, f"run {run.run_id}: ")
        replaced = f", {run.n_again} in place of its own" if run.n_again else ""
        corrected = ""
        if run.n_corrected + run.n_uncorrected:
            corrected = (
                f"; {run.n_corrected} intervals of canonical correlations corrected, "
                f"{run.n_uncorrected} left as they are"
            )
        typer.echo(
            f"run {run.run_id}: {run.n_new} similarities beside its own{replaced}{corrected}",
            err=True,
        )
    typer.echo("`repdrift warehouse ingest` brings them into the database", err=True)


def compare_layers(
    layers: LayerFile,
    reference: LayerFile,
    measures: Measures,
    all_pairs: AllPairs = False,
    units: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Text with the patient of each image, one per line: they are paired and left out "
            "as a whole.",
        ),
    ] = None,
    permutations: Permutations = 0,
    blocks: Blocks = 0,
    simulations: Simulations = None,
    trimmed: Trimmed = 0.0,
) -> None:
    """Compare activations that you saved yourself, layer by layer, as CSV: no warehouse needed."""
    import polars as pl

    from collect.probing.layer_files import compare_files, read_units

    found, left_out = compare_files(
        layers,
        reference,
        measures=measures,
        pairs="all" if all_pairs else "matching",
        unit_names=None if units is None else read_units(units),
        inference=_inference(permutations, blocks, simulations, trimmed),
    )
    _report_left_out(left_out)
    if not found:
        raise typer.Exit(1)
    rows = pl.DataFrame([vars(one) for one in found], infer_schema_length=None)
    typer.echo(rows.write_csv(), nl=False)


def _inference(
    permutations: int, blocks: int, simulations: int | None, trimmed: float
) -> "Inference":
    from collect.measures.inference import MINIMUM_OF_SIMULATIONS, Inference

    if blocks == 1:
        raise typer.BadParameter("1: an interval needs at least 2 blocks", param_hint="--blocks")
    if simulations is None:
        simulations = SIMULATIONS if blocks else 0
    if 0 != simulations < MINIMUM_OF_SIMULATIONS:
        problem = f"{simulations}: a variance needs at least {MINIMUM_OF_SIMULATIONS}"
        raise typer.BadParameter(problem, param_hint="--simulations")
    return Inference(
        n_permutations=permutations, n_blocks=blocks, n_simulations=simulations, trimmed=trimmed
    )


def _report_left_out(lines: Sequence[str], where: str = "") -> None:
    for line in lines:
        typer.echo(f"left out: {where}{line}", err=True)
