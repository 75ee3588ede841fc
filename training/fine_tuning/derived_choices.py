"""Makes multiple-choice questions out of questions with known answers in words: translations and entities.

The one thing to know: most of ShopBench is multiple choice that asks to match one text to another. Answers that are
known in words are all that such questions need. The right option is the known answer, the wrong ones are the answers of
other questions of the kind. Derive from training questions only, after the split.
"""

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from evaluation.dataset import Sample
from submission.answer_formats import word_spans
from submission.questions import AnswerKind, Question, read_question
from submission.task_types import TaskType

_OPTIONS = 4
_SAME_PRODUCT = (
    "A product is called '{text}'. Which of the following titles may name the same product in another language?",
    "A seller lists '{text}'. Which of these is the same listing on a site in another language?",
    "The title '{text}' was translated for a foreign shop. Which one of the titles below is the translation?",
)
_SAME_TEXT = (
    "Which of the following says the same as '{text}' in another language?",
    "'{text}' was translated. Which one of the texts below is its translation?",
    "Read this: {text}\nWhich text tells the same in another language?",
)
_KEYWORDS = (
    "Which of the following keyword sets suits a product called '{text}' best?",
    "Product: {text}\nChoose the set of keywords under which shoppers should find it.",
    "A product is titled '{text}'. Which set of keywords describes it?",
)
_VALUE = (
    "The title of a product is '{text}'. Which of these is its {kind}?",
    "What does the text '{text}' say about the {kind}?",
    "A product appears as '{text}'. Pick the value of the attribute {kind}.",
)
_NO_VALUE = "It cannot be told from the text."
_ENTITY_TYPE = re.compile(r"'([^']{3,30})'")
_MIN_KEYWORDS, _MAX_KEYWORDS = 3, 6


@dataclass(frozen=True)
class _Known:
    """A text, what is known of it, and the kind within which other answers are plausible (a language, an attribute)."""

    text: str
    answer: str
    kind: str
    is_title: bool = True


def derive_choices(samples: list[Sample], seed: int) -> list[Sample]:
    """Return multiple-choice questions made from the translations and entities among `samples`.

    Tasks: `choice_same_text`, `choice_keywords`, `choice_value`. The same samples and seed give the same questions.
    """
    translations, entities = _known_answers(samples)
    derived: list[Sample] = []
    for known, others in _with_others(translations):
        chance = random.Random(f"{seed} translation {known.text}")
        source, target = (
            (known, others) if chance.random() < 0.5 else (_turned(known), [_turned(one) for one in others])
        )
        wordings = _SAME_PRODUCT if known.is_title else _SAME_TEXT
        derived += _question("choice_same_text", wordings, source, [one.answer for one in target], chance)
        if known.is_title:
            derived += _keywords_question(known, others, chance)
    for known, others in _with_others(entities):
        chance = random.Random(f"{seed} entity {known.text}")
        # A value that the text holds as well would be a second right answer.
        values = [one.answer for one in others if one.answer.lower() not in known.text.lower()]
        if chance.random() < 1 / _OPTIONS:
            known = replace(known, answer=_NO_VALUE)
        elif chance.random() < 0.5:
            values = [*chance.sample(values, min(2, len(values))), _NO_VALUE]
        derived += _question("choice_value", _VALUE, known, values, chance)
    return derived


def _known_answers(samples: list[Sample]) -> tuple[list[_Known], list[_Known]]:
    translations: list[_Known] = []
    entities: list[_Known] = []
    for sample in samples:
        question = read_question(sample.question, sample.is_multiple_choice)
        truth = sample.truth
        if question.answer_kind is AnswerKind.TRANSLATION and isinstance(truth, str):
            is_title = any(word in question.instruction for word in ("title", "product"))
            translations.append(_Known(question.body, truth, f"{question.target_language} {is_title}", is_title))
        elif question.task_type is TaskType.NAMED_ENTITY_RECOGNITION and len(truth) == 1 and truth[0]:
            kind = _entity_type(question)
            entities += [_Known(question.body, truth[0], kind)] if kind else []
    return translations, entities


def _entity_type(question: Question) -> str | None:
    found = _ENTITY_TYPE.search(question.text.replace(question.body, " "))
    return found.group(1).lower() if found else None


def _with_others(known: list[_Known]) -> Iterator[tuple[_Known, list[_Known]]]:
    """Yield each with the others of its kind."""
    by_kind: dict[str, list[_Known]] = defaultdict(list)
    for one in known:
        by_kind[one.kind].append(one)
    for one in known:
        yield one, [other for other in by_kind[one.kind] if other.text != one.text and other.answer != one.answer]


def _turned(known: _Known) -> _Known:
    return replace(known, text=known.answer, answer=known.text)


def _keywords_question(known: _Known, others: list[_Known], chance: random.Random) -> list[Sample]:
    """Ask for the keywords of a text by those of its translation, where both have words that can be taken apart."""
    sets = [_keywords(one.answer, chance) for one in [known, *chance.sample(others, min(_OPTIONS, len(others)))]]
    if not sets[0]:
        return []
    return _question(
        "choice_keywords", _KEYWORDS, replace(known, answer=sets[0]), [words for words in sets[1:] if words], chance
    )


def _keywords(text: str, chance: random.Random) -> str:
    words = list(dict.fromkeys(text[start:end] for start, end in word_spans(text) if end - start > 2))
    if len(words) < _MIN_KEYWORDS:
        return ""
    return ", ".join(chance.sample(words, min(len(words), chance.randint(_MIN_KEYWORDS, _MAX_KEYWORDS))))


def _question(
    task: str, wordings: tuple[str, ...], known: _Known, wrong: list[str], chance: random.Random
) -> list[Sample]:
    """Return one question as a list, empty where there are not enough different wrong options."""
    wrong = sorted({option for option in wrong if option.lower() != known.answer.lower()})
    if len(wrong) < _OPTIONS - 1:
        return []
    options = [known.answer, *chance.sample(wrong, _OPTIONS - 1)]
    chance.shuffle(options)
    listed = "\n".join(f"{number}. {' '.join(option.split())}" for number, option in enumerate(options))
    text = chance.choice(wordings).format(text=known.text, kind=known.kind)
    return [
        Sample(
            question=f"{text}\n{listed}\nAnswer: ",
            truth=options.index(known.answer),
            task_name=task,
            task_type=TaskType.MULTIPLE_CHOICE,
            metric="accuracy",
        )
    ]
