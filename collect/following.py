"""A process that helps to train a run which the first process of several records."""

from collect.configuration.study import RunConfig
from collect.determinism import deterministic
from collect.preparation import prepared
from collect.resume import State
from collect.training.fine_tuning import DivergedError, Epoch, Validated
from collect.training.parallel import of_first


def follow(config: RunConfig) -> None:
    """Train along until the run ends; read nothing, record nothing.

    Parameters
    ----------
    config : RunConfig
        The run that the first process gives to :func:`collect.run.execute` at the same time.

    Raises
    ------
    RepdriftError
        As :func:`collect.run.execute`.
    """
    with deterministic(config.seed):
        run = prepared(config)
        state: State | None = of_first(None)
        if state is not None:
            run.network.load_trained_state(state["network"])
            run.selection.load_state_dict(state["selection"])

        def validated(epoch: Epoch) -> Validated:
            found: Validated | None = of_first(None)
            if found is None:
                raise DivergedError("the first process gave up")
            run.selection.update(epoch.number, found.cost, run.network)
            return found

        try:
            run.fine_tuning.run(validated, save=_forget, resumed=state)
        except DivergedError:
            return


def _forget(_: State) -> None:
    """Keep nothing: the first process keeps the state of the run."""
