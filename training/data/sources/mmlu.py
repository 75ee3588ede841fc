"""MMLU: multiple-choice exam questions over 57 subjects, which keep general knowledge alive during fine-tuning.

A row of `questions`, as it is published:

    {"question": "What is three quarters of 64?", "subject": "elementary_mathematics",
     "choices": ["16", "32", "48", "56"], "answer": 2}
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from training.data.sources.cleaning import on_one_line
from training.data.sources.reading import open_rows
from training.data.sources.records import ExamQuestion, Record
from training.data.sources.source import Source, as_list

_COLUMNS = ("question", "subject", "choices", "answer")


class Mmlu(Source):
    """Streams "questions". The hub's training split is `auxiliary_train`."""

    name = "mmlu"
    licence = "MIT"
    streams: ClassVar[dict[str, type]] = {"questions": ExamQuestion}

    def __init__(
        self, scratch: Path, questions: str | list[str], split: str = "auxiliary_train", limit: int | None = None
    ) -> None:
        super().__init__(scratch, limit)
        self.questions = as_list(questions)
        self.split = split

    def locations(self) -> list[str]:
        """Return the question locations."""
        return self.questions

    def units(self, stream: str) -> Iterator[Any]:
        """Stream numbered raw rows."""
        yield from enumerate(
            open_rows(self.questions, _COLUMNS, split=self.split, revision=self.revision, limit=self.limit)
        )

    def record(self, stream: str, unit: Any, unusable: Counter[str]) -> Record | None:
        """Read a question and check its choices and answer; "None" and "Na" are choices, tags what a question is about."""
        number, row = unit
        question, choices = on_one_line(row.get("question")), row.get("choices")
        if not question:
            unusable["row without a question"] += 1
            return None
        choices = tuple(map(on_one_line, choices)) if isinstance(choices, list) else ()
        if len(choices) != 4 or not all(choices) or len(set(choices)) != 4:
            unusable["row without four different choices"] += 1
            return None
        answer = row.get("answer")
        if isinstance(answer, bool) or not isinstance(answer, int) or not 0 <= answer < 4:
            unusable["row without an answer from 0 to 3"] += 1
            return None
        subject = str(row.get("subject") or "").replace("_", " ").strip()
        return ExamQuestion(f"question/{number}", subject, question, choices, answer)
