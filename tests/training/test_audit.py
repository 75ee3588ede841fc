"""The audit says of every task how many records gave a question, which option is right too often and what gives the answer away."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from submission.errors import ShopBenchError
from tests.training.test_published_rows import published
from training import show_questions
from training.data.audit import Audit, TaskAudit, Verdict, audit, audit_text
from training.data.guessing import Listed, by_length, by_shared_words, by_words, chance, listed
from training.data.recipe import DataRecipe
from training.data.sources.records import Review
from training.data.tasks import TASKS
from training.data.tasks.task import Pool
from training.recipe import load_recipe

ROOT = Path(__file__).parent.parent.parent
FIXTURES = ROOT / "training" / "recipes" / "data_fixtures.yaml"


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="module")
def of_the_fixtures() -> Audit:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return audit(load_recipe(FIXTURES, [], DataRecipe), [], 20_000)


def choice(number: int, stem: str, right: str, *wrong: str) -> Listed:
    options = [*wrong]
    place = Random(number).randrange(len(wrong) + 1)
    options.insert(place, right)
    return Listed(f"record/{number}", stem, dict(enumerate(options)), "accuracy", place)


def test_the_audit_of_the_fixtures_finds_no_task_that_fails(of_the_fixtures: Audit) -> None:
    assert of_the_fixtures.failing == [] and of_the_fixtures.absent == {}
    assert set(of_the_fixtures.verdicts) >= set(TASKS)
    for name, verdict in of_the_fixtures.verdicts.items():
        one = verdict.audit
        assert 0 < one.asked <= one.questions and one.asked <= one.records, name
        # Every record gave a question or one reason.
        assert one.reasons.total() == one.records - one.asked, name
        assert len(one.sample) == one.questions
        if name in TASKS:
            assert (verdict.guesses is None) is (TASKS[name].task_type in {"generation", "named_entity_recognition"}), (
                name
            )


def test_the_audit_is_the_same_every_time_and_can_be_of_some_tasks(of_the_fixtures: Audit) -> None:
    names = ["query_relation", "also_bought"]
    again = audit(load_recipe(FIXTURES, [], DataRecipe), names, 20_000)
    assert again.verdicts == {name: of_the_fixtures.verdicts[name] for name in names}
    fewer = audit(load_recipe(FIXTURES, [], DataRecipe), ["query_relation"], 10)
    assert fewer.read == {"esci/products": 10} and fewer.verdicts["query_relation"].audit.records == 10
    with pytest.raises(ShopBenchError, match="there is no task 'nonsense'"):
        audit(load_recipe(FIXTURES, [], DataRecipe), ["nonsense"], 10)


def matching_rows(folder: Path, answers: str) -> str:
    rows = [
        published("Product_Matching", {f"product {n}": {"title": f"Kettle {n} of {number}"} for n in (1, 2)}, answer)
        for number, answer in enumerate(answers.split())
    ]
    (folder / "dataset.json").write_text(json.dumps(rows))
    return str(folder / "dataset.json")


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ("yes " * 30, "fails"),
        ("yes " * 26 + "no " * 14, "fails"),
        ("yes " * 22 + "no " * 18, ""),
        ("yes " * 19, "few"),
    ],
)
def test_a_task_where_one_option_is_right_too_often_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], answers: str, verdict: str
) -> None:
    recipe = tmp_path / "recipe.yaml"
    rows = matching_rows(tmp_path, answers)
    recipe.write_text(
        f"name: one\noutput: {tmp_path / 'x'}\nseed: 1\nexamples: 1\nworkers: 1\nprotected: []\nnear_duplicate: 0.8\n"
        f"sources:\n  ecinstruct: {{rows: {rows}}}\n  mmlu: {{questions: data/nowhere/*.parquet}}\n"
    )
    arguments = ["--audit", "--recipe", str(recipe), "--task", "product_matching", "-n", "2"]
    if verdict == "fails":
        with pytest.raises(SystemExit) as ended:
            show_questions.main(arguments)
        assert ended.value.code == 1
    else:
        show_questions.main(arguments)
    said = capsys.readouterr().out
    line = next(line for line in said.splitlines() if line.startswith("| `product_matching`"))
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    count, yes = len(answers.split()), answers.split().count("yes")
    assert cells[1:4] == [str(count)] * 3 and cells[4] == f"{yes / count:.0%} Yes" and cells[-1].startswith(verdict)
    assert ("1 tasks fail, one option is right too often: product_matching" in said) is (verdict == "fails")
    assert "=== product_matching 2/2" in said and "=== product_matching 3" not in said
    assert "the source mmlu was not read: there is no data/nowhere/*.parquet" in said


def test_without_any_source_the_audit_says_which_files_are_missing(tmp_path: Path) -> None:
    sources = {"mmlu": {"questions": str(tmp_path / "m.parquet")}, "alpaca": {"instructions": str(tmp_path / "a.json")}}
    made = load_recipe(FIXTURES, [], DataRecipe).model_copy(update={"sources": sources})
    with pytest.raises(
        ShopBenchError, match=r"none of its sources is there: there is no .*m\.parquet; there is no .*a\.json"
    ):
        audit(made, [], 10)


def test_only_an_audit_goes_without_a_recipe(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        show_questions.main(["-n", "1"])
    assert ended.value.code == 2 and "--recipe" in capsys.readouterr().err
    show_questions.main(["--audit", "--task", "use_of_product", "-n", "1"])
    assert "| `use_of_product` | 65 | 65 | 65 |" in capsys.readouterr().out


STEMS = [f"What goes with thing{number}?" for number in range(60)]


def test_an_answer_that_is_always_the_longest_is_told_by_its_length() -> None:
    for right, wrong in (("a long answer indeed", "short"), ("x", "a long one")):
        questions = [
            choice(n, stem, f"{right}{n}", *(f"{wrong}{n}{other}" for other in "abc")) for n, stem in enumerate(STEMS)
        ]
        assert by_length(questions) == 1.0 and chance(questions) == 0.25
        assert by_shared_words(questions) < 0.45


def test_an_answer_with_words_of_the_question_is_told_by_them() -> None:
    questions = [choice(n, stem, f"thing{n} x", f"cup{n}", f"pot{n}", f"pan{n}") for n, stem in enumerate(STEMS)]
    assert by_shared_words(questions) == 1.0
    assert by_words(questions) == 1.0


def test_words_that_are_always_right_are_learned_and_those_that_say_nothing_are_not() -> None:
    told = [choice(n, stem, f"zebra a{n}", f"gnu bcd{n}", f"gnu c{n}", f"gnu d{n}") for n, stem in enumerate(STEMS)]
    assert by_words(told) == 1.0 and by_length(told) < 1.0
    rng = Random(5)
    blind = [
        choice(n, "Which?", *(rng.choice(["gnu", "elk", "yak"]) + f" {letter}" for letter in "abcd"))
        for n in range(300)
    ]
    mixed = [Listed(one.group, one.stem, one.options, one.metric, rng.randrange(4)) for one in blind]
    score = by_words(mixed)
    assert score is not None and abs(score - 0.25) < 0.15
    # "positive" goes with "love", whatever else is said.
    moods = ("positive", "negative", "neutral")
    words = {"positive": "love", "negative": "hate", "neutral": "hmm"}
    felt = [
        choice(n, f"I {words[moods[n % 3]]} thing{n}", moods[n % 3], *(mood for mood in moods if mood != moods[n % 3]))
        for n in range(90)
    ]
    assert by_words(felt) == 1.0 and by_shared_words(felt) < 0.5


def test_questions_about_one_record_are_not_learned_from_each_other() -> None:
    same = [choice(n, stem, f"zebra{n}", f"gnu{n}", f"elk{n}") for n, stem in enumerate(STEMS[:1] * 30)]
    one_record = [Listed("record", question.stem, question.options, "accuracy", question.truth) for question in same]
    assert by_words(one_record) is None


def test_lists_of_several_and_ranked_lists_are_scored_by_their_metrics(of_the_fixtures: Audit) -> None:
    three = Listed("r", "", {n: "x" * n for n in range(1, 16)}, "hit rate@3", [13, 14, 15])
    assert by_length([three]) == 1.0 and chance([three] * 3) == pytest.approx(0.2, abs=0.12)
    ranked = Listed("r", "", {1: "a", 2: "aaa", 3: "aa"}, "ndcg", [0.0, 1.0, 0.1])
    assert by_length([ranked]) == 1.0 and 0.4 < chance([ranked]) < 0.9
    for name, metric in (("also_bought", "hit rate@3"), ("query_product_ranking", "ndcg")):
        row = of_the_fixtures.verdicts[name].audit.sample[0]
        question = listed(row, "r")
        assert question is not None and question.metric == metric
        best = sorted(question.options, key=question.is_right, reverse=True)
        assert question.score(best) > 0.99 or metric == "ndcg"


def test_stars_are_options_without_a_list(of_the_fixtures: Audit) -> None:
    row = of_the_fixtures.verdicts["review_rating"].audit.sample[0]
    question = listed(row, "r")
    assert question is not None and question.options == {n: str(n) for n in range(1, 6)}
    assert question.stem == row["question"]


def test_the_table_can_be_read_as_markdown() -> None:
    one = TaskAudit("odd|name", 40, 40)
    for number in range(40):
        row = {"id": f"s/r/{number}/odd/0", "metric": "accuracy", "task_type": "multiple-choice", "truth": 0}
        one.add({**row, "question": f"Which?{number}\n0. a|b\n1. c{number}\n2. d{number}\nAnswer: "})
    lines = [*audit_text(Audit({one.name: Verdict(one, None)}, {}, {}))]
    assert "100% a\\|b" in lines[2] and lines[2].endswith("| fails |")
    assert lines[-1] == "- `odd|name`: all gave one"


def reviews(ratings: str) -> list[Review]:
    return [
        Review(f"r{n}", int(r), "", f"I have had this for {n} days by now.", 0, True, None)
        for n, r in enumerate(ratings)
    ]


@pytest.mark.parametrize("task", ["review_rating", "review_sentiment"])
def test_of_published_reviews_four_in_five_are_praise_and_no_more_than_half_are_asked_about(task: str) -> None:
    records = reviews("5" * 160 + "4" * 10 + "3" * 12 + "2" * 8 + "1" * 10)
    pool: Pool[Any] = Pool(records)
    rows = [TASKS[task].question("amazon_reviews/reviews", record, pool, Random(record.key)) for record in records]
    asked = [record for record, row in zip(records, rows, strict=True) if row is not None]
    praise = sum(record.rating == 5 or (task == "review_sentiment" and record.rating == 4) for record in asked)
    others = 40 if task == "review_rating" else 30
    assert praise == others and len(asked) == 2 * others
    assert pool.unusable == {"record whose answer would be right too often": len(records) - len(asked)}
    # The same ones whatever the order, and not the first ones.
    again: Pool[Any] = Pool(records[::-1])
    assert {r.key for r in asked} == {
        r.key for r in records if TASKS[task].question("amazon_reviews/reviews", r, again, Random(1)) is not None
    }
    few = reviews("5" * 9)
    assert all(TASKS[task].question("amazon_reviews/reviews", r, Pool(few), Random(1)) is not None for r in few)
