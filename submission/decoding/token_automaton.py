"""One answer form over one vocabulary: which tokens may come next, and where each of them leads.

The states make a graph that grows as answers are written and is shared by all requests with the same form: a state
that was seen before costs one look-up, the first visit a walk of the automaton. What the answer's form forbids is
never reached; where a form only favours its tokens, a text that leaves it is lost until its next comma.
"""

from typing import Any

import numpy as np

from submission.answer_formats import AnswerFormat, FreeText, Spans
from submission.decoding.automaton import COMMA, SPACE, Automaton, NumberAutomaton, TokenIds
from submission.decoding.spans import SpanAutomaton, SpanState
from submission.decoding.vocabulary import Vocabulary


class TokenState:
    """A state of the answer: the tokens that may come next, those that end it among them where it is whole."""

    __slots__ = ("following", "state", "token_ids")

    def __init__(self, state: Any, token_ids: TokenIds) -> None:
        self.state = state
        """The byte automaton's state; None where the answer is over, or lost."""
        self.token_ids = token_ids
        """[tokens], int64, without repeats and never empty."""
        self.following: dict[int, TokenState] = {}


class TokenAutomaton:
    """An answer form over a vocabulary.

    Args:
        form: Any form but free text, which nothing constrains.
        vocabulary: The tokenizer's tokens.
        end_ids: The tokens that end the request, at least one; none of them is a text token.

    Attributes:
        enforced: Whether other tokens than a state's may not come next, or are merely less welcome.
        start: The state of the empty answer. Where the tokenizer begins texts with a space that is not theirs, the answer's
            first token may do so too; that space is no part of the answer.
    """

    def __init__(self, form: AnswerFormat, vocabulary: Vocabulary, end_ids: tuple[int, ...]) -> None:
        if isinstance(form, FreeText):
            raise ValueError("free text is not constrained")
        self._automaton: Automaton = (
            SpanAutomaton(form, vocabulary) if isinstance(form, Spans) else NumberAutomaton(form)
        )
        self._vocabulary = vocabulary
        self._states: dict[Any, TokenState] = {}
        self._over = TokenState(None, np.array(end_ids, dtype=np.int64))
        self._lost = TokenState(None, np.array([*vocabulary.root.children[COMMA].token_ids, *end_ids], dtype=np.int64))
        self.enforced = form.enforced if isinstance(form, Spans) else True
        self._may_begin_with_space = vocabulary.leading_space and SPACE in vocabulary.root.children
        self.start = self._first_state(self._automaton.start)

    def advance(self, state: TokenState, token_id: int) -> TokenState:
        """Return the state after one more token, whether or not it was allowed."""
        after = state.following.get(token_id)
        if after is None:
            after = state.following[token_id] = self._advance(state, token_id)
        return after

    def _advance(self, state: TokenState, token_id: int) -> TokenState:
        text = self._vocabulary.tokens.get(token_id)
        if text is None or state is self._over:
            return self._over
        if state is self.start and self._may_begin_with_space:
            text = text.removeprefix(b" ")
        if state.state is not None and (reached := self._automaton.read(state.state, text)) is not None:
            return self._token_state(reached)
        if self.enforced:
            return self._over
        return self._token_state(SpanState(frozenset(), b"", True)) if text.rstrip(b" ").endswith(b",") else self._lost

    def _first_state(self, state: Any) -> TokenState:
        first = self._token_state(state)
        if not self._may_begin_with_space:
            return first
        behind_space = self._automaton.allowed_tokens(state, self._vocabulary.root.children[SPACE])
        return TokenState(state, np.concatenate([first.token_ids, behind_space]))

    def _token_state(self, state: Any) -> TokenState:
        found = self._states.get(state)
        if found is None:
            token_ids = self._automaton.allowed_tokens(state, self._vocabulary.root)
            if self._automaton.can_end(state) or not len(token_ids):
                token_ids = np.concatenate([token_ids, self._over.token_ids])
            found = self._states[state] = TokenState(state, token_ids)
        return found
