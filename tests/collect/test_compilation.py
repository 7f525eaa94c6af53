"""What is trained may be compiled; what is read, and where an interrupted run ends, stay exact."""

import polars as pl
import pytest
import torch
from polars.testing import assert_frame_equal

from collect.executors.local import run_all
from collect.training.compilation import compiled, require_compiler
from tests.collect.small_runs import done, small_run, table
from tests.collect.test_resume import assert_same_run, interrupted, resumed_epochs
from warehouse.errors import CollectError
from warehouse.layout import Layout

pytestmark = [
    pytest.mark.train,
    pytest.mark.filterwarnings("default"),  # the compiler's own
]


@pytest.fixture
def no_compiler():
    """As on a machine without a C++ compiler."""
    import torch._inductor.config as settings

    require_compiler.cache_clear()
    with settings.patch({"cpp.cxx": (None, "no-such-compiler"), "force_disable_caches": True}):
        yield
    require_compiler.cache_clear()


@pytest.mark.usefixtures("no_compiler")
def test_a_machine_without_a_compiler_is_one_clear_line():
    with pytest.raises(
        CollectError, match=r"^training\.compile: .*no-such-compiler.*leave"
    ) as told:
        compiled(torch.nn.Linear(2, 2), torch.device("cpu"))
    assert "\n" not in str(told.value)


@pytest.mark.slow
@pytest.mark.parametrize("adaptation", ["linear", "full"])
def test_a_compiled_run_is_that_of_the_network_as_it_is_up_to_rounding(tmp_path, adaptation):
    options = {"adaptation": adaptation}
    plain, _ = done(small_run(tmp_path, **options), tmp_path / "plain")
    before = _n_compiled()
    path, _ = done(
        small_run(tmp_path, training={"compile": True}, **options), tmp_path / "compiled"
    )
    assert _n_compiled() > before
    for name in ("scores", "similarities"):
        found, expected = (table(one, name).sort(pl.exclude("value")) for one in (path, plain))
        at_start = pl.col("epoch") == 0
        same = [found.filter(at_start)["value"], expected.filter(at_start)["value"]]
        assert same[0].equals(same[1])  # read through the network as it is
    loss = pl.col("score") == "loss"
    losses = [table(one, "scores").filter(loss)["value"].to_list() for one in (path, plain)]
    assert losses[0] == pytest.approx(losses[1], rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("adaptation", ["linear", "full"])
def test_an_interrupted_compiled_run_ends_with_the_same_bits(tmp_path, adaptation):
    config = small_run(
        tmp_path,
        adaptation=adaptation,
        dropout=0.2,
        training={"compile": True, "epochs": 3},
    )
    undisturbed, _ = resumed_epochs(config, Layout(tmp_path / "undisturbed"))
    layout = Layout(tmp_path / "w")
    interrupted(config, layout, after=3)
    run_all([config], layout, on_event=lambda _: None)  # goes on in a process of its own
    path = layout.run(config.run_id)
    assert "resumed after epoch 2" in (path / "run.log").read_text()
    assert_same_run(path, undisturbed)


@pytest.mark.slow
def test_what_a_process_compiled_before_does_not_change_the_bits(tmp_path):
    config = small_run(tmp_path, adaptation="linear", training={"compile": True})
    first, _ = done(config, tmp_path / "first")
    other = small_run(tmp_path, adaptation="linear", training={"compile": True, "batch_size": 7})
    done(other, tmp_path / "other")
    again, _ = done(config, tmp_path / "again")
    for name in ("scores", "predictions"):
        assert_frame_equal(table(first, name), table(again, name), check_exact=True)


def _n_compiled():
    from torch._dynamo.utils import counters

    return counters["stats"]["unique_graphs"]
