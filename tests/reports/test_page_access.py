"""The page is used with a keyboard alone and read by a screen reader: roles, names, focus."""

from typing import TYPE_CHECKING

import pytest

from tests.reports.test_page import css, view

if TYPE_CHECKING:
    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

TAB, ENTER, ESCAPE, RIGHT, SHIFT = "\ue004", "\ue007", "\ue00c", "\ue014", "\ue008"


def focused(opened: "Chrome") -> "WebElement":
    """Return the element that keys go to."""
    return opened.switch_to.active_element


def press(opened: "Chrome", *keys: str) -> None:
    """Press keys where the focus is."""
    focused(opened).send_keys(*keys)


def focus(opened: "Chrome", selector: str) -> "WebElement":
    """Move the focus to the first element of a selector."""
    element = css(opened, selector)[0]
    opened.execute_script("arguments[0].focus()", element)
    return element


def test_the_first_tab_stop_skips_to_the_report(opened):
    press(opened, TAB)
    assert focused(opened).text == "Skip to the report"
    press(opened, ENTER)
    assert focused(opened).tag_name == "main"


def test_every_control_has_a_name_with_its_visible_text_in_it(opened):
    controls = css(opened, "button, input, nav a, .scroll, .drawing svg")
    controls = [control for control in controls if control.is_displayed()]
    assert len({control.tag_name for control in controls}) == 5
    for control in controls:
        name = control.accessible_name
        if control.tag_name in ("button", "a"):
            assert control.text.lower() in name.lower()
        assert name, control.get_attribute("outerHTML")


def test_every_tab_stop_shows_that_it_has_the_focus(opened):
    script = "const s = getComputedStyle(arguments[0]); return [s.outlineStyle, s.outlineWidth]"
    seen = set()
    for _ in range(25):
        press(opened, TAB)
        seen.add(focused(opened).tag_name)
        style, width = opened.execute_script(script, focused(opened))
        assert (style, width) == ("solid", "3px"), focused(opened).get_attribute("outerHTML")
    assert {"a", "button"} <= seen


def test_rows_and_columns_have_headings(opened):
    tables = css(opened, "table")
    assert tables
    for table in tables:
        rows = table.find_elements("css selector", "tbody tr:not(.heading)")
        first = rows[0].find_elements("css selector", "th, td")[0]
        if first.get_attribute("class") != "number":
            assert first.aria_role == "rowheader"
        labels = table.find_elements("css selector", "tr.labels th")
        assert {label.aria_role for label in labels} == {"columnheader"}


def test_a_number_opens_its_sql_by_keyboard_and_gets_the_focus_back(opened):
    link = focus(opened, "#juodelyte2023-table-2 td.number a")
    link.send_keys(ENTER)
    (dialog,) = css(opened, "dialog")
    assert dialog.is_displayed()
    assert dialog.accessible_name == "Where this number comes from"
    press(opened, ESCAPE)
    assert not dialog.is_displayed()
    assert focused(opened) == link


def test_details_of_a_mark_are_read_out_where_readers_listen(opened):
    (details,) = css(opened, "#details")
    assert (details.aria_role, details.text) == ("status", "")  # listened to before it says a thing
    svg = focus(opened, "#juodelyte2023-figure-6 svg")
    svg.send_keys(RIGHT)
    assert details.text.startswith("run\n")
    svg.send_keys(ESCAPE)
    assert (details.aria_role, details.text) == ("status", "")


def test_a_zoomed_figure_moves_by_keyboard_and_stops_at_its_edge(opened):
    svg = focus(opened, "#juodelyte2023-figure-6 svg")
    whole = view(svg)
    svg.send_keys("0", "+")
    x, _, width, _ = view(svg)
    svg.send_keys(SHIFT, RIGHT)
    assert view(svg)[0] == pytest.approx(x + width / 10)
    for _ in range(20):
        svg.send_keys(SHIFT, RIGHT)
    assert view(svg)[0] == pytest.approx(whole[2] - width)
    assert css(opened, "#details")[0].text == ""


def test_a_figure_is_said_in_words(opened):
    drawings = css(opened, ".drawing svg")
    assert drawings
    for svg in drawings:
        assert svg.aria_role in ("image", "img", "application")
        caption = svg.find_element("xpath", "ancestor::figure/figcaption").text
        assert svg.accessible_name == caption


@pytest.fixture
def resized(opened):
    """Give the browser another width, and its own back."""
    size = opened.get_window_size()
    yield lambda width: opened.set_window_size(width, size["height"])
    opened.set_window_size(size["width"], size["height"])


@pytest.mark.parametrize("width", [500, 1000, 1200, 2400])
def test_no_figure_is_cut_and_the_page_never_scrolls_sideways(opened, resized, width):
    resized(width)
    right = "return arguments[0].getBoundingClientRect().right"
    figures = css(opened, ".drawing svg")
    assert figures
    for svg in figures:
        box = svg.find_element("xpath", "..")
        assert opened.execute_script(right, svg) <= opened.execute_script(right, box)
    script = "return [document.documentElement.scrollWidth, innerWidth]"
    needed, given = opened.execute_script(script)
    assert needed <= given
