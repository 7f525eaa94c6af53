"""Numbers round once and never lie about their sign; no name can break a document."""

import random
import shutil
import string
import subprocess
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pytest

from reports.formatting import (
    escape_html,
    escape_latex,
    escape_markdown,
    number,
    p_value,
    significant,
    typographic,
)

HOSTILE = (
    r"""\input{/etc/passwd} $x$ 100% a_b #1 & ~^ {} <b> "q" 'r' `s` | -- --- ,, ?` !` 中 é ± ²"""
)


def test_rounds_the_exact_binary_value_half_to_even(rng):
    # Decimal knows the exact binary value: an independent rounding.
    for value in rng.normal(scale=100, size=200):
        exact = Decimal(float(value)).quantize(Decimal("0.1"), rounding=ROUND_HALF_EVEN)
        assert number(float(value), 1) == str(exact).replace("-0.0", "0.0")


@pytest.mark.parametrize(("value", "text"), [(0.5, "0"), (1.5, "2"), (2.5, "2"), (-0.5, "0")])
def test_ties_go_to_the_even_digit(value, text):
    assert number(value, 0) == text


def test_a_value_rounded_before_can_come_out_different():
    assert number(8.849, 1) == "8.8"
    assert number(float(number(8.849, 2)) + 1e-9, 1) == "8.9"


@pytest.mark.parametrize("value", [None, np.nan, np.inf, -np.inf])
def test_an_undefined_number_is_a_dash(value):
    assert number(value, 2) == "–"
    assert significant(value) == "–"
    assert p_value(value) == "p = –"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.0, "p < 0.001"), (0.00099, "p < 0.001"), (0.05, "p = 0.050"), (1.0, "p > 0.999")],
)
def test_a_p_value_is_never_printed_as_zero_or_one(value, text):
    assert p_value(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(1234.5, "1234"), (0.999, "1.00"), (-0.0149, "-0.015"), (3e-9, "0.000000")]
)
def test_significant_digits_are_capped_at_six_decimals(value, text):
    assert significant(value) == text


def test_only_signs_of_numbers_become_minus():
    assert typographic("a-1 -2 x - y (-3)") == "a-1 −2 x - y (−3)"


def test_hostile_names_survive_html_and_markdown():
    assert "<" not in escape_html(HOSTILE)
    assert '"' not in escape_html(HOSTILE)
    assert escape_markdown("a|b\n*c*") == r"a\|b \*c\*"


def test_every_special_of_latex_is_escaped():
    escaped = escape_latex("\\{}$&#_%~^<>|\"'`")
    assert escaped == (
        r"\textbackslash{}\{\}\$\&\#\_\%\textasciitilde{}\textasciicircum{}\textless{}"
        r"\textgreater{}\textbar{}\textquotedbl{}\textquotesingle{}\textasciigrave{}"
    )


def test_the_dagger_that_a_note_explains_is_printed():
    assert escape_latex("a †") == "a †"


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs pdftotext (poppler-utils)")
def test_pdflatex_prints_a_hostile_name_as_it_stands(tmp_path):
    letters = random.Random(1)
    noise = ["".join(letters.choices(string.punctuation, k=30)) for _ in range(20)]
    lines = [HOSTILE.replace("中", ""), *noise]
    body = "\n\n".join(escape_latex(line) for line in lines)
    (tmp_path / "t.tex").write_text(
        "\\documentclass{article}\\usepackage[utf8]{inputenc}\\usepackage[T1]{fontenc}"
        "\\usepackage{lmodern,textcomp}\\usepackage[paperwidth=60cm]{geometry}"
        f"\\begin{{document}}\\ttfamily\n{body}\n\\end{{document}}"
    )
    command = ["pdflatex", "-halt-on-error", "-no-shell-escape", "t.tex"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    subprocess.run(["pdftotext", "-raw", "t.pdf"], cwd=tmp_path, check=True)
    printed = (tmp_path / "t.txt").read_text().splitlines()
    for line, out in zip(noise, printed[1 : 1 + len(noise)], strict=True):
        assert out.replace(" ", "") == line.replace(" ", "")
