"""`report.html` in a real browser: its filters, its keyboard, and that nothing in a question is ever markup."""

import json
from pathlib import Path

import pytest

from evaluation import html_page
from evaluation.report_page import page
from evaluation.reports import read_report
from submission.errors import ShopBenchError
from tests.evaluation.chromium import Tab, chromium, opened
from tests.evaluation.report_fixtures import SAMPLE_DATA, read_lines, write_report

HOSTILE = (
    "</script><script>window.hacked = 1</script><img src=x onerror='window.hacked = 2'><!-- <script> \u2028 {{ 7*7 }}"
)
HOSTILE_TASK = "--><svg onload=window.hacked=3>\n\"'&lt; &amp; </title>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    row = {"task_type": "generation", "metric": "rougel", "task_name": HOSTILE_TASK}
    hostile = [
        row | {"input_field": HOSTILE, "output_field": HOSTILE},
        row | {"input_field": f"Say it again: {HOSTILE}\nOutput:", "output_field": "<b>no</b>"},
    ]
    data = folder / "data.jsonl"
    lines = "".join(json.dumps(row) + "\n" for row in hostile)
    data.write_text(SAMPLE_DATA.read_text(encoding="utf-8") + lines, encoding="utf-8")
    return write_report(folder / "out", data=data)


@pytest.fixture(scope="module")
def rows(folder):
    return read_lines(folder / "predictions.jsonl")


@pytest.fixture(scope="module")
def browser():
    with chromium() as started:
        yield started


@pytest.fixture
def tab(browser, folder):
    with opened(browser, folder / "report.html") as tab:
        yield tab


def test_the_file_is_all_that_is_opened(tab, folder, rows):
    assert tab.requested == [(folder / "report.html").as_uri()]
    assert tab.found() == len(rows) == 74


def test_what_a_question_holds_is_text(tab, rows):
    tab.page.fill("#search", "window.hacked")
    assert tab.found() == 2
    tab.page.keyboard.press("Escape")
    for row in rows[-2:]:
        tab.page.keyboard.press("j")
        texts = tab.page.locator("#detail pre").all_text_contents()
        assert texts[0] == row["question"] and row["response"] in texts and row["truth"] in texts
        assert HOSTILE_TASK in tab.page.locator("#detail h2").text_content()
    assert tab.page.locator("img, svg[onload]").count() == 0
    assert tab.page.locator("tr.choosable").first.locator("td").nth(1).text_content() == HOSTILE_TASK
    # The picture names the task too.
    assert "onload=window.hacked" in tab.page.locator(".picture svg").text_content()


def test_a_script_that_is_put_into_the_page_does_not_run(tab):
    script = "e = document.createElement('script'); e.textContent = 'window.hacked = 4'; document.body.append(e)"
    tab.page.evaluate(script)
    assert tab.page.evaluate("window.hacked") is None
    assert "Content Security Policy" in tab.complaints.pop()


def count(rows, keeps):
    return sum(bool(keeps(row)) for row in rows)


@pytest.mark.parametrize(
    ("name", "keeps"),
    [
        ("isWrong", lambda row: row["score"] is not None and row["score"] < 1),
        ("cut", lambda row: row["cut"]),
        ("fallback", lambda row: row["fallback"]),
        ("isUnlike", lambda row: row["task_type_found"] != row["task_type"]),
        ("isWeak", lambda row: row["confidence"] < 0.9),
    ],
)
def test_boxes_keep_what_they_say(tab, rows, name, keeps):
    tab.check(name)
    assert tab.found() == count(rows, keeps)
    assert 0 < tab.found() < len(rows)
    assert f"({tab.found()})" in tab.page.locator(f"label:has([data-only={name}])").inner_text()


def test_fields_keep_what_they_say_and_add_up(tab, rows):
    tab.choose_field("task_type", "ranking")
    assert tab.found() == count(rows, lambda row: row["task_type"] == "ranking") > 0
    tab.check("isWrong")
    assert tab.found() == count(rows, lambda row: row["task_type"] == "ranking" and row["score"] < 1)
    tab.page.click("#clear")
    assert tab.found() == len(rows) and not tab.page.is_checked("[data-only=isWrong]")
    tab.choose_field("track", "3")
    assert tab.found() == count(rows, lambda row: "user-behavior" in (row["track"] or ""))
    tab.choose_field("track", "null")
    assert tab.found() == 2
    tab.page.click("#clear")
    tab.page.click("tr.choosable >> nth=0")
    assert tab.page.input_value("[data-field=task_name]") == HOSTILE_TASK and tab.found() == 2


