"""Small labelled images for the tests."""

import numpy as np

from collect.data.images import ImageSet


def image_set(labels, *, groups=None, images=None, official=None, task=None, ids=None):
    """Images that all differ (unless given), with labels as wanted."""
    labels = np.asarray(labels, dtype=np.int64)
    n = len(labels)
    if images is None:
        images = np.arange(n * 4, dtype=np.uint32).view(np.uint8).reshape(n, 4, 4)
    n_classes = labels.shape[1] if labels.ndim == 2 else int(labels.max()) + 1
    return ImageSet(
        name="x",
        task=task or ("multilabel" if labels.ndim == 2 else "multiclass"),
        images=images,
        labels=labels,
        sample_ids=ids or tuple(f"{i:04d}" for i in range(n)),
        class_names=tuple(f"class {j}" for j in range(n_classes)),
        groups=None if groups is None else np.asarray(groups).astype(str),
        official_split=None if official is None else np.asarray(official),
    )
