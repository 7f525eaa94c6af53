"""Progress: a bar on a terminal, plain lines elsewhere, and only problems when quiet."""

import io

import pytest
from rich.console import Console

from collect.configuration.sections import DatasetConfig
from collect.configuration.study import RunConfig
from collect.events import RunEvent
from collect.progress import described, shown

RUNS = [
    RunConfig(
        study="s",
        dataset=DatasetConfig(path="pneumonia.npz"),
        data_hash="0" * 64,
        backbone="resnet18",
        pretraining="imagenet",
        adaptation="full",
        fold=fold,
        n_folds=2,
    )
    for fold in (1, 2)
]
EVENTS = [
    RunEvent(RUNS[0].run_id, "started", n_epochs=2),
    RunEvent(RUNS[0].run_id, "epoch", epoch=1, n_epochs=2, scores={"train_loss": 0.5}),
    RunEvent(RUNS[0].run_id, "finished", epoch=2, n_epochs=2, scores={"train_loss": 0.25}),
    RunEvent(RUNS[1].run_id, "failed", message="out of memory"),
]


def output(*, terminal, quiet=False):
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=200, color_system=None)
    with shown(RUNS, console, quiet=quiet) as on_event:
        for event in EVENTS:
            on_event(event)
    return stream.getvalue()


def test_a_run_is_described_in_words():
    words = "pneumonia resnet18 imagenet full mean fold 2/2 seed 0"
    assert described(RUNS[1]) == words


def test_plain_lines_say_what_ended_and_what_is_left():
    first, second = output(terminal=False).splitlines()
    assert first.startswith("1/2  finished  pneumonia resnet18")
    assert "train_loss 0.250" in first
    assert "left" in first
    assert second.startswith("2/2  failed  ")
    assert "out of memory" in second


def test_a_terminal_shows_bars():
    text = output(terminal=True)
    assert "2/2" in text
    assert "out of memory" in text
    assert "━" in text


@pytest.mark.parametrize("terminal", [False, True])
def test_quiet_shows_only_problems(terminal):
    lines = output(terminal=terminal, quiet=True).splitlines()
    assert len(lines) == 1
    assert "out of memory" in lines[0]


def test_the_time_left_of_a_study_of_long_runs_is_known_after_two_epochs():
    now = [0.0]
    stream = io.StringIO()
    console = Console(
        file=stream, force_terminal=True, width=200, color_system=None, get_time=lambda: now[0]
    )
    run = RUNS[0].run_id
    with shown(RUNS, console, quiet=False) as on_event:
        on_event(RunEvent(run, "started", n_epochs=4))
        for epoch in (1, 2):
            now[0] += 600
            on_event(RunEvent(run, "epoch", epoch=epoch, n_epochs=4))
        now[0] += 600
    lines = stream.getvalue().splitlines()
    whole, own = ([line for line in lines if word in line][-1] for word in ("runs", "fold 1/2"))
    assert "1:00:00" in whole  # six epochs of ten minutes
    assert "0:20:00" in own
