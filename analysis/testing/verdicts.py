"""What an interval says about a claim, in four words.

``supported``, ``contradicted``, ``equivalent`` (shown to be within the margin of nothing) and
``inconclusive`` (the data do not say). There is no word for "not significant, hence the same".
"""

from typing import Literal

Claim = Literal["greater", "less", "equivalent"]
Verdict = Literal["supported", "contradicted", "equivalent", "inconclusive"]
Interval = tuple[float, float]


def verdict(
    claim: Claim, interval: Interval, *, narrow: Interval | None = None, margin: float = 0.0
) -> Verdict:
    """Judge a claim about an effect by its confidence interval.

    Parameters
    ----------
    claim : {"greater", "less", "equivalent"}
        That the effect is above 0, below 0, or within the margin.
    interval : tuple of float
        Interval of the effect with coverage ``1 - alpha``.
    narrow : tuple of float, optional
        Interval with coverage ``1 - 2 alpha``: lying within the margin is then the equivalence test
        at level alpha. By default ``interval``, which asks for more.
    margin : float, default 0
        Effects within plus or minus the margin count as none. With 0 nothing is ever equivalent.

    Returns
    -------
    {"supported", "contradicted", "equivalent", "inconclusive"}
        For a directed claim: ``supported`` when the interval lies on the claimed side of 0,
        ``contradicted`` when on the other, otherwise ``equivalent`` when the narrow one lies within
        the margin. For equivalence: ``supported`` when the narrow interval lies within the margin,
        ``contradicted`` when the interval lies outside it.

    Raises
    ------
    ValueError
        If an interval is upside down, the margin negative, or 0 for a claim of equivalence.

    Examples
    --------
    >>> verdict("greater", (0.1, 0.4))
    'supported'
    >>> verdict("greater", (-0.3, 0.4))
    'inconclusive'
    >>> verdict("greater", (-0.01, 0.02), margin=0.05)
    'equivalent'
    """
    narrow = interval if narrow is None else narrow
    if interval[0] > interval[1] or narrow[0] > narrow[1]:
        raise ValueError(f"{interval} or {narrow} is upside down")
    if margin < 0 or (claim == "equivalent" and margin == 0):
        raise ValueError(f"margin = {margin}: say how large an effect still counts as none")
    is_inside = -margin < narrow[0] and narrow[1] < margin
    if claim == "equivalent":
        if is_inside:
            return "supported"
        is_outside = interval[0] > margin or interval[1] < -margin
        return "contradicted" if is_outside else "inconclusive"
    low, high = interval if claim == "greater" else (-interval[1], -interval[0])
    if low > 0:
        return "supported"
    if high < 0:
        return "contradicted"
    return "equivalent" if is_inside else "inconclusive"
