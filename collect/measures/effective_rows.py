r"""How many independent rows the rows of a layer are worth."""

from torch import Tensor

from collect.measures.representation import centred, representation, units


def effective_rows(x: Tensor, groups: Tensor | None = None, name: str = "x") -> float:
    r"""Rows over the design effect of their images: Kish's effective sample size.

    .. math:: n / (1 + (\tilde m - 1) \rho), \quad \tilde m = \sum_g m_g^2 / n

    with the intraclass correlation :math:`\rho` of rows of one image (or patient), estimated by
    one-way analysis of variance over all features together and cut to [0, 1].

    Parameters
    ----------
    x : Tensor of shape (n_rows, n_features)
        Activations of one layer.
    groups : Tensor of shape (n_rows,), optional
        Image or patient of each row; None when each row is a unit of its own.
    name : str
        How error messages call the layer.

    Returns
    -------
    float
        n_rows without groups; else from about the number of images, when the positions of an image
        all say the same, to n_rows, when they are as different as positions of other images.

    Raises
    ------
    ValueError
        If ``x`` is no valid representation, or there are fewer than 4 units.

    Notes
    -----
    Costs ``O(n_rows * n_features)``, in float64.

    References
    ----------
    .. [1] Kish (1965), "Survey Sampling", section 5.4.
    .. [2] Donner (1986), "A review of inference procedures for the intraclass correlation
       coefficient", International Statistical Review 54.

    Examples
    --------
    >>> import torch
    >>> rows = torch.randn(6, 3).repeat_interleave(4, dim=0)  # every image four times the same
    >>> round(effective_rows(rows, torch.arange(6).repeat_interleave(4)), 6)
    6.0
    """
    sizes = units(len(x), groups)[0].bincount()
    return rows_worth(sizes, intraclass_correlation(x, groups, name))


def rows_worth(sizes: Tensor, correlation: float) -> float:
    """Independent rows that units of these sizes are worth, with rows so alike within a unit."""
    n_rows = int(sizes.sum())
    mean_size = float(sizes.double().square().sum()) / n_rows
    return n_rows / (1 + (mean_size - 1) * correlation)


def intraclass_correlation(x: Tensor, groups: Tensor | None = None, name: str = "x") -> float:
    """Correlation of rows of one unit, cut to [0, 1]; 0 where every row is a unit of its own.

    Parameters and errors are those of :func:`effective_rows`.
    """
    x = representation(x, name)
    n_rows = len(x)
    unit, n_units = units(n_rows, groups)
    if n_units == n_rows:
        return 0.0
    features = centred(x).double()
    unit = unit.to(features.device)
    sizes = unit.bincount(minlength=n_units).double()
    sums = features.new_zeros(n_units, features.shape[1]).index_add_(0, unit, features)
    between = float((sums.square().sum(dim=1) / sizes).sum())
    within = max(0.0, float(features.square().sum()) - between) / (n_rows - n_units)
    mean_size = float(sizes.square().sum()) / n_rows
    typical_size = (n_rows - mean_size) / (n_units - 1)
    of_units = (between / (n_units - 1) - within) / typical_size
    return min(1.0, max(0.0, of_units / (of_units + within))) if of_units > 0 else 0.0
