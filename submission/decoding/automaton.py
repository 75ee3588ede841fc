"""Answer forms as automata that read bytes: which texts are the beginning of an answer, and which are a whole one.

An automaton has immutable, hashable states and no dead ends: whatever it has read can still become a valid answer. So a
token may be written exactly if its bytes can be walked, wherever the tokenizer put its borders. All such tokens are
found by walking the vocabulary's trie and the automaton together. Here are that walk and the three number forms;
`spans.py` has the citing one. No vLLM, no torch.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from submission.answer_formats import Choice, Permutation, Selection
from submission.decoding.vocabulary import TrieNode

State = TypeVar("State")
TokenIds = npt.NDArray[np.int64]

COMMA, SPACE = b", "


class Automaton(ABC, Generic[State]):
    """What a form has to be for decoding; a state stands for all texts that can go on in the same ways."""

    start: State

    @abstractmethod
    def successors(self, state: State) -> Mapping[int, State]:
        """Return the state after each byte that may come next."""

    @abstractmethod
    def can_end(self, state: State) -> bool:
        """Whether what was read is a whole answer."""

    def step(self, state: State, byte: int) -> State | None:
        """Return the state after one more byte, None where no answer goes on so."""
        return self.successors(state).get(byte)

    def read(self, state: State, text: bytes) -> State | None:
        """Return the state after some more bytes, None where no answer goes on so."""
        reached: State | None = state
        for byte in text:
            if reached is None:
                return None
            reached = self.step(reached, byte)
        return reached

    def allowed_tokens(self, state: State, root: TrieNode) -> TokenIds:
        """Return every token of the trie that may come next: those whose bytes `read` accepts, and no other.

        The result is int64, [tokens], without repeats and in no order.
        """
        found: set[int] = set()
        pairs = [(root, state)]
        while pairs:
            node, state = pairs.pop()
            found.update(node.token_ids)
            successors, children = self.successors(state), node.children
            pairs.extend((children[byte], after) for byte, after in successors.items() if byte in children)
        return np.fromiter(found, np.int64, len(found))


class NumberState(NamedTuple):
    """The finished items, as bits in the order of the form's items, and the digits of the open one.

    In which order the items were chosen makes no difference to what may follow, so it is not kept.
    """

    taken: int
    digits: bytes


class NumberAutomaton(Automaton[NumberState]):
    """Different numbers out of a form's items, with commas between them and nothing else."""

    def __init__(self, form: Choice | Permutation | Selection) -> None:
        self.start = NumberState(0, b"")
        self._count = form.length
        self._bits = {str(item).encode(): 1 << index for index, item in enumerate(form.items)}
        self._successors: dict[NumberState, dict[int, NumberState]] = {}

    def successors(self, state: NumberState) -> Mapping[int, NumberState]:
        """Return the state after each byte: a digit on the way to an item left over, or a comma after an item."""
        if state not in self._successors:
            taken, digits = state
            length = len(digits)
            found = {
                item[length]: NumberState(taken, item[: length + 1])
                for item, bit in self._bits.items()
                if not taken & bit and len(item) > length and item.startswith(digits)
            }
            if self._ends_item(state) and not self.can_end(state):
                found[COMMA] = NumberState(taken | self._bits[digits], b"")
            self._successors[state] = found
        return self._successors[state]

    def can_end(self, state: NumberState) -> bool:
        """Whether the open digits are the last number that is asked for."""
        return self._ends_item(state) and state.taken.bit_count() == self._count - 1

    def _ends_item(self, state: NumberState) -> bool:
        bit = self._bits.get(state.digits, 0)
        return bool(bit) and not state.taken & bit
