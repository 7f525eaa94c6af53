"""Rows that are images, and rows that share them."""

import numpy as np
import pytest
import torch

ROWS = np.arange(25)
IMAGES = np.array([9, 9, 9, 9, 2, 2, 2, 4, 4, 0, *range(10, 22), 0, 2, 30])


@pytest.fixture(params=[ROWS, IMAGES], ids=["rows", "images"])
def image(request):
    """Image of each of 25 rows: its own, or shared with others."""
    return request.param


@pytest.fixture
def groups(image):
    """Images as measures take them: None where each row is one."""
    return None if image is ROWS else torch.from_numpy(image)
