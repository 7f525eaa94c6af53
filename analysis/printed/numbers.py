"""Printed numbers: what a number in a table can have been before it was rounded."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

Rounding = Literal["as printed", "rounded twice", "different"]


@dataclass(frozen=True)
class Printed:
    """A number as it stands in a table.

    Attributes
    ----------
    text : str
        Digits as printed, with an optional sign.
    """

    text: str

    @property
    def value(self) -> Decimal:
        """The number."""
        return Decimal(self.text)

    @property
    def digits(self) -> int:
        """Digits after the decimal point."""
        return max(0, -int(self.value.as_tuple().exponent))

    @property
    def unit(self) -> Decimal:
        """One unit of the last digit."""
        return Decimal(1).scaleb(-self.digits)

    @property
    def interval(self) -> tuple[Decimal, Decimal]:
        """Smallest and largest number that round to it."""
        half = self.unit / 2
        return self.value - half, self.value + half


def rounding(exact: float, printed: str) -> Rounding:
    """Say how an exact number became the printed one.

    Parameters
    ----------
    exact : float
        The number before rounding.
    printed : str
        The number in the table.

    Returns
    -------
    {"as printed", "rounded twice", "different"}
        ``rounded twice``: not by rounding once, but by rounding first to one or two digits more.

    Examples
    --------
    >>> rounding(8.849485, "8.8"), rounding(8.849485, "8.9"), rounding(8.849485, "8.7")
    ('as printed', 'rounded twice', 'different')
    """
    number = Printed(printed)
    value = Decimal(repr(exact))
    if abs(value - number.value) <= number.unit / 2:
        return "as printed"
    for more in (1, 2):
        finer = value.quantize(number.unit.scaleb(-more), ROUND_HALF_UP)
        if finer.quantize(number.unit, ROUND_HALF_UP) == number.value:
            return "rounded twice"
    return "different"


Definition = Literal["difference", "ratio"]


def explains(
    derived: Printed, value: Printed, base: Printed, definition: Definition, *, scale: int = 1
) -> bool:
    """Whether a derived number can come from two printed ones, whatever their unprinted digits.

    Parameters
    ----------
    derived : Printed
        The number in question.
    value, base : Printed
        What it is derived from.
    definition : {"difference", "ratio"}
        ``value - base`` or ``(value - base) / base``.
    scale : int, default 1
        What the result is multiplied by: 100 for points or percent of fractions.

    Examples
    --------
    >>> printed = [Printed(text) for text in ("1.4", "0.908", "0.894")]
    >>> explains(*printed, "difference", scale=100), explains(*printed, "ratio", scale=100)
    (True, False)
    """
    low, high = value.interval
    base_low, base_high = base.interval
    least, most = low - base_high, high - base_low
    if definition == "ratio":
        least, most = least / base_high, most / base_low
        least, most = min(least, most), max(least, most)
    derived_low, derived_high = derived.interval
    return derived_low <= most * scale and least * scale <= derived_high
