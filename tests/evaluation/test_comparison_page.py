"""`comparison.html` in a real browser: what changed, and each question's answers side by side."""

import pytest

from evaluation import compare
from tests.evaluation.chromium import chromium, opened
from tests.evaluation.report_fixtures import read_lines, write_lines, write_report

HOSTILE = "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Compare three reports: the second gains three questions and rewords one, the third loses one by a hostile answer."""
    folder = tmp_path_factory.mktemp("comparison")
    reports = [write_report(folder / name) for name in ("first", "second")]
    third = folder / "third"
    third.mkdir()
    # A report from before there were pages.
    (third / "report.json").write_bytes((reports[0] / "report.json").read_bytes())
    rows = read_lines(reports[0] / "predictions.jsonl")
    wrong = [row["id"] for row in rows if row["score"] == 0]
    right = [row["id"] for row in rows if row["score"] == 1]

    def changed(ids, **changes):
        return [row | changes if row["id"] in ids else row for row in rows]

    second = changed(wrong[:3], score=1.0, response="gained")
    second[wrong[3] - 1] = second[wrong[3] - 1] | {"response": "reworded"}
    write_lines(reports[1] / "predictions.jsonl", second)
    write_lines(third / "predictions.jsonl", changed(right[:1], score=0.0, response=HOSTILE))
    compare.main([*map(str, [*reports, third]), "--output", str(folder / "out & about")])
    return folder / "out & about"


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture
def tab(browser, folder):
    with opened(browser, folder / "comparison.html") as tab:
        yield tab


def test_boxes_keep_what_they_say(tab):
    assert tab.found() > 50
    for name, count in {"isChanged": 4, "isGained": 3, "isLost": 1, "isReworded": 1}.items():
        tab.check(name)
        assert tab.found() == count
        tab.page.click("#clear")
    tab.page.keyboard.press("c")
    assert tab.found() == 4


def test_answers_stand_side_by_side_and_are_text(tab):
    tab.page.fill("#search", "window.hacked")
    tab.page.keyboard.press("Escape")
    tab.page.keyboard.press("j")
    labels = tab.page.locator("#detail h3").all_text_contents()
    texts = tab.page.locator("#detail pre").all_text_contents()
    assert len(labels) == 5 and labels[3].startswith("C, question ") and "0.000 (-1.000)" in labels[3]
    assert texts[3] == HOSTILE
    assert tab.page.locator("img").count() == 0


def test_the_page_says_who_is_better_and_leads_to_the_reports(tab, folder):
    verdicts = tab.page.locator(".verdict").all_text_contents()
    assert [verdict[:1] for verdict in verdicts] == ["B", "C"]
    links = [link.get_attribute("href") for link in tab.page.locator("a").all()]
    assert links == ["../first/report.html", "../second/report.html"]
    tab.page.click("a >> nth=0")
    tab.page.wait_for_selector("body[data-ready=yes]")
    assert tab.page.url == (folder.parent / "first" / "report.html").as_uri()


def test_a_task_leads_to_its_questions_and_gains_are_sorted(tab):
    tab.page.click("tr.choosable >> nth=2")
    name = tab.page.locator("tr.choosable >> nth=2").locator("td").first.inner_text()
    assert tab.page.input_value("[data-field=task_name]") == name and set(tab.cells(3)) == {name}
    tab.page.click("#clear")
    tab.page.keyboard.press("s"), tab.page.keyboard.press("s")
    assert tab.cells(7)[:3] == ["+1.000"] * 3
