"""`report.html` with 20,000 questions: how long until something is seen, until it can be used, and until a filter is done."""

import time

from evaluation.report_page import page
from evaluation.reports import read_report
from tests.evaluation.chromium import Tab, chromium
from tests.evaluation.report_fixtures import write_report

QUESTIONS = 20_000


def test_twenty_thousand_questions_stay_usable(tmp_path):
    report = read_report(write_report(tmp_path / "small"))
    rows = [
        # Of the length of the development questions, and each another one.
        row | {"id": number, "line": number, "question": f"{row['question']}\n({number}) " + "more of it " * 40}
        for number, row in ((number, report.rows[number % len(report.rows)]) for number in range(1, QUESTIONS + 1))
    ]
    file = tmp_path / "report.html"
    file.write_text(page("20,000 questions", report.content, rows, "<svg></svg>"), encoding="utf-8")
    with chromium() as browser:
        started = time.monotonic()
        tab = Tab(browser, file)
        took = {"ready": time.monotonic() - started}
        paints = tab.page.evaluate(
            "performance.getEntriesByType('paint').map(({name, startTime}) => [name, startTime])"
        )
        took["first contentful paint"] = dict(paints)["first-contentful-paint"] / 1000
        assert tab.found() == QUESTIONS
        for name, action in {
            "wrong": lambda: tab.check("isWrong"),
            "search": lambda: tab.page.fill("#search", f"({QUESTIONS})"),
            "clear": lambda: tab.page.click("#clear"),
            "sort": lambda: tab.page.keyboard.press("s"),
            "next": lambda: tab.page.keyboard.press("j"),
        }.items():
            started = time.monotonic()
            action()
            tab.page.evaluate("document.body.offsetHeight")
            took[name] = time.monotonic() - started
        assert tab.complaints == []
    print(
        f"{file.stat().st_size / 1e6:.0f} MB;", "; ".join(f"{name} {seconds:.2f} s" for name, seconds in took.items())
    )
    assert took["first contentful paint"] < 3 and took["ready"] < 10
    assert max(took[name] for name in ("wrong", "search", "clear", "sort", "next")) < 3
