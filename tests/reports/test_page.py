"""The page opens from disk in a real browser, asks for nothing, sorts, filters, shows, zooms."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from reports.document import Section
from reports.exhibits.exhibit import Artefact, Data, Exhibit, Selection
from reports.page import LARGE, _script_json, page_html
from reports.rendering import Report
from reports.tables.model import Block, Column, Number, Row, Table

if TYPE_CHECKING:
    from selenium.webdriver import Chrome
    from selenium.webdriver.remote.webelement import WebElement

VOID = {"meta", "link", "input", "br"}


class Structure(HTMLParser):
    """Checks nesting and collects ids and references."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in an element that contains others."""
        values = dict(attrs)
        self.ids += [values["id"] or ""] if "id" in values else []
        for name in ("href", "xlink:href", "src", "aria-labelledby"):
            self.links += [values[name] or ""] if name in values else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take in an empty element."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Close the element that was opened last."""
        assert self.open.pop() == tag


@pytest.fixture(scope="session")
def page(report: Report) -> str:
    """Return the page."""
    return report.files["index.html"].decode()


def test_elements_nest_ids_are_unique_and_links_lead_somewhere(page):
    structure = Structure()
    structure.feed(page)
    assert structure.open == []
    assert len(structure.ids) == len(set(structure.ids))
    targets = {"#" + name for name in structure.ids} | {"data:,"} | set(structure.ids)
    assert set(structure.links) <= targets


def test_nothing_is_asked_for_from_elsewhere(page):
    addresses = set(re.findall(r"https?://[^\s\"'<]+", page))
    assert addresses <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_data_cannot_end_the_script_that_holds_it():
    hostile = {"name": "</script><script>alert(1)</script>\u2028"}
    text = _script_json(hostile)
    assert "<" not in text
    assert json.loads(text) == hostile


def css(opened: "Chrome", selector: str) -> "list[WebElement]":
    """Return the elements of a selector."""
    return list(opened.find_elements("css selector", selector))


def column(opened: "Chrome", name: str, index: int) -> list[str]:
    """Return the visible texts of a column."""
    rows = css(opened, f"#{name} tbody tr:not(.heading)")
    return [
        row.find_elements("css selector", "th, td")[index].text
        for row in rows
        if row.is_displayed()
    ]


def test_it_loads_without_an_error_and_without_a_request(opened):
    assert opened.get_log("browser") == []
    messages = [json.loads(entry["message"])["message"] for entry in opened.get_log("performance")]
    requested = {
        message["params"]["request"]["url"]
        for message in messages
        if message["method"] == "Network.requestWillBeSent"
    }
    assert all(url.startswith(("file:", "data:")) for url in requested)
    assert len([url for url in requested if url.startswith("file:")]) == 1


def test_a_heading_sorts_up_and_down_and_says_so(opened):
    heading = css(opened, "#juodelyte2023-table-2 tr.labels th")[1]
    button = heading.find_element("css selector", "button")
    opened.execute_script("arguments[0].scrollIntoView()", button)
    button.click()
    up = [float(text.split(" ")[0]) for text in column(opened, "juodelyte2023-table-2", 1)]
    assert heading.get_attribute("aria-sort") == "ascending"
    button.click()
    down = [float(text.split(" ")[0]) for text in column(opened, "juodelyte2023-table-2", 1)]
    assert heading.get_attribute("aria-sort") == "descending"
    assert up == sorted(up)
    assert down == up[::-1]
    assert len(set(up)) > 1


def test_filtering_shows_the_rows_with_all_words_and_counts_them(opened):
    (field,) = css(opened, "#scores-juodelyte2023 input")
    field.send_keys("breast radimagenet")
    rows = column(opened, "scores-juodelyte2023", 0)
    assert rows == ["RadImageNet", "RadImageNet"]
    (status,) = css(opened, "#scores-juodelyte2023 .filter [role=status]")
    assert status.text.startswith("2 of ")
    headings = [h.text for h in css(opened, "#scores-juodelyte2023 .heading") if h.is_displayed()]
    assert headings == ["breast"]


def test_a_number_shows_the_sql_that_gives_exactly_it(opened, con):
    link = css(opened, "#juodelyte2023-table-2 td.number a")[0]
    opened.execute_script("arguments[0].scrollIntoView({block: 'center'})", link)
    text = link.text
    link.click()
    (dialog,) = css(opened, "dialog")
    assert dialog.is_displayed()
    query = dialog.find_element("css selector", "pre code").text
    rows = con.sql(query.rstrip(";")).pl()
    assert len(rows) == 1
    assert text.startswith(f"{rows['estimate'].item() * 100:.1f}")


def test_numbers_are_one_tab_stop_and_arrows_move_among_them(opened):
    links = css(opened, "#juodelyte2023-table-2 td.number a")
    assert [link.get_attribute("tabindex") for link in links].count("0") == 1
    opened.execute_script("arguments[0].focus()", links[0])
    links[0].send_keys("\ue014")  # arrow right
    assert opened.switch_to.active_element == links[1]
    links[1].send_keys("\ue015")  # arrow down
    assert opened.switch_to.active_element == links[6]


