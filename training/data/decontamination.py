"""Finds training questions that share a 13-gram of words with a question that is kept for evaluation.

13 words in a row count, whatever they are; a question of fewer words is compared as a whole. The one thing to know:
questions of one task may share an instruction that long, which is no leak. So 13 words that stand in the instruction alone
are told apart: they lie between the slots of a task's wordings (`instruction_of`), or many questions of one ready-made
task hold them (`shared_by_many`). A sequence counts where five of its words are of a review, a title or options, or all
that there are of them.

Where training and held-out questions come in the same wordings, `WORDING_FROM` asks for a more lenient rule: five words in
a row that stand in so many protected questions are wording, taken out of both sides before the 13-grams are made.
(GPT-3's appendix C leaves frequent n-grams out for the same reason.)
"""

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from pathlib import Path
from string import Formatter

from evaluation.dataset import read_question_texts
from submission.answer_formats import word_spans
from submission.errors import ShopBenchError

NGRAM_WORDS = 13
WORDING_WORDS = 5
# Two protected questions may be about the same review; the same words in three are an instruction.
WORDING_FROM = 3
# A ready-made task's instruction stands in so many of its questions at least; no leaked review does.
_FEWEST_SHARING, _SHARING_SHARE = 5, 0.02

Ngram = tuple[str, ...]


def _words(text: str) -> list[str]:
    lowered = text.lower()
    return [lowered[start:end] for start, end in word_spans(lowered)]


def _ngrams(words: Sequence[str], size: int) -> Iterable[Ngram]:
    return zip(*(words[offset:] for offset in range(size)), strict=False)


def instruction_of(wordings: Iterable[str]) -> frozenset[Ngram]:
    """Return the 13-grams that lie between the slots ("{title}") of these wordings."""
    literals = (text for wording in wordings for text, _, _, _ in Formatter().parse(wording))
    return frozenset(ngram for text in literals for ngram in _ngrams(_words(text), NGRAM_WORDS))


def shared_by_many(questions: Sequence[str]) -> frozenset[Ngram]:
    """Return the 13-grams that stand in a fiftieth of a task's questions, five at least: those are its instruction."""
    holders = Counter(ngram for text in questions for ngram in set(_ngrams(_words(text), NGRAM_WORDS)))
    fewest = max(_FEWEST_SHARING, _SHARING_SHARE * len(questions))
    return frozenset(ngram for ngram, count in holders.items() if count >= fewest)


def _beyond(ngrams: Sequence[Ngram], instruction: Set[Ngram]) -> set[int]:
    """Return the places of the words of a text, given as its n-grams, that are in no n-gram of the instruction."""
    places = set(range(len(ngrams) - 1 + len(ngrams[0])))
    for place, ngram in enumerate(ngrams):
        if ngram in instruction:
            places.difference_update(range(place, place + len(ngram)))
    return places


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

    def shared_ngram(self, text: str, instruction: Set[Ngram] = frozenset()) -> str | None:
        """Return the first n-gram that `text` shares with a protected question, None where there is none.

        The 13-grams of `instruction` do not count, nor those that reach a few words beyond it.
        """
        ngrams = self._content_ngrams(_words(text))
        shared = [place for place, ngram in enumerate(ngrams) if ngram in self._content]
        if shared and instruction:
            own = _beyond(ngrams, instruction)
            enough = max(1, min(WORDING_WORDS, len(own)))
            shared = [p for p in shared if len(own & set(range(p, p + len(ngrams[p])))) >= enough]
        return " ".join(ngrams[shared[0]]) if shared else None

    def _content_ngrams(self, words: list[str]) -> list[Ngram]:
        wording: set[int] = set()
        for start, ngram in enumerate(_ngrams(words, WORDING_WORDS)):
            if ngram in self._wording:
                wording.update(range(start, start + WORDING_WORDS))
        content = [word for index, word in enumerate(words) if index not in wording]
        if len(content) < NGRAM_WORDS:
            return [tuple(content)] if content else []
        return list(_ngrams(content, NGRAM_WORDS))


def protected_texts(paths: list[Path]) -> list[str]:
    """Return the texts of the questions in these JSONL files (ShopBench's shape)."""
    for path in paths:
        if not path.is_file():
            raise ShopBenchError(f"there is no file {path} of protected questions")
    return [text for path in paths for text in read_question_texts(path)]