def test_search_looks_into_questions_answers_and_truths(tab, rows):
    tab.page.fill("#search", "SALAD spinner")
    assert tab.found() == count(rows, lambda row: "salad spinner" in (row["question"] + row["truth"]).lower()) > 0
    tab.page.fill("#search", "nowhere to be found")
    assert tab.found() == 0 and "no question is of that kind" in tab.page.inner_text("#questions")


def test_a_click_on_the_head_sorts_by_score(tab, rows):
    tab.page.click("#questions th:has-text('score')")
    tab.page.wait_for_selector("th[aria-sort=ascending]")
    scores = sorted(row["score"] for row in rows if row["score"] is not None)
    assert tab.cells(5) == [f"{score:.3f}" for score in scores[:25]]
    tab.page.keyboard.press("s")
    assert tab.cells(5)[0] == "0.000"
    tab.page.keyboard.press("s")
    # What has no score stands behind the best.
    shown = tab.cells(5)
    assert next(text for text in shown if text != "–") == "1.000" and shown[0] == "–"


def test_the_keyboard_walks_through_the_questions(tab, rows):
    keys, title = tab.page.keyboard, tab.page.locator("#detail h2")
    keys.press("j"), keys.press("j"), keys.press("k")
    assert title.inner_text().startswith("Question 1, line 1:")
    for _ in range(25):
        keys.press("j")
    assert title.inner_text().startswith("Question 26,")
    assert tab.page.locator("tr.chosen td").first.inner_text() == "26"
    assert tab.page.url.endswith("#26")
    keys.press("w")
    assert tab.page.is_checked("#only-wrong")
    keys.press("/"), keys.type("jkws")
    assert tab.page.input_value("#search") == "jkws" and tab.found() == 0
    keys.press("Escape"), keys.press("Escape")
    assert title.count() == 0


def test_an_address_names_a_question(browser, folder, rows):
    tab = Tab(browser, folder / "report.html")
    tab.page.goto((folder / "report.html").as_uri() + "#40")
    tab.page.reload()
    tab.page.wait_for_selector("#detail h2")
    assert tab.page.inner_text("#detail h2").startswith(f"Question 40, line 40: {rows[39]['task_name']}")
    # What was sent is put together again from what all prompts share.
    assert tab.page.locator("#detail pre").all_text_contents()[-1] == rows[39]["prompt"]


def test_a_narrow_screen_has_no_page_to_push_aside(browser, folder):
    tab = Tab(browser, folder / "report.html", viewport={"width": 420, "height": 800})
    tab.page.keyboard.press("j")
    width, shown = tab.page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    assert width <= shown and tab.complaints == []


def test_prompts_are_put_together_again(folder, rows):
    report = read_report(folder)
    asked = [row | {"prompt": f"<s>system\n{row['question'].strip()}\nassistant"} for row in report.rows]
    text = page("name", report.content, asked, "<svg></svg>")
    data = json.loads(text.partition('id="data">')[2].partition("</script>")[0])
    assert data["prompts"] == ["<s>system\n\0\nassistant"]
    assert all(dict(zip(data["columns"], values, strict=True))["prompt"] == [0] for values in data["rows"])


def test_the_licence_of_what_is_packed_is_in_the_file(folder):
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "Permission is hereby granted, free of charge" in text and "SpryMedia" in text
    assert text.startswith("<!doctype html>")


def test_without_the_table_library_it_is_said_before_anything_is_asked(tmp_path, monkeypatch):
    def missing(name):
        raise html_page.PackageNotFoundError(name)

    monkeypatch.setattr(html_page, "distribution", missing)
    with pytest.raises(ShopBenchError, match=r"the package itables is missing.*make setup"):
        write_report(tmp_path / "out", load_model=lambda: pytest.fail("the model was loaded"))
    assert not Path(tmp_path / "out").exists()
