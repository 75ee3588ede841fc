"""Tiny models with SmolLM2's tokenizer, random LoRA adapters on them, and questions to train them with."""

import json
import random
import shutil
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, LlamaConfig, PreTrainedModel

from evaluation.dataset import Sample, sample_of
from tests.training.tiny_models import SMOLLM2


def build_llama(output: Path, *, shard: str = "5GB", seed: int = 0, dtype: str = "bfloat16", layers: int = 2) -> Path:
    """Write a Llama with random weights, tied embeddings and SmolLM2's tokenizer."""
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=49152,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=4096,
        rope_parameters={"rope_type": "default", "rope_theta": 100_000.0},
        tie_word_embeddings=True,
        bos_token_id=1,
        eos_token_id=2,
        pad_token_id=2,
        dtype=dtype,
    )
    AutoModelForCausalLM.from_config(config, dtype=getattr(torch, dtype)).save_pretrained(output, max_shard_size=shard)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
        shutil.copyfile(SMOLLM2 / name, output / name)
    return output


def build_adapter(base: Path, output: Path, *, seed: int = 0, **settings: Any) -> Path:
    """Write a LoRA adapter for `base` with random factors, so that its update is not zero."""
    settings = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear", **settings}
    model = get_peft_model(load(base), LoraConfig(task_type="CAUSAL_LM", **settings))
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data = torch.randn(parameter.shape, generator=generator) * 0.1
    model.save_pretrained(output)
    return output


def load(folder: Path, dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    """Load a checkpoint with transformers."""
    return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)


def logits_of(model: torch.nn.Module) -> torch.Tensor:
    """Return the logits [12, vocabulary] of a fixed random text."""
    ids = torch.randint(3, 40_000, (1, 12), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        return model(input_ids=ids).logits[0].float()


_NOUNS = ["lamp", "kettle", "tent", "glove", "mug", "chair", "cable", "helmet", "scarf", "drill"]
_COLOURS = ["black", "white", "red", "green", "blue", "brown", "grey", "orange", "pink", "silver"]


def questions(task: str, count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Return `count` different questions of task `choice`, `retrieval`, `entities` or `explanation`."""
    generator = random.Random(f"{task} {seed}")
    rows = []
    for number in range(count):
        noun, colour = generator.choice(_NOUNS), generator.choice(_COLOURS)
        title = f"{colour.title()} {noun} no. {number} for camping"
        if task == "choice":
            options = generator.sample(_COLOURS, 4)
            truth: Any = generator.randrange(4)
            options[truth] = colour
            listed = "\n".join(f"{index}. {option}" for index, option in enumerate(options))
            text = f"Which colour has the product '{title}'?\n{listed}\nAnswer: "
            kind, metric = "multiple-choice", "accuracy"
        elif task == "retrieval":
            items = generator.sample(_NOUNS, 10)
            truth = sorted(generator.sample(range(1, 11), 3))
            listed = "\n".join(f"{index}. {item}" for index, item in enumerate(items, start=1))
            text = (
                f"A user bought '{title}'. Select 3 products from the list that go with it. Output only three numbers, "
            )
            text += f"separated by commas.\nProduct List:\n{listed}\nOutput: "
            kind, metric = "retrieval", "hit rate@3"
        elif task == "entities":
            text = f"Extract the phrases that correspond to the entity type 'colour' from the query.\nQuery: {title}\nOutput: "
            truth, kind, metric = [colour.title()], "named_entity_recognition", "micro f1"
        else:
            text = f"Explain the product type {colour} {noun} {number}"
            truth, kind, metric = f"A {noun} that is {colour}.", "generation", "sent-transformer"
        rows.append(
            {"input_field": text, "output_field": truth, "task_type": kind, "metric": metric, "task_name": task}
        )
    return rows


def samples(task: str, count: int, seed: int = 0) -> list[Sample]:
    """Return what `questions` returns, as it is read."""
    return [sample_of(row) for row in questions(task, count, seed)]


def write_questions(target: Path, rows: list[dict[str, Any]]) -> Path:
    """Write questions as JSONL."""
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return target