def test_a_mark_shows_its_run_on_hover_and_by_keyboard(opened, report):
    from selenium.webdriver import ActionChains

    (svg,) = css(opened, "#juodelyte2023-figure-6 svg")
    opened.execute_script("arguments[0].scrollIntoView({block: 'center'})", svg)
    mark = css(opened, "#juodelyte2023-figure-6 .mark")[3]
    ActionChains(opened).move_to_element(mark).perform()
    (details,) = css(opened, "#details")
    assert details.is_displayed()
    run = details.find_element("css selector", "dd").text
    assert run in report.files["figures/juodelyte2023-figure-6.csv"].decode()
    opened.execute_script("arguments[0].focus()", svg)
    svg.send_keys("\ue014")
    first = details.find_element("css selector", "dd").text
    svg.send_keys("\ue014")
    assert details.find_element("css selector", "dd").text != first


def test_every_mark_of_a_regression_panel_has_its_run(opened, report):
    rows = report.files["figures/juodelyte2023-figure-6.csv"].decode().splitlines()[1:]
    drawn = [row for row in rows if ",full," in row]
    assert len(css(opened, "#juodelyte2023-figure-6 .mark")) == len(drawn)


def view(svg: "WebElement") -> list[float]:
    """Return the part of a figure that is shown: x, y, width, height."""
    return [float(value) for value in str(svg.get_dom_attribute("viewBox")).split()]


def test_a_figure_zooms_and_goes_back(opened):
    (svg,) = css(opened, "#juodelyte2023-figure-6 svg")
    whole = view(svg)
    opened.execute_script("arguments[0].focus()", svg)
    svg.send_keys("+")
    assert view(svg)[2] == pytest.approx(whole[2] / 1.5)
    svg.send_keys("0")
    assert view(svg) == whole


def test_dark_and_light_differ_and_stay_legible(opened):
    def contrast() -> float:
        script = "const s = getComputedStyle(document.body); return [s.color, s.backgroundColor]"
        colours = opened.execute_script(script)
        channels = [[int(c) / 255 for c in re.findall(r"\d+", colour)[:3]] for colour in colours]
        linear = [
            [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
            for rgb in channels
        ]
        light = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in linear)
        return (light[1] + 0.05) / (light[0] + 0.05)

    (button,) = css(opened, "#theme")
    before = contrast()
    opened.execute_script("arguments[0].click()", button)
    assert button.get_attribute("aria-pressed") == "true"
    assert min(before, contrast()) > 7  # WCAG AAA


N_ROWS = 1500


def no_rows(_: Data) -> list[Artefact]:
    return []


def long_page() -> str:
    """Return a page with six tables of 1,500 rows, the last far below the window."""
    rows = [Row((f"run {i:04d}", Number(float(i), 0, where={"run": i}))) for i in range(N_ROWS)]
    table = Table((Column("run"), Column("value")), (Block(tuple(rows)),))
    source = Selection("networks", {}, pl.DataFrame())
    exhibit = Exhibit("long", "Long tables", ("networks",), no_rows, "none")
    artefacts = tuple(Artefact(f"t{i}", f"Table {i}.", table, (source,)) for i in range(6))
    networks = pl.DataFrame(schema=dict.fromkeys(("origin", "backbone", "pretraining"), pl.String))
    return page_html([Section(exhibit, artefacts)], networks, None, {})


@pytest.fixture
def long(browser: "Chrome", tmp_path: Path) -> "Chrome":
    """Open the page with long tables."""
    path = tmp_path / "long.html"
    path.write_text(long_page(), encoding="utf-8")
    browser.get(path.as_uri())
    return browser


def wait_for(long: "Chrome", selector: str) -> None:
    """Wait until there is an element, at most five seconds."""
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(long, 5).until(lambda page: css(page, selector))


def test_what_is_large_is_made_when_it_comes_into_view(long):
    assert len(long_page()) > 6 * LARGE
    wait_for(long, "#table-t0")
    assert css(long, "#table-t5") == []
    assert "tables/t5.csv" in css(long, "#t5 .later")[0].text
    long.execute_script("document.getElementById('t5').scrollIntoView()")
    wait_for(long, "#table-t5")
    assert css(long, "#t5 .filter input")


def test_print_makes_everything(long):
    long.execute_script("dispatchEvent(new Event('beforeprint'))")
    assert len(css(long, "[id^=table-t]")) == 6
    assert css(long, "#table-t5 tbody tr[hidden]") == []


def test_a_long_table_shows_its_first_rows_and_more_when_asked(long):
    wait_for(long, "#table-t0")

    def shown() -> int:
        return len(css(long, "#table-t0 tbody tr:not([hidden])"))

    (more,) = css(long, "#t0 .more")
    (status,) = css(long, "#t0 .filter [role=status]")
    assert (shown(), more.text) == (200, "Show 200 more")
    assert status.text == "1500 rows, 200 shown"
    more.click()
    assert shown() == 400
    (field,) = css(long, "#t0 input")
    field.send_keys("run 1499")  # filters rows that are not shown yet, too
    assert (shown(), more.is_displayed(), status.text) == (1, False, "1 of 1500 rows")


def test_sorting_a_long_table_sorts_all_of_it(long):
    wait_for(long, "#table-t0")
    button = css(long, "#table-t0 tr.labels th button")[1]
    button.click()
    button.click()
    assert css(long, "#table-t0 tbody th")[0].text == "run 1499"
