"""The rows of a data set that is built: what is asked, what is answered, how it is scored and where it comes from.

Rows are plain dicts, since they are written as JSON lines and read back by every stage of a build; these types name
their columns.
"""

from typing import Any, NotRequired, TypedDict

from evaluation.dataset import Sample
from submission.prompts import chat_messages
from submission.questions import Question
from submission.task_types import TaskType
from submission.tracks import track_by_challenge_id, track_by_number


class AskedRow(TypedDict):
    """What is asked and answered, as TRL's conversations and as text, and how an answer is scored.

    `track` is the challenge id of a track.
    """

    prompt: list[dict[str, str]]
    completion: list[dict[str, str]]
    task_name: str
    task_type: str
    metric: str
    track: str
    question: str
    truth: Any


class BuiltRow(AskedRow):
    """A question that was built from a source; `content` is the part that is no wording, and goes with the duplicates."""

    source: str
    language: str
    content: NotRequired[str]


class CandidateRow(BuiltRow):
    """A question with the `id` of the record, the task and the try that it was built from."""

    id: str


def asked_row(task: str, metric: str, track: int, question: Question, answer: str, truth: Any) -> AskedRow:
    """Return the columns that tell what is asked, what is answered and how it is scored."""
    return {
        "prompt": chat_messages(question, track_by_number(track)),
        "completion": [{"role": "assistant", "content": answer}],
        "task_name": task,
        "task_type": str(question.task_type),
        "metric": metric,
        "track": track_by_number(track).challenge_id,
        "question": question.text,
        "truth": truth,
    }


def sample_of_built(row: AskedRow) -> Sample:
    """Return a built question as it is read and scored."""
    return Sample(
        question=row["question"],
        truth=row["truth"],
        task_name=row["task_name"],
        task_type=TaskType(row["task_type"]),
        metric=row["metric"],
        track=track_by_challenge_id(row["track"]),
    )
