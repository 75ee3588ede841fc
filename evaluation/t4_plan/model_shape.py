"""What a model weighs and computes, from its `config.json`: parameters, bytes, FLOPs per token, KV cache per token.

Only the shape is needed. So the two configurations beside this file hold the public figures of the plan's two models.
Any model folder's own `config.json` serves as well.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from submission.errors import ShopBenchError
from submission.quantisation import quantisation_of

_FP16_BYTES = 2


@dataclass(frozen=True)
class ModelShape:
    """The sizes of a decoder-only transformer with gated MLPs; `bits` and `group_size` are those of its weights."""

    name: str
    hidden: int
    intermediate: int
    layers: int
    heads: int
    kv_heads: int
    head_size: int
    vocabulary: int
    tied_embeddings: bool
    bits: int = 16
    group_size: int = 0

    @property
    def layer_parameters(self) -> int:
        """Weights of all linear layers inside the transformer blocks (no embeddings, norms or biases)."""
        attention = 2 * self.hidden * self.heads * self.head_size + 2 * self.hidden * self.kv_heads * self.head_size
        return self.layers * (attention + 3 * self.hidden * self.intermediate)

    @property
    def head_parameters(self) -> int:
        """Weights of the output projection onto the vocabulary, kept in fp16."""
        return self.hidden * self.vocabulary

    @property
    def layer_bytes(self) -> float:
        """Bytes of the linear layers; quantised, each group adds an fp16 scale and a zero point of `bits` bits."""
        bits = float(self.bits)
        if self.group_size:
            bits += (16 + self.bits) / self.group_size
        return self.layer_parameters * bits / 8

    @property
    def weight_bytes(self) -> float:
        """Bytes of all weights: linear layers, and input and output embeddings in fp16."""
        embeddings = (1 if self.tied_embeddings else 2) * self.head_parameters * _FP16_BYTES
        return self.layer_bytes + embeddings

    @property
    def decode_bytes(self) -> float:
        """Bytes of weights that one decoding step reads: all but the input embeddings, of which it reads a few rows."""
        return self.layer_bytes + self.head_parameters * _FP16_BYTES

    @property
    def kv_bytes_per_token(self) -> int:
        """Bytes of fp16 keys and values that one token of context takes over all layers."""
        return 2 * self.layers * self.kv_heads * self.head_size * _FP16_BYTES

    @property
    def all_reduce_bytes_per_token(self) -> int:
        """Bytes of one hidden state (fp16), summed over the cards twice a layer: after attention and after the MLP."""
        return 2 * self.layers * self.hidden * _FP16_BYTES

    @property
    def all_reduces_per_step(self) -> int:
        """How many all-reduces one pass through the layers makes."""
        return 2 * self.layers

    def linear_flops(self, tokens: float) -> float:
        """FLOPs of the linear layers for `tokens`: 2 a weight."""
        return 2.0 * self.layer_parameters * tokens

    def attention_flops(self, tokens: float, context: float) -> float:
        """FLOPs of attention for `tokens` that attend to `context` tokens each: 4 × heads × head size a pair and layer."""
        return 4.0 * self.layers * self.heads * self.head_size * tokens * context


def read_model_shape(path: Path) -> ModelShape:
    """Read a `config.json` (or the model folder that holds it) of a Llama- or Qwen2-like model."""
    path = path / "config.json" if path.is_dir() else path
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ShopBenchError(f"{path}: cannot be read as a model's config.json ({error})") from error
    quantisation = quantisation_of(config)
    try:
        return ModelShape(
            name=path.parent.name if path.name == "config.json" else path.stem,
            hidden=config["hidden_size"],
            intermediate=config["intermediate_size"],
            layers=config["num_hidden_layers"],
            heads=config["num_attention_heads"],
            kv_heads=config.get("num_key_value_heads", config["num_attention_heads"]),
            head_size=config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"],
            vocabulary=config["vocab_size"],
            tied_embeddings=bool(config.get("tie_word_embeddings", False)),
            bits=(quantisation.bits if quantisation else None) or 16,
            group_size=(quantisation.group_size if quantisation else None) or 0,
        )
    except KeyError as error:
        raise ShopBenchError(f"{path}: the key {error} is missing, and the plan needs it") from error
