"""The automaton of answers that are cited from the question: phrases of the source, none of them twice.

All texts that stand at the same places of the source are one state, found by the open phrase: a nondeterministic
automaton whose positions are the places where that phrase may have begun, made deterministic as far as it is walked.
Its states are seldom seen twice, so what follows a place, or opens a phrase, is walked once per source and shared.
"""

import re
from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate, chain
from typing import NamedTuple

import numpy as np

from submission.answer_formats import Spans, word_spans
from submission.decoding.automaton import COMMA, SPACE, Automaton, TokenIds
from submission.decoding.vocabulary import TrieNode, Vocabulary


class SpanState(NamedTuple):
    """The finished phrases, the open one, and whether a space may stand before its first word."""

    finished: frozenset[bytes]
    phrase: bytes
    spaced: bool


class _Path(NamedTuple):
    """What the trie knows of the source from one place on."""

    tokens: list[tuple[int, list[int]]]
    """Places that tokens lead to, and those tokens."""
    commas: list[tuple[int, TrieNode]]
    """Word ends on the way (the first place included), and the trie's node behind a comma there."""


class _Opening(NamedTuple):
    """The tokens that may stand at the beginning of a phrase, as long as no phrase is finished."""

    token_ids: TokenIds
    by_beginning: dict[bytes, list[int]]
    """The same tokens by what they write of a phrase."""
    longest: int
    """Length of the longest beginning, in bytes."""
    commas: dict[bytes, TrieNode]
    """Whole phrases that tokens write and go on behind, and the trie's node behind the comma there."""


