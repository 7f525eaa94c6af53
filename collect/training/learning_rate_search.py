"""The learning rate of a run, chosen on its inner validation images from a few."""

from copy import deepcopy

from collect.configuration.study import RunConfig
from collect.data.run_data import RunData
from collect.networks.heads import Network
from collect.probing.reading import read
from collect.resume import State, random_state, set_random_state
from collect.training.fine_tuning import DivergedError, Epoch, FineTuning, Validated
from collect.training.losses import Loss
from collect.training.parallel import of_first
from collect.training.selection import Selection
from warehouse.errors import CollectError


def search_learning_rate(
    network: Network, config: RunConfig, data: RunData, loss: Loss
) -> dict[float, float]:
    """Train once with each of ``training.search_learning_rates`` and compare.

    Every candidate starts from the same network and random state and is trained as the run itself
    will be: whole phases, early stopping included. The test images are not looked at.

    Parameters
    ----------
    network : Network
        At its start; left as it is, as are torch's generators.
    config : RunConfig
        The run.
    data : RunData
        Its images.
    loss : callable
        From logits and labels.

    Returns
    -------
    dict of float to float
        Lowest validation loss by learning rate; infinite where training diverged.

    Raises
    ------
    CollectError
        If training diverged with every rate.
    """
    states = random_state()
    found = {}
    for rate in config.training.search_learning_rates:
        set_random_state(states)
        found[rate] = _lowest_loss(deepcopy(network), with_learning_rate(config, rate), data, loss)
    set_random_state(states)
    if all(value == float("inf") for value in found.values()):
        raise CollectError(f"training diverged with every learning rate of {sorted(found)}")
    return found


def with_learning_rate(config: RunConfig, rate: float) -> RunConfig:
    """Return the configuration with another rate in its last phase, and nothing to search."""
    update = {"learning_rate": rate, "search_learning_rates": ()}
    return config.model_copy(update={"training": config.training.model_copy(update=update)})


def _lowest_loss(network: Network, config: RunConfig, data: RunData, loss: Loss) -> float:
    selection = Selection("last")
    losses: list[float] = []
    fine_tuning = FineTuning(network, config, data.train, loss, selection)

    def validated(epoch: Epoch) -> Validated:
        reading = read(network, data.validation.images, channels_last=config.training.channels_last)
        value = of_first(float(loss(reading.logits, data.validation.labels)))
        if value != value:
            raise DivergedError(f"validation loss of epoch {epoch.number} is no number")
        selection.update(epoch.number, value, network)
        losses.append(value)
        return Validated(value, value)

    try:
        fine_tuning.run(validated, save=_forget)
    except DivergedError:
        return float("inf")
    return min(losses)


def _forget(_: State) -> None:
    """Keep nothing: a search that is interrupted starts again."""
