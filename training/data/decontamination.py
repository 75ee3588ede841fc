"""Finds training questions that share a 13-gram of words with a question that is kept for evaluation.

The rule is literal: 13 words in a row, whatever they are; a question of fewer words is compared as a whole. The one thing
to know: questions of one task may share an instruction that long, which is no leak, and then the rule removes them all.
Where training and held-out questions come in the same wordings, `WORDING_FROM` asks for the lenient rule: five words in a
row that stand in so many protected questions are wording, taken out of both sides before the 13-grams are made. What is
compared then is content: reviews, titles, options. (GPT-3's appendix C leaves frequent n-grams out for the same reason.)
"""

from collections import Counter
from collections.abc import Iterable, Sequence

from submission.answer_formats import word_spans

NGRAM_WORDS = 13
WORDING_WORDS = 5
# Two protected questions may be about the same review; the same words in three are an instruction.
WORDING_FROM = 3

Ngram = tuple[str, ...]


def _words(text: str) -> list[str]:
    lowered = text.lower()
    return [lowered[start:end] for start, end in word_spans(lowered)]


def _ngrams(words: Sequence[str], size: int) -> Iterable[Ngram]:
    return zip(*(words[offset:] for offset in range(size)), strict=False)


class ProtectedQuestions:
    """The questions that must not be trained on, as word 13-grams.

    `wording_from` is in how many protected questions five words in a row must stand to count as wording and be taken out;
    0 takes no wording out, so that a shared instruction counts as well.
    """

    def __init__(self, questions: Iterable[str], wording_from: int = 0) -> None:
        texts = [_words(text) for text in sorted(set(questions))]
        holders = Counter(ngram for words in texts for ngram in set(_ngrams(words, WORDING_WORDS)))
        self._wording = {ngram for ngram, count in holders.items() if wording_from and count >= wording_from}
        self._content = frozenset(ngram for words in texts for ngram in self._content_ngrams(words))

    def shared_ngram(self, text: str) -> str | None:
        """Return the first n-gram of content that `text` shares with a protected question, None where there is none."""
        ngrams = self._content_ngrams(_words(text))
        return next((" ".join(ngram) for ngram in ngrams if ngram in self._content), None)

    def _content_ngrams(self, words: list[str]) -> list[Ngram]:
        wording: set[int] = set()
        for start, ngram in enumerate(_ngrams(words, WORDING_WORDS)):
            if ngram in self._wording:
                wording.update(range(start, start + WORDING_WORDS))
        content = [word for index, word in enumerate(words) if index not in wording]
        if len(content) < NGRAM_WORDS:
            return [tuple(content)] if content else []
        return list(_ngrams(content, NGRAM_WORDS))
