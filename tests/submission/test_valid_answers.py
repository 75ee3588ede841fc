import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.answer_formats import NO_ANSWER, Choice, FreeText, Permutation, Spans, has_words
from submission.engine import Generation
from submission.thoughts import without_thought
from submission.valid_answers import AnswerSource, settle

PROSE = FreeText(48, fallback_text="It keeps tea warm.")
LINE = FreeText(48, single_line=True, fallback_text="Eine Tasse")
FAVOURED = Spans("The red mug keeps tea warm.", enforced=False)


def settled(form: FreeText | Spans, text: str, finished: bool = True) -> tuple[str, AnswerSource]:
    return settle(form, Generation(text=text, done=True, finished=finished))


@pytest.mark.parametrize("form", [PROSE, LINE, FAVOURED], ids=["prose", "line", "favoured"])
@pytest.mark.parametrize("finished", [True, False])
@pytest.mark.parametrize(
    "text",
    [
        "!" * 48,
        "! " * 24,
        "�" * 12,
        " �\n�",
        "...",
        "_" * 20,
        "—*-#",
        "<think>\nThe customer wants to know about a",
        "<think>",
        "<THINKING> So",
        "[THINK]So it",
        '<thinking type="deep">So it',
        "<|begin_of_thought|>So it",
        "<think />\n",
        "！" * 20,
        "。、。",
        "؟ ۔ ।",
        "\u3000\u200b\n",
        "I should think.</think>",
        "<think>One.</think>\n\n",
        "<think>One.</think>!!!",
        "",
        "  \n ",
    ],
)
def test_where_no_word_is_left_the_form_answers(form: FreeText | Spans, text: str, finished: bool) -> None:
    answer, source = settled(form, text, finished)
    assert (answer, source) == (form.fallback(), AnswerSource.FALLBACK) and has_words(answer)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("<think>A mug.</think>\n\nIt keeps tea warm.", "It keeps tea warm."),
        ("A mug, so.\n</think>\nIt keeps tea warm.", "It keeps tea warm."),
        ("<think>\n\n</think>\n\nIt keeps tea warm.", "It keeps tea warm."),
        ("[THINK]A mug.[/THINK]It keeps tea warm.", "It keeps tea warm."),
        ("Es hält den Tee schön hei�", "Es hält den Tee schön hei"),
        ("これはお茶の��", "これはお茶の"),
        ("It keeps � tea warm!!!", "It keeps  tea warm!!!"),
        ("<think class='a b'>A mug.</think>It keeps tea warm.", "It keeps tea warm."),
        ("<reflection>A mug.</reflection >It keeps tea warm.", "It keeps tea warm."),
        ("<|begin_of_thought|>A mug.<|end_of_thought|>It keeps tea warm.", "It keeps tea warm."),
        ("<think/>It keeps tea warm.", "It keeps tea warm."),
        ("It keeps tea warm.<think>Was that right?</think>", "It keeps tea warm."),
        ("It keeps tea warm. <think>Was that", "It keeps tea warm."),
        ("For a family 👨\u200d👩\u200d", "For a family 👨\u200d👩"),
        ("Made in 🇫🇷 or 🇩", "Made in 🇫🇷 or"),
        ("Made in 🇫🇷", "Made in 🇫🇷"),
        ("5", "5"),
        ("是", "是"),
        ("I think <b>so</b>.", "I think <b>so</b>."),
    ],
)
@pytest.mark.parametrize("form", [PROSE, LINE], ids=["prose", "line"])
def test_thoughts_and_halves_of_characters_are_left_out(form: FreeText, text: str, answer: str) -> None:
    assert settled(form, text) == (answer, AnswerSource.TEXT)


def test_a_favoured_phrase_loses_its_thought_too() -> None:
    assert settled(FAVOURED, "<think>Hm.</think>red mug")[0] == "red mug"
    assert settled(FAVOURED, "red mu�", finished=False)[0] == "red mu"


def test_the_space_that_a_tokenizer_begins_with_costs_no_unfinished_answer() -> None:
    generation = Generation(text=" 3,1", done=True)
    assert settle(Permutation((1, 2, 3)), generation) == ("3,1,2", AnswerSource.COMPLETED)


def test_a_question_that_suggests_no_word_gets_the_answer_of_last_resort() -> None:
    assert settled(FreeText(20, fallback_text="***"), "!!!") == (NO_ANSWER, AnswerSource.FALLBACK)


@given(st.text(max_size=80), st.booleans(), st.sampled_from([PROSE, LINE, FAVOURED]))
def test_every_answer_has_a_word_and_no_half_character(text: str, finished: bool, form: FreeText | Spans) -> None:
    answer, _ = settled(form, text, finished)
    assert has_words(answer) and "�" not in answer and without_thought(answer) == answer


@given(st.text(max_size=60), st.text(max_size=60))
def test_what_stands_behind_a_thought_is_kept_as_it_is(thought: str, answer: str) -> None:
    assert without_thought(f"<think>{thought}</think>{answer}") == answer


def test_numbers_that_are_whole_when_their_budget_ends_are_the_models_own() -> None:
    def unfinished(form: Choice | Permutation, text: str) -> tuple[str, AnswerSource]:
        return settle(form, Generation(text=text, done=True))

    assert unfinished(Choice((0, 1, 2)), "2") == ("2", AnswerSource.TEXT)
    assert unfinished(Permutation((1, 2, 3)), "3,1") == ("3,1,2", AnswerSource.COMPLETED)
    assert unfinished(Permutation((1, 2, 3)), "3,1,2") == ("3,1,2", AnswerSource.TEXT)
