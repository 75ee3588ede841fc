"""Turns chat messages into the token ids that the model reads, through its own chat template.

Two things are not what `apply_chat_template` does by itself: special tokens written inside a question stay text, so no
question can end its own turn; and a question too long for the context is shortened (`shortening`).
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from submission.errors import ShopBenchError
from submission.half_surrogates import replace_half_surrogates
from submission.shortening import shorten

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

logger = logging.getLogger(__name__)

_MARK = "\ue000{}\ue001"  # private-use characters: no template and no tokenizer gives them a meaning


class ChatEncoder:
    """A tokenizer with its chat template."""

    def __init__(self, model_dir: Path) -> None:
        # Imported here: it takes seconds, in which a wrong setting could have been named.
        from transformers import AutoTokenizer

        self.tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            model_dir, local_files_only=True, trust_remote_code=False
        )
        if not self.tokenizer.chat_template:
            raise ShopBenchError(
                f"the tokenizer in {model_dir} has no chat template: add chat_template.jinja to the folder"
            )

    def encode(self, messages: list[dict[str, str]]) -> list[int]:
        """Return the token ids of `messages` up to where the assistant's answer begins."""
        marked = [{**message, "content": _MARK.format(i)} for i, message in enumerate(messages)]
        rendered = str(self.tokenizer.apply_chat_template(marked, tokenize=False, add_generation_prompt=True))
        ids: list[int] = []
        rest = rendered
        for i, message in enumerate(messages):
            before, mark, rest = rest.partition(_MARK.format(i))
            if not mark:
                raise ShopBenchError(f"the chat template leaves out the {message['role']} message")
            ids += self._ids(before, split_special_tokens=False)
            ids += self._ids(message["content"], split_special_tokens=True)
        return ids + self._ids(rest, split_special_tokens=False)

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids, the template's own tokens included."""
        return str(self.tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))

    def _ids(self, text: str, *, split_special_tokens: bool) -> list[int]:
        text = replace_half_surrogates(text, "?")
        return self.tokenizer(text, add_special_tokens=False, split_special_tokens=split_special_tokens)["input_ids"]

    def encode_within(self, messages: list[dict[str, str]], limit: int) -> list[int]:
        """Return the token ids of `messages`, the last one shortened until they are at most `limit` tokens."""
        ids = self.encode(messages)
        if len(ids) <= limit:
            return ids
        *before, last = messages
        text, full_length = last["content"], len(ids)
        target = len(text)
        while len(ids) > limit:
            # Aim a little lower each time: tokens are not spread evenly over characters.
            target = int(min(target * 0.9, target * limit / len(ids) * 0.97))
            if target < 1:
                raise ShopBenchError(f"a context of {limit} tokens has no room for the system prompt")
            ids = self.encode([*before, {**last, "content": shorten(text, target)}])
        logger.warning("a prompt of %d tokens was cut in its longest texts to %d", full_length, len(ids))
        return ids
