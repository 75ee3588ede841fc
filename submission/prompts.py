"""The chat messages of a question: a system prompt that names the track and the task, then the question itself.

Training calls the very same function, so that what is learned is what is asked. The system prompt depends on the track
and the kind of question only, never on the question's own words: questions of one kind share it as a prefix, which the
engine computes once.
"""

from submission.questions import AnswerKind, Question
from submission.task_types import TaskType
from submission.tracks import TRACKS, Track

_TASKS = {
    TaskType.MULTIPLE_CHOICE: "multiple choice. Answer with the number of the correct option only.",
    TaskType.RANKING: "ranking. Answer with all item numbers, the most relevant first, separated by commas.",
    TaskType.RETRIEVAL: "retrieval. Answer with the numbers of the best items only, separated by commas.",
    TaskType.NAMED_ENTITY_RECOGNITION: "named entity recognition. Answer with the phrases as they stand in the text, "
    "separated by commas.",
}
_TEXT_TASKS = {
    AnswerKind.EXTRACTION: "extraction. Answer with the one phrase as it stands in the text.",
    AnswerKind.TRANSLATION: "translation. Answer with the translation only.",
    AnswerKind.PROSE: "generation. Answer in one or two short sentences.",
}


def system_prompt(question: Question, track: Track) -> str:
    """Return the system prompt for `question` in `track`; in the all-around track the question's own track is guessed."""
    subject = (track_of(question) if track.number == 5 else track).subject
    task = _TASKS.get(question.task_type) or _TEXT_TASKS[question.answer_kind]
    return f"You are a helpful online shopping assistant. Your questions are about {subject}. Your task is {task}"


def chat_messages(question: Question, track: Track) -> list[dict[str, str]]:
    """Return the messages (role, content) that ask `question`: a system prompt and the question's text."""
    return [
        {"role": "system", "content": system_prompt(question, track)},
        {"role": "user", "content": question.text.strip()},
    ]


_SEVERAL_LANGUAGES = ("language", "translat", "multilingual", "keyword set", "sets of phrases")
_REASONING = ("how many", "total", "personx", "complement the", "complements", "compatible", "unit", "event", "convert")
_BEHAVIOUR = ("query", "purchase", "bought", "rate ", "scale of", "also buy", "also view", "click", "relevan")


def track_of(question: Question) -> Track:
    """Guess which of tracks 1 to 4 a question of the all-around track belongs to, from its wording."""
    text = question.instruction
    if any(word in text for word in _SEVERAL_LANGUAGES) or question.answer_kind is AnswerKind.TRANSLATION:
        return TRACKS[3]
    if question.task_type in {TaskType.NAMED_ENTITY_RECOGNITION, TaskType.GENERATION}:
        return TRACKS[0]
    if question.task_type is TaskType.RANKING:
        return TRACKS[2]
    if question.task_type is TaskType.MULTIPLE_CHOICE and any(word in text for word in _REASONING):
        return TRACKS[1]
    if any(word in text for word in _BEHAVIOUR) and "review snippet" not in text:
        return TRACKS[2]
    return TRACKS[0]
