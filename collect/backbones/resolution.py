"""The size at which a network sees images: snapped to its patch grid, by one stated policy."""


def effective_size(asked: int, patch_size: int | None) -> int:
    """Nearest multiple of the patch size; halfway goes up.

    Parameters
    ----------
    asked : int
        Side in pixels that the study asks for.
    patch_size : int or None
        Side of a patch; None for networks that take any size.

    Returns
    -------
    int
        Side in pixels. Cutting off what does not fit (as some loaders do silently) would lose the
        border of a medical image; resizing to the nearest grid loses nothing.

    Examples
    --------
    >>> effective_size(512, 14)  # 37 patches a side
    518
    >>> effective_size(224, 16)
    224
    """
    if patch_size is None:
        return asked
    return max(1, (2 * asked + patch_size) // (2 * patch_size)) * patch_size
