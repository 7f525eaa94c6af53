"""Our measures pass every check that applies to them; the checks can fail."""

import pytest

from tests.conformance.batched import BATCHED_CHECKS
from tests.conformance.checks import CHECKS, Subject, biased
from tests.conformance.subjects import OURS, OURS_BATCHED

NOT_PROMISED = {
    # that these score unrelated layers above 0 is what their null mean is for
    ("repdrift cka_linear", "unrelated layers score zero"),
    ("repdrift cca_mean", "unrelated layers score zero"),
    ("repdrift cca_yanai", "unrelated layers score zero"),
}


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("subject", OURS, ids=lambda subject: subject.name)
def test_our_measures_conform(subject, check):
    assert CHECKS[check](subject) == ((subject.name, check) not in NOT_PROMISED)


@pytest.mark.parametrize("check", BATCHED_CHECKS)
@pytest.mark.parametrize("name", OURS_BATCHED)
def test_our_batches_conform(name, check):
    assert BATCHED_CHECKS[check](OURS_BATCHED[name])


def test_a_faulty_implementation_is_found():
    def clamped(x, y):
        return max(0.0, biased(x.numpy(), y.numpy()) - 0.5)

    faulty = Subject("faulty", "debiased CKA", clamped)
    failed = {name for name, check in CHECKS.items() if not check(faulty)}
    assert {"agrees with its definition", "itself scores one", "refuses a constant layer"} <= failed
