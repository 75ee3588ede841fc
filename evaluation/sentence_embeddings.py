"""Sentence encoders that score prose by meaning; loaded from a local folder, and only when a task needs them.

The competition names two public models. The project fetches neither at run time: the English one is unpacked by the
Makefile, the multilingual one is put into its folder by those who have it. Encoding runs on the CPU, because on the
competition's hardware the language model fills the GPUs.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from submission.errors import ShopBenchError
from submission.model_folder import check_safetensors, read_json_value
from submission.places import ROOT
from submission.settings import VARIABLES, Settings

_WEIGHTS = ROOT / "weights"
_JSON_FILES = ("modules.json", "config.json", "tokenizer.json", "1_Pooling/config.json")
_WEIGHT_FILE = "model.safetensors"


class MissingWeightsError(ShopBenchError):
    """The folder of a sentence encoder is not there: tasks scored with it cannot be scored."""


@dataclass(frozen=True)
class SentenceEncoder:
    """One sentence-transformers model: its name on the hub, and the field of `Settings` that overrides its folder."""

    name: str
    setting: str

    @property
    def folder(self) -> Path:
        """Where its files are expected."""
        return getattr(Settings.from_environment(), self.setting) or _WEIGHTS / self.name

    def check_weights(self) -> None:
        """Raise `MissingWeightsError` unless the folder holds the files of a sentence-transformers model in safetensors.

        A file that is there and is not what it should be (a Git LFS pointer, cut short) is a `ShopBenchError`.
        """
        for needed in (*_JSON_FILES, _WEIGHT_FILE):
            if not (self.folder / needed).is_file():
                raise MissingWeightsError(
                    f"{self.folder / needed} is missing: put the files of sentence-transformers/{self.name} into "
                    f"that folder, or set {VARIABLES[self.setting].name} to the folder that holds them"
                )
        for name in _JSON_FILES:
            read_json_value(self.folder / name)
        check_safetensors(self.folder / _WEIGHT_FILE)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Return unit vectors for `texts` as an array of shape (number of texts, dimensions), float64."""
        self.check_weights()
        vectors = _load(str(self.folder)).encode(list(texts), batch_size=64, show_progress_bar=False)
        vectors = np.asarray(vectors, dtype=np.float64)
        if not np.isfinite(vectors).all():
            raise ShopBenchError(
                f"{self.folder} encodes texts as numbers that are not finite: copy or download it again"
            )
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def similarities(self, texts: Sequence[str], references: Sequence[str | Sequence[str]]) -> list[float]:
        """Return each text's cosine to its reference (the mean over them, where there are several), at least 0."""
        groups = [[group] if isinstance(group, str) else list(group) for group in references]
        distinct = list(dict.fromkeys([*texts, *(reference for group in groups for reference in group)]))
        vector_of = dict(zip(distinct, self.encode(distinct), strict=True)) if distinct else {}
        return [
            max(0.0, float(np.mean([vector_of[text] @ vector_of[reference] for reference in group])))
            for text, group in zip(texts, groups, strict=True)
        ]


@cache
def _load(folder: str) -> Any:
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    # Imported here: it takes seconds, and most runs that stop early or score no prose never need it.
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()
    return SentenceTransformer(
        folder, device="cpu", local_files_only=True, trust_remote_code=False, model_kwargs={"use_safetensors": True}
    )


ENGLISH = SentenceEncoder("all-MiniLM-L6-v2", "minilm")
MULTILINGUAL = SentenceEncoder("paraphrase-multilingual-MiniLM-L12-v2", "multilingual_minilm")
