"""Turns chat messages into the token ids that the model reads, through its own chat template.

The template is tried when it is loaded, so that one that cannot be used is named before anything else is. A system message
that it refuses, or leaves out, is put in front of the user's.

Two things are not what `apply_chat_template` does by itself: special tokens written inside a question stay text, so no
question can end its own turn; and a question too long for the context is shortened (`shortening`).

Byte-level tokenizers are given the template's pieces and the messages one by one. Others, and few of these, begin each
text that they are given with a space. So they get all of it in one, and special tokens inside a message are taken apart afterwards.
"""

import logging
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from submission.decoding.token_bytes import is_byte_level, writes_leading_space
from submission.errors import ShopBenchError, one_line
from submission.half_surrogates import replace_half_surrogates
from submission.shortening import shorten

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

logger = logging.getLogger(__name__)

# Templates of models that can think; others do not look at it.
_NO_THOUGHTS = {"enable_thinking": False, "thinking": False}

_MARK = "\ue000{}\ue001"  # private-use characters: no template and no tokenizer gives them a meaning


class ChatEncoder:
    """A tokenizer with its chat template."""

    def __init__(self, model_dir: Path) -> None:
        # Imported here: it takes seconds, in which a wrong setting could have been named.
        from transformers import AutoTokenizer

        try:
            self.tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
                model_dir, local_files_only=True, trust_remote_code=False
            )
        except Exception as error:
            raise ShopBenchError(f"the tokenizer in {model_dir} cannot be loaded: {one_line(error)}") from error
        templates = self.tokenizer.chat_template
        if not templates:
            raise ShopBenchError(
                f"the tokenizer in {model_dir} has no chat template: add chat_template.jinja to the folder"
            )
        if isinstance(templates, dict) and "default" not in templates:
            raise ShopBenchError(
                f"the tokenizer in {model_dir} has the chat templates {', '.join(map(repr, templates))} and none of them is "
                "called 'default': call the one that is meant so, or put it into chat_template.jinja"
            )
        self.system_refusal = ""
        self.system_refusal = self._refusal()
        """Why the system message is put in front of the user's; empty where the template takes it."""
        if self.system_refusal and (refusal := self._refusal()):
            raise ShopBenchError(f"the chat template in {model_dir} cannot be used: {refusal}")
        if self.system_refusal:
            logger.warning(
                "the chat template in %s takes no system message (%s): it is put in front of the user's",
                model_dir,
                self.system_refusal,
            )
        space = writes_leading_space(self.tokenizer)
        self._in_one = space or not is_byte_level(self.tokenizer)
        self._special_ids = {i for i, token in self.tokenizer.added_tokens_decoder.items() if token.special}
        self.answer_space = int(space)
        """How many tokens (0 or 1) an answer may take on top of its own, for the space that the tokenizer puts before it."""

    def _refusal(self) -> str:
        """Return why the template cannot be used for a system's and a user's message, empty where it can."""
        try:
            self._rendered([{"role": "system", "content": "Answer."}, {"role": "user", "content": "Which?"}])
        except Exception as error:  # templates are programs: they raise what they like
            return str(error) if isinstance(error, ShopBenchError) else one_line(error)
        return ""

    def _rendered(self, messages: list[dict[str, str]]) -> list[str]:
        """Return the template's pieces and the messages between them: every second text is a message's."""
        if self.system_refusal and len(messages) > 1 and messages[0]["role"] == "system":
            first, second, *others = messages
            messages = [{**second, "content": f"{first['content']}\n\n{second['content']}"}, *others]
        marked = [{**message, "content": _MARK.format(i)} for i, message in enumerate(messages)]
        rest = str(
            self.tokenizer.apply_chat_template(marked, tokenize=False, add_generation_prompt=True, **_NO_THOUGHTS)
        )
        texts = []
        for i, message in enumerate(messages):
            before, mark, rest = rest.partition(_MARK.format(i))
            if not mark:
                raise ShopBenchError(f"the chat template leaves out the {message['role']} message, or moves it")
            texts += [before, message["content"]]
        if _MARK[0] in rest:
            raise ShopBenchError("the chat template writes a message twice")
        return [*texts, rest]

    def encode(self, messages: list[dict[str, str]]) -> list[int]:
        """Return the token ids of `messages` up to where the assistant's answer begins."""
        texts = [replace_half_surrogates(text, "?") for text in self._rendered(messages)]
        if self._in_one:
            return self._encode_in_one(texts)
        return [
            token_id
            for i, text in enumerate(texts)
            for token_id in self.tokenizer(text, add_special_tokens=False, split_special_tokens=i % 2 == 1)["input_ids"]
        ]

    def _encode_in_one(self, texts: list[str]) -> list[int]:
        """Encode the template's pieces and the messages between them (every second text) as one text."""
        text, borders = "".join(texts), [0, *accumulate(map(len, texts))]
        encoding = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        ids: list[int] = []
        for token_id, (start, end) in zip(encoding["input_ids"], encoding["offset_mapping"], strict=True):
            is_in_message = bisect_right(borders, start) % 2 == 0
            ids += self._as_text(text[start:end]) if token_id in self._special_ids and is_in_message else [token_id]
        return ids

    def _as_text(self, special_token: str) -> list[int]:
        """Return the tokens that write a special token as text inside a line: behind a line break, which is left out."""
        encoding = self.tokenizer(
            f"\n{special_token}", add_special_tokens=False, split_special_tokens=True, return_offsets_mapping=True
        )
        places = zip(encoding["input_ids"], encoding["offset_mapping"], strict=True)
        return [token_id for token_id, (start, _) in places if start > 0]

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids, the template's own tokens included."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))

    def encode_within(self, messages: list[dict[str, str]], limit: int) -> list[int]:
        """Return the token ids of `messages`, the last one shortened until they are at most `limit` tokens."""
        ids, full_length = self.encode_cut(messages, limit)
        if len(ids) < full_length:
            logger.warning("a prompt of %d tokens was cut in its longest texts to %d", full_length, len(ids))
        return ids

    def encode_cut(self, messages: list[dict[str, str]], limit: int) -> tuple[list[int], int]:
        """Return what `encode_within` does, and how many token ids there would be uncut; nothing is logged."""
        ids = self.encode(messages)
        full_length = len(ids)
        if full_length <= limit:
            return ids, full_length
        *before, last = messages
        text = last["content"]
        target = len(text)
        while len(ids) > limit:
            # Aim a little lower each time: tokens are not spread evenly over characters.
            target = int(min(target * 0.9, target * limit / len(ids) * 0.97))
            if target < 1:
                raise ShopBenchError(f"a context of {limit} tokens has no room for the system prompt")
            ids = self.encode([*before, {**last, "content": shorten(text, target)}])
        return ids, full_length
