r"""Numbers and names as text: plain, LaTeX, Markdown and HTML.

Rounding happens once, here, on the exact binary value, half to even (what Python's ``format`` and
IEEE 754 do). A value that was rounded before it came here can come out one digit off: 8.849 is 8.8,
but 8.849 -> 8.85 -> 8.9.
"""

import html
import math
import re

MISSING = "–"

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "±": r"\ensuremath{\pm}",
    "×": r"\ensuremath{\times}",
    "−": r"\ensuremath{-}",
    "²": r"\ensuremath{^2}",
    "≤": r"\ensuremath{\leq}",
    "≥": r"\ensuremath{\geq}",
    "→": r"\ensuremath{\rightarrow}",
    "·": r"\ensuremath{\cdot}",
    "Δ": r"\ensuremath{\Delta}",
    "ε": r"\ensuremath{\varepsilon}",
    "η": r"\ensuremath{\eta}",
    "–": "--",
    "—": "---",
    "…": r"\dots{}",
}
_LIGATURES = re.compile(r"(?<=-)(?=-)|(?<=,)(?=,)")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>|#~$]|&(?=#?\w+;))")


def number(value: float | None, digits: int, *, scale: float = 1.0, least: float = 0.0) -> str:
    """Return a number with a fixed count of decimals, or a dash where there is none.

    Parameters
    ----------
    value : float or None
        Unrounded. None, NaN and infinities are undefined and become a dash.
    digits : int
        Decimals after the point.
    scale : float, default 1.0
        Factor before rounding, 100 for a fraction shown in percent.
    least : float, default 0.0
        A positive value below it is said to be less than it.

    Returns
    -------
    str
        ASCII minus, never ``-0.0``.

    Examples
    --------
    >>> number(0.98721909, 1, scale=100), number(-0.0004, 2), number(0.125, 2), number(None, 1)
    ('98.7', '0.00', '0.12', '–')
    >>> number(2e-5, 3, least=0.001)
    '< 0.001'
    """
    if value is None or not math.isfinite(value):
        return MISSING
    if 0 <= value < least:
        return f"< {least * scale:.{digits}f}"
    return f"{value * scale:z.{digits}f}"


def percent(fraction: float) -> str:
    """Return a level or a probability in percent, rounded to no fewer digits than it has.

    Examples
    --------
    >>> percent(0.95), percent(0.999), percent(1 - 0.975)
    ('95 %', '99.9 %', '2.5 %')
    """
    return f"{100 * fraction:.6g} %"


def p_value(value: float | None, *, symbol: str = "p") -> str:
    """Return a p-value as an equation, three decimals, never rounded down to zero.

    Examples
    --------
    >>> p_value(0.02345), p_value(0.00004), p_value(0.9996), p_value(None)
    ('p = 0.023', 'p < 0.001', 'p > 0.999', 'p = –')
    """
    if value is not None and math.isfinite(value):
        if value < 0.001:
            return f"{symbol} < 0.001"
        if value > 0.999:
            return f"{symbol} > 0.999"
    return f"{symbol} = {number(value, 3)}"


def significant(value: float | None, digits: int = 2) -> str:
    """Return a number with enough decimals to show ``digits`` significant ones, at most six.

    Examples
    --------
    >>> significant(-0.5234), significant(12.34), significant(0.00123), significant(0.0)
    ('-0.52', '12', '0.0012', '0')
    """
    if value is None or not math.isfinite(value) or value == 0:
        return number(value, 0)
    decimals = digits - 1 - math.floor(math.log10(abs(value)))
    return number(value, min(max(decimals, 0), 6))


def typographic(text: str) -> str:
    """Return text with true minus signs before digits, for figures and pages.

    Examples
    --------
    >>> typographic("slope -0.5, freeze-first-3")
    'slope −0.5, freeze-first-3'
    """
    return re.sub(r"(?<![\w.])-(?=\d)", "−", text)


def escape_latex(text: str) -> str:
    r"""Return text that LaTeX prints as it stands, whatever is in it.

    Specials are escaped, T1 ligatures broken, line breaks become spaces; a character that
    pdflatex's fonts lack is named by its code point. What begins with a bracket or a star is kept
    apart from the end of row before it, whose option it would be.

    Examples
    --------
    >>> print(escape_latex(r"50% of a_b & {c} \input{x}"))
    50\% of a\_b \& \{c\} \textbackslash{}input\{x\}
    >>> escape_latex("中--")
    '\\texttt{U+4E2D}-{}-'
    """
    broken = _LIGATURES.sub("\0", text)
    apart = "{}" if text.lstrip().startswith(("[", "*")) else ""
    return apart + "".join("{}" if c == "\0" else _latex_character(c) for c in broken)


def _latex_character(character: str) -> str:
    if character in _LATEX:
        return _LATEX[character]
    if character.isspace():
        return " "
    if " " < character <= "~" or "¿" <= character <= "ÿ" or character in "“”‘’£§°†":
        return character
    return rf"\texttt{{U+{ord(character):04X}}}"


def escape_markdown(text: str) -> str:
    r"""Return text that Markdown prints as it stands, inside a table cell too.

    Examples
    --------
    >>> print(escape_markdown("a|b *c*"))
    a\|b \*c\*
    """
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def escape_html(text: str) -> str:
    """Return text that HTML prints as it stands, in attributes too.

    Examples
    --------
    >>> escape_html('<b "x">')
    '&lt;b &quot;x&quot;&gt;'
    """
    return html.escape(text, quote=True)
