"""The way of a representation through fine-tuning, epoch by epoch, beside what it scored."""

from functools import partial

import polars as pl

from reports.exhibits.exhibit import Artefact, Data, Exhibit, Selection, named, slug
from reports.exhibits.settings import of_own_head, with_setting
from reports.figures.trajectories import epoch_trajectories
from reports.layers import evenly_chosen, layer_order
from reports.style import network
from reports.wording import measure_name

FIGURE = ("origin", "study", "dataset", "measure", "token", "probe")
N_LAYERS = 2
SCORES = (("test_accuracy", "accuracy"), ("test_calibration_error", "calibration error"))


def build(data: Data) -> list[Artefact]:
    """Return one figure per origin, dataset, measure, token and probe."""
    keys = data.frames["trajectories"].select(FIGURE).unique(maintain_order=True).rows()
    return [
        _figure(data, data.select("trajectories", **dict(zip(FIGURE, key, strict=True))))
        for key in keys
    ]


def _figure(data: Data, source: Selection) -> Artefact:
    rows = with_setting(of_own_head(data, source.rows)).with_columns(
        series=named("backbone", "pretraining", network)
    )
    where = source.where
    measure = measure_name(str(where["measure"]))
    layers = evenly_chosen(layer_order(rows["layer"].to_list()), N_LAYERS)
    quantities = [
        (f"{measure}\n{layer}", _quantity(rows.filter(layer=layer), "similarity"))
        for layer in layers
    ]
    for column, label in SCORES:
        values = _quantity(rows, column)
        if len(values):
            quantities.append((f"{label}\nheld-out fold", values))
    return Artefact(
        name=slug("trajectories", *(where[name] for name in FIGURE)),
        caption=(
            f"Fine-tuning on {where['dataset']} ({where['origin']}), epoch by epoch; epoch 0 is "
            f"before the first step. Similarity: {measure} of {where['token']} features to the "
            f"pre-trained model on the {where['probe']} probe, first and last layer. "
            f"A line is a run; {rows['run_id'].n_unique()} runs."
        ),
        content=partial(epoch_trajectories, quantities, data.networks),
        sources=(source,),
    )


def _quantity(rows: pl.DataFrame, column: str) -> pl.DataFrame:
    return (
        rows.select("setting", "series", "run_id", "epoch", value=column)
        .drop_nulls("value")
        .unique(["run_id", "epoch"], maintain_order=True)
    )


EXHIBIT = Exhibit(
    name="trajectories",
    title="Trajectories",
    queries=("trajectories",),
    build=build,
    missing='no similarities after the first epoch; set probing.epochs = "all" in the study file',
)