class SpanAutomaton(Automaton[SpanState]):
    """Phrases that begin and end with a word of the source, comma-separated where many are asked for.

    A phrase has at most `max_words` words, and none of the bytes that break it: control characters, bytes that are no
    token of their own (nothing could force a way through them), and commas where many phrases are asked for. Between
    phrases stands a comma and at most one space.
    """

    def __init__(self, form: Spans, vocabulary: Vocabulary) -> None:
        self.start = SpanState(frozenset(), b"", False)
        self._many = form.many
        self._source = form.source.encode()
        breaks = {*range(32)} | ({*self._source} - vocabulary.alphabet) | ({COMMA} if form.many else set())
        lines = _lines_of_words(form.source, bytes(breaks))
        self._limits = {
            start: words[min(index + form.max_words, len(words)) - 1][1]
            for words in lines
            for index, (start, _) in enumerate(words)
        }
        """Per place where a phrase may begin, the furthest at which it may end."""
        self._ends = [end for words in lines for _, end in words]
        self._is_end = frozenset(self._ends)
        self._places: dict[bytes, list[int]] = {b"": list(self._limits)}
        for start in self._limits:
            self._places.setdefault(self._source[start : start + 1], []).append(start)
        self._enough = form.max_phrases
        self._counts: dict[bytes, int] = {}
        self._max_phrases = self._count_phrases(b"") if form.many else 1
        self._paths: dict[int, _Path] = {}
        self._openings: dict[tuple[int, bool], _Opening] = {}
        if self._max_phrases > 1:
            # Every answer with a comma needs these: found now, they cost no step of a batch that waits.
            for node in (vocabulary.root, vocabulary.root.children[COMMA]):
                self._opening(node, True)

    def successors(self, state: SpanState) -> Mapping[int, SpanState]:
        """Return the state after each byte: what comes next in the source, or a comma and perhaps a space."""
        finished, phrase, spaced = state
        found: dict[int, SpanState] = {}
        for start in self._begun_at(phrase):
            place = start + len(phrase)
            if place < self._limits[start]:
                longer = self._source[start : place + 1]
                if longer[-1] not in found and not self._leads_to_repeat(longer, finished):
                    found[longer[-1]] = SpanState(finished, longer, False)
        if spaced:
            found[SPACE] = SpanState(finished, b"", False)
        if self._may_go_on(finished, phrase):
            found[COMMA] = SpanState(finished | {phrase}, b"", True)
        return found

    def can_end(self, state: SpanState) -> bool:
        """Whether the open phrase is whole and new."""
        return self._is_new_phrase(state.finished, state.phrase)

    def read(self, state: SpanState, text: bytes) -> SpanState | None:
        """Return the same state as byte after byte, in as many steps as there are phrases."""
        finished, phrase, spaced = state
        cited, comma, rest = text.partition(b",") if self._many else (text, b"", b"")
        if spaced and cited.startswith(b" "):
            cited, spaced = cited[1:], False
        if cited:
            phrase, spaced = phrase + cited, False
            if not self._begun_at(phrase) or self._leads_to_repeat(phrase, finished):
                return None
        if not comma:
            return SpanState(finished, phrase, spaced)
        if not self._may_go_on(finished, phrase):
            return None
        return self.read(SpanState(finished | {phrase}, b"", True), rest)

    def allowed_tokens(self, state: SpanState, root: TrieNode) -> TokenIds:
        """Return the same tokens as the general walk, put together from parts that states share."""
        finished, phrase, spaced = state
        if not phrase:
            return self._opening_tokens(root, spaced, finished)
        repeatable = frozenset(other for other in finished if other.startswith(phrase))
        citing: set[int] = set()
        commas: dict[bytes, TrieNode] = {}
        for start in self._begun_at(phrase):
            limit, path = self._limits[start], self._path_from(root, start + len(phrase))
            for place, token_ids in path.tokens:
                if place <= limit and not self._leads_to_repeat(self._source[start:place], repeatable):
                    citing.update(token_ids)
            for place, node in path.commas:
                if place <= limit:
                    commas[self._source[start:place]] = node
        parts = [np.fromiter(citing, np.int64, len(citing))]
        parts += [self._tokens_behind(whole, node, finished) for whole, node in commas.items()]
        return np.concatenate(parts) if len(parts) > 1 else parts[0]

    def _begun_at(self, phrase: bytes) -> list[int]:
        """Return the places of the source where `phrase` may have begun."""
        found = self._places.get(phrase)
        if found is None:
            source, limits, length = self._source, self._limits, len(phrase)
            begun = self._places.get(phrase[:1], [])
            found = [start for start in begun if start + length <= limits[start] and source.startswith(phrase, start)]
            self._places[phrase] = found
        return found

    def _is_new_phrase(self, finished: frozenset[bytes], phrase: bytes) -> bool:
        if not phrase or phrase in finished:
            return False
        return any(start + len(phrase) in self._is_end for start in self._begun_at(phrase))

    def _may_go_on(self, finished: frozenset[bytes], phrase: bytes) -> bool:
        return len(finished) + 1 < self._max_phrases and self._is_new_phrase(finished, phrase)

    def _leads_to_repeat(self, beginning: bytes, finished: frozenset[bytes]) -> bool:
        """Whether every phrase with this beginning is finished already."""
        if not finished:
            return False
        written = sum([phrase.startswith(beginning) for phrase in finished])
        return written > 0 and self._count_phrases(beginning) == written

    def _count_phrases(self, beginning: bytes) -> int:
        """Count the different phrases with this beginning, no further than to the most that can be written."""
        count = self._counts.get(beginning)
        if count is None:
            found: set[bytes] = set()
            for start in self._begun_at(beginning):
                first = bisect_right(self._ends, start + max(len(beginning), 1) - 1)
                found.update(
                    self._source[start:end] for end in self._ends[first : bisect_right(self._ends, self._limits[start])]
                )
                if len(found) >= self._enough:
                    break
            count = self._counts[beginning] = min(len(found), self._enough)
        return count

    def _path_from(self, root: TrieNode, place: int) -> _Path:
        if place not in self._paths:
            self._paths[place] = self._walk(root, place)
        return self._paths[place]

    def _walk(self, node: TrieNode, place: int) -> _Path:
        """Walk the trie from `node` along the source from `place` on."""
        path, first = _Path([], []), place
        while True:
            children = node.children
            if place > first and node.token_ids:
                path.tokens.append((place, node.token_ids))
            if self._many and place in self._is_end and COMMA in children:
                path.commas.append((place, children[COMMA]))
            if place == len(self._source) or self._source[place] not in children:
                return path
            node = children[self._source[place]]
            place += 1

    def _tokens_behind(self, phrase: bytes, node: TrieNode, finished: frozenset[bytes]) -> TokenIds:
        """Return the tokens below `node`, which lies behind the comma that ends `phrase`."""
        if not self._may_go_on(finished, phrase):
            return np.empty(0, np.int64)
        return self._opening_tokens(node, True, finished | {phrase})

    def _opening_tokens(self, node: TrieNode, spaced: bool, finished: frozenset[bytes]) -> TokenIds:
        """Return the tokens below `node` that may stand where a phrase begins."""
        opening = self._opening(node, spaced)
        found = opening.token_ids
        repeats: list[int] = []
        for phrase in finished:
            for length in range(1, min(len(phrase), opening.longest) + 1):
                token_ids = opening.by_beginning.get(phrase[:length])
                if token_ids and self._leads_to_repeat(phrase[:length], finished):
                    repeats += token_ids
        if repeats:
            found = np.setdiff1d(found, repeats)
        if opening.commas:
            behind = [self._tokens_behind(phrase, after, finished) for phrase, after in opening.commas.items()]
            found = np.concatenate([found, *behind])
        return found

    def _opening(self, node: TrieNode, spaced: bool) -> _Opening:
        key = (id(node), spaced)
        if key not in self._openings:
            self._openings[key] = self._spaced_opening(node) if spaced else self._unspaced_opening(node)
        return self._openings[key]

    def _unspaced_opening(self, node: TrieNode) -> _Opening:
        tokens = {b"": node.token_ids} if node.token_ids else {}
        commas: dict[bytes, TrieNode] = {}
        for start, limit in self._limits.items():
            if self._source[start] in node.children:
                path = self._walk(node, start)
                for place, token_ids in path.tokens:
                    if place <= limit:
                        tokens[self._source[start:place]] = token_ids
                for place, after in path.commas:
                    if start < place <= limit:
                        commas[self._source[start:place]] = after
        return _make_opening(tokens, commas)

    def _spaced_opening(self, node: TrieNode) -> _Opening:
        at_once = self._opening(node, False)
        if SPACE not in node.children:
            return at_once
        behind_space = self._opening(node.children[SPACE], False)
        tokens = at_once.by_beginning | {
            beginning: at_once.by_beginning.get(beginning, []) + token_ids
            for beginning, token_ids in behind_space.by_beginning.items()
        }
        return _make_opening(tokens, at_once.commas | behind_space.commas)


def _make_opening(tokens: dict[bytes, list[int]], commas: dict[bytes, TrieNode]) -> _Opening:
    token_ids = np.array(list(chain.from_iterable(tokens.values())), np.int64)
    return _Opening(token_ids, tokens, max(map(len, tokens), default=0), commas)


def _lines_of_words(source: str, breaks: bytes) -> list[list[tuple[int, int]]]:
    """Return the bytes' [start, end) of the words that hold no break, in one list from one break to the next."""
    bytes_before = range(len(source) + 1) if source.isascii() else [0, *accumulate(len(c.encode()) for c in source)]
    broken_at = [match.start() for match in re.finditer(b"[" + re.escape(breaks) + b"]", source.encode())]
    lines: dict[int, list[tuple[int, int]]] = {}
    for first, last in word_spans(source):
        start, end = bytes_before[first], bytes_before[last]
        line = bisect_right(broken_at, start)
        if bisect_right(broken_at, end - 1) == line:
            lines.setdefault(line, []).append((start, end))
    return list(lines.values())
