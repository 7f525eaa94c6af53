"""Execute one run: fine-tune, read, record."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from torch import Tensor

from collect.configuration.study import RunConfig
from collect.determinism import deterministic
from collect.events import Kind, OnEvent, RunEvent
from collect.measures.parameters import parameter_distances
from collect.networks.assembly import run_backbone, run_network
from collect.networks.heads import Network
from collect.preparation import prepared
from collect.probing.probes import Observation, Observer, knn_tokens
from collect.recording.cost import iterations_until_best, network_cost
from collect.recording.pictures import Pictures
from collect.recording.provenance import code_hash, described_device, package_versions, run_device
from collect.recording.recorder import Recorder
from collect.recording.records import layer_prefixes
from collect.recording.run_log import RunLog
from collect.recording.run_record import Trained, run_record
from collect.resume import ResumePoint, State, random_state, set_random_state
from collect.training.fine_tuning import DivergedError, Epoch, Validated
from collect.training.parallel import announced, n_processes, of_first
from collect.training.selection import cost
from warehouse.errors import CollectError
from warehouse.layout import Layout
from warehouse.spool import RunWriter

SHOWN = ("loss", "accuracy", "map_macro")


def execute(config: RunConfig, layout: Layout, on_event: OnEvent) -> Path:
    """Fine-tune as the configuration says and leave a complete run in the warehouse.

    Parameters
    ----------
    config : RunConfig
        The run, with the hash of its data.
    layout : Layout
        The warehouse. Until the last moment the run is under ``spool/`` only.
    on_event : callable
        Told when the run starts, after each epoch, and when it ends.

    Returns
    -------
    Path
        Directory of the run.

    Raises
    ------
    RepdriftError
        If data or weights are not at hand, or the configuration asks for something impossible.

    Notes
    -----
    A run that was interrupted goes on after its last completed epoch. On the CPU the same
    configuration gives the same numbers bit for bit, interrupted or not, as long as the number of
    threads is the same.
    """
    with RunWriter(layout, config.run_id) as writer, deterministic(config.seed):
        point = ResumePoint(layout.spool / f"{config.run_id}.resume.pt", _identity(config))
        return _Run(config, writer, point, on_event).execute()


class _Run:
    """One run under way."""

    def __init__(
        self, config: RunConfig, writer: RunWriter, resume_point: ResumePoint, on_event: OnEvent
    ) -> None:
        self.config = config
        self.writer = writer
        self.resume_point = resume_point
        self.log = RunLog(writer.directory / "run.log")
        self.on_event = on_event
        self.started_at = datetime.now(UTC)
        run = prepared(config)
        self.device, self.data, self.network = run.device, run.data, run.network
        self.selection, self.fine_tuning = run.selection, run.fine_tuning
        self.trained = Trained(self.fine_tuning.n_trainable, run.learning_rate, run.searched)
        self.observer = Observer(
            self.data,
            config.probing,
            self.network,
            channels_last=config.training.channels_last,
        )
        self.recorder = Recorder(
            self.data,
            config.probing,
            run.loss,
            pooling=config.pooling,
            knn_tokens=knn_tokens(self.network, config.probing),
        )
        self.pictures = Pictures(
            self.data,
            n_images=config.probing.n_attention_images,
            channels_last=config.training.channels_last,
        )
        self.before = _parameters(self.network)
        self.last_epoch = 0

    def execute(self) -> Path:
        """Run to the end and finish the shard."""
        self._tell("started")
        self._begin()
        state = of_first(self.resume_point.load())
        if state is not None:
            self._restore(state)
        status: Literal["complete", "diverged"] = "complete"
        try:
            self.fine_tuning.run(announced(self._after_epoch), save=self._save, resumed=state)
            self._probe_selected()
            self.recorder.record_intervals(
                self.selection.epoch, loss_is_nll=self.config.training.class_weights == "none"
            )
        except DivergedError as error:
            status = "diverged"
            self.log.write(f"diverged: {error}")
        for line in self.observer.paths:
            self.log.write(line)
        for line in [*self.observer.left_out, *self.recorder.left_out, *self.pictures.left_out]:
            self.log.write(f"left out: {line}")
        n_flops = self._record_cost()
        self.recorder.write(self.writer)
        self.pictures.write(self.writer)
        path = self.writer.finish(
            {
                "status": status,
                "selected_epoch": (
                    self.selection.epoch if status == "complete" else self.last_epoch
                ),
                "n_flops": n_flops,
                "n_iterations_to_best": iterations_until_best(
                    self.recorder.rows["scores"],
                    n_train=len(self.data.train),
                    batch_size=self.config.training.batch_size,
                ),
                **run_record(
                    self.config,
                    self.data,
                    self.network,
                    device=self.device,
                    trained=self.trained,
                    started_at=self.started_at,
                ),
            }
        )
        self.resume_point.remove()
        self._tell("finished" if status == "complete" else "diverged", self.last_epoch)
        return path

    def _begin(self) -> None:
        """Read the network before its first step; everything later is compared with this."""
        random = None
        if "random" in self.config.probing.references:
            backbone = run_backbone(self.config, pretraining="random")
            n_classes = self.data.target.n_classes
            random = run_network(backbone, self.config, n_classes=n_classes, device=self.device)
        with self.recorder.timed(0, "probe", self.data.n_evaluated + self.data.n_source):
            observation = self.observer.begin(self.network, random)
        scores = self.recorder.record_scores(0, observation)
        _require_scores(self.fine_tuning.monitors, scores["validation"])
        self._record_probe(0, observation)
        if self.config.probing.n_known:
            self.recorder.record_before(self.observer.read_train(self.network), observation)
        self.recorder.keep(0, observation)
        self.pictures.record(0, self.network)

    def _after_epoch(self, epoch: Epoch) -> Validated:
        """Read, record, and return what the validation images say."""
        number, frozen = epoch.number, epoch.frozen
        probed = self._is_probed(number)
        self.recorder.add_timing(number, "train", epoch.duration_s, len(self.data.train))
        with self.recorder.timed(number, "evaluate", self.data.n_evaluated):
            observation = self.observer.evaluate(self.network, probed=probed, frozen=frozen)
            _require_finite(observation, number)
            scores = self.recorder.record_scores(number, observation, epoch.train_loss)
        if probed:
            with self.recorder.timed(number, "probe", self.data.n_source):
                observation = self.observer.probe(self.network, observation, frozen=frozen)
                self._record_probe(number, observation)
        self.last_epoch = number
        validation = scores["validation"]
        found = Validated(validation["loss"], cost(epoch.monitor, validation))
        if self.selection.update(number, found.cost, self.network):
            self.recorder.keep(number, observation if probed else None)
        shown = {"train_loss": epoch.train_loss}
        shown |= {f"validation_{name}": validation[name] for name in SHOWN if name in validation}
        self._tell("epoch", number, shown)
        return found

    def _save(self, fine_tuning: State) -> None:
        """Keep what an interrupted run needs to end with the same bits."""
        self.resume_point.save(
            {
                **fine_tuning,
                "network": self.selection.state_after(self.last_epoch, self.network),
                "random": random_state(),
                "selection": self.selection.state_dict(),
                "recorder": self.recorder.state_dict(),
                "left_out": list(self.observer.left_out),
                "started_at": self.started_at.isoformat(),
                "log": self.log.text,
            }
        )

    def _restore(self, state: State) -> None:
        """Put everything back to where the last completed epoch left it."""
        self.network.load_trained_state(state["network"])
        self.selection.load_state_dict(state["selection"])
        self.recorder.load_state_dict(state["recorder"])
        self.observer.left_out |= dict.fromkeys(state["left_out"])
        self.started_at = datetime.fromisoformat(state["started_at"])
        self.last_epoch = state["number"]
        self.log.restore(state["log"])
        self.log.write(f"resumed after epoch {self.last_epoch}")
        set_random_state(state["random"])

    def _probe_selected(self) -> None:
        """Read the checkpoint that stands for the run, unless its epoch was probed."""
        self.selection.restore(self.network)
        number = self.selection.epoch
        self.pictures.record(number, self.network)
        if number not in self.recorder.kept:
            observation = self.observer.evaluate(self.network, probed=True)
            with self.recorder.timed(number, "probe", self.data.n_source):
                observation = self.observer.probe(self.network, observation)
                self._record_probe(number, observation)
            self.recorder.keep(number, observation)
        if self.observer.resamples_selected:
            with self.recorder.timed(number, "resample", 0):
                similarities = self.observer.resampled(self.recorder.kept[number])
                self.recorder.replace_similarities(number, similarities)

    def _record_probe(self, number: int, observation: Observation) -> None:
        layers = tuple(layer.name for layer in self.observer.layers)
        distances = parameter_distances(
            self.before, _parameters(self.network), layer_prefixes(layers, self.before)
        )
        self.recorder.record_probe(number, observation, distances)

    def _record_cost(self) -> int:
        channels_last = self.config.training.channels_last
        cost = network_cost(self.network, self.data.test.images, channels_last=channels_last)
        self.recorder.rows["timings"] += cost.timings(self.last_epoch)
        return cost.n_flops

    def _is_probed(self, number: int) -> bool:
        asked = self.config.probing.epochs
        return asked == "all" or (not isinstance(asked, str) and number in asked)

    def _tell(self, kind: Kind, epoch: int = 0, scores: Mapping[str, float] | None = None) -> None:
        scores = scores or {}
        if kind in ("started", "epoch"):
            self.log.write(f"{kind} {epoch}", scores)
        self.on_event(RunEvent(self.config.run_id, kind, epoch, self.fine_tuning.n_epochs, scores))


def _identity(config: RunConfig) -> str:
    """Return everything that the bits of a run depend on."""
    versions = sorted(package_versions().items())
    where = (described_device(run_device()), n_processes())
    return repr((config.config_hash, code_hash(), versions, *where))


def _parameters(network: Network) -> dict[str, Tensor]:
    return {name: value.detach().clone() for name, value in network.backbone.named_parameters()}


def _require_scores(monitors: Iterable[str], scores: Mapping[str, float]) -> None:
    for name in monitors:
        if name not in scores:
            raise CollectError(
                f"training.monitor: no score {name!r} of the validation images; there are "
                f"{', '.join(scores)}"
            )


def _require_finite(observation: Observation, number: int) -> None:
    for part, reading in observation.readings.items():
        if not reading.logits.isfinite().all():
            raise DivergedError(f"outputs on the {part} images are not finite after epoch {number}")
