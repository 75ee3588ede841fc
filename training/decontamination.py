"""Finds training questions that share a 13-gram of words with a question that is kept for evaluation.

The one thing to know: questions of a task share their instruction, so an n-gram that stands in several protected
questions is the wording of the task and says nothing about a leak. It counts as content only while fewer than
`WORDING_FROM` protected questions hold it. (GPT-3's appendix C leaves frequent 13-grams out for the same reason.)
"""

from collections import Counter
from collections.abc import Iterable, Iterator

from submission.answer_formats import word_spans

NGRAM_WORDS = 13
# Two protected questions may be about the same review; the same thirteen words in three are an instruction.
WORDING_FROM = 3


def _ngrams(text: str, size: int) -> Iterator[tuple[str, ...]]:
    lowered = text.lower()
    words = [lowered[start:end] for start, end in word_spans(lowered)]
    if len(words) < size:
        return iter([tuple(words)] if words else [])
    return zip(*(words[offset:] for offset in range(size)), strict=False)


class ProtectedQuestions:
    """The word n-grams of the questions that must not be trained on.

    A text of fewer than `size` words counts as one n-gram of all its words, so that short questions match as a whole.
    """

    def __init__(self, questions: Iterable[str], size: int = NGRAM_WORDS, wording_from: int = WORDING_FROM) -> None:
        self.size = size
        holders = Counter(ngram for text in set(questions) for ngram in set(_ngrams(text, size)))
        self._content = frozenset(ngram for ngram, count in holders.items() if count < wording_from)

    def shared_ngram(self, text: str) -> str | None:
        """Return the first n-gram that `text` shares with a protected question, None where it shares none."""
        if self._content.isdisjoint(_ngrams(text, self.size)):
            return None
        return next(" ".join(ngram) for ngram in _ngrams(text, self.size) if ngram in self._content)
