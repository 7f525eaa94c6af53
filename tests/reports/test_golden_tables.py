"""Every table of a small report, as LaTeX, Markdown and CSV, is one that a reader has looked at."""

from tests.reports.golden_files import GOLDEN, check_golden


def test_tables_from_runs_come_out_byte_by_byte(report):
    tables = [path for path in report.files if path.startswith("tables/")]
    shown = [path for path in tables if path.endswith((".tex", ".md"))]
    shown += [path.replace(".tex", ".csv") for path in shown if path.endswith(".tex")]
    assert len(shown) >= 9
    for path in shown:
        check_golden(f"report/{path.removeprefix('tables/')}", report.files[path].decode())
    assert {path.name for path in (GOLDEN / "report").iterdir()} == {
        path.removeprefix("tables/") for path in shown
    }
