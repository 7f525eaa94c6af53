"""Names in a study that the study file cannot judge: backbones, weights and measures."""

from collections.abc import Sequence

from collect.backbones.registry import architecture, require_weights
from collect.configuration.study import RunConfig
from collect.probing.measure_names import require_measures


def require_known(runs: Sequence[RunConfig]) -> None:
    """Refuse runs that name what is not there, before any of them starts.

    Weights need a name only; they are looked for where the run is executed.

    Parameters
    ----------
    runs : sequence of RunConfig
        Those that are still to run.

    Raises
    ------
    CollectError
        If a backbone, its weights or a measure is unknown; the message has what there is.
    """
    networks = [(run.backbone, run.pretraining) for run in runs]
    heads = [run for run in runs if run.head == "transformer"]
    networks += [(run.head_backbone, run.head_pretraining) for run in heads]
    for backbone, pretraining in dict.fromkeys(networks):
        require_weights(backbone, pretraining, architecture(backbone, pretraining))
    require_measures(dict.fromkeys(name for run in runs for name in run.probing.measures))
