"""How the evaluator reads a response: one parser a task type, quirks included.

The parsers reproduce the competition's protocol to the letter, because an answer is worth what the evaluator makes of
it. That includes what looks wrong: "12" is option 1, "1.5" is item 15. What cannot be read becomes the task type's
empty answer: -1, [] or "". No string makes a parser raise.
"""

import ast
import warnings
from collections.abc import Callable

from submission.competition import MAX_RESPONSE_CHARACTERS, RETRIEVED_NUMBERS
from submission.errors import ShopBenchError
from submission.task_types import TaskType

Answer = int | list[int] | list[str] | str


def parse_response(task_type: str, response: str) -> Answer:
    """Read a model's response the way the evaluator does.

    Multiple choice gives an option number, -1 if there is none. Ranking gives at most five item numbers, none where one
    repeats. Retrieval gives at most three item numbers. Named entity recognition gives entities, generation stripped
    text. An unknown task type is a `ShopBenchError`.
    """
    parser = _PARSERS.get(task_type)
    if parser is None:
        raise ShopBenchError(f"unknown task type {task_type!r}: known are {', '.join(_PARSERS)}")
    return parser(response[:MAX_RESPONSE_CHARACTERS])


def is_unparsable(answer: Answer) -> bool:
    """Whether a parsed answer says that nothing could be read: -1, an empty list or an empty text."""
    return answer == -1 or answer in ([], "")


def _parse_multiple_choice(response: str) -> int:
    try:
        return int(response.strip()[:1])
    except ValueError:
        return -1


def _parse_numbers(response: str) -> list[int]:
    kept = "".join(char for char in response if char.isnumeric() or char in ", ")
    numbers = []
    for word in kept.split(","):
        try:
            numbers.append(int(word))
        except ValueError:  # "", "1 2", characters that are numeric but no digits ("½"), more than 4,300 digits
            continue
    return numbers


def _parse_ranking(response: str) -> list[int]:
    ranked = [number for number in _parse_numbers(response) if number <= 5][:5]
    return ranked if len(set(ranked)) == len(ranked) else []


def _parse_retrieval(response: str) -> list[int]:
    return _parse_numbers(response)[:RETRIEVED_NUMBERS]


def _parse_entities(response: str) -> list[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an unknown escape such as "\d" in a response is nobody's business
            literal = ast.literal_eval(response)
    # Beyond the two usual errors: unhashable keys, and brackets nested too deep for Python's own parser.
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        literal = None
    if isinstance(literal, list) and all(isinstance(item, str) for item in literal):
        return literal
    return [entity.strip() for entity in response.split(",") if entity.strip()]


def _parse_generation(response: str) -> str:
    return response.strip()


_PARSERS: dict[str, Callable[[str], Answer]] = {
    TaskType.MULTIPLE_CHOICE: _parse_multiple_choice,
    TaskType.RANKING: _parse_ranking,
    TaskType.RETRIEVAL: _parse_retrieval,
    TaskType.NAMED_ENTITY_RECOGNITION: _parse_entities,
    TaskType.GENERATION: _parse_generation,
}
