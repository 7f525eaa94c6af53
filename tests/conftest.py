"""Fixtures that every package's tests share."""

from pathlib import Path

import numpy as np
import pytest


@pytest.fixture
def rng() -> np.random.Generator:
    """Return a generator with a fixed seed, new for each test."""
    return np.random.default_rng(20261122)


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Return the folder of real images and published logs beside the checkout, or skip."""
    path = Path(__file__).parents[1].parent / "shared"
    if not (path / "data").is_dir():
        pytest.skip("needs the folder `shared` with real data beside the checkout")
    return path
