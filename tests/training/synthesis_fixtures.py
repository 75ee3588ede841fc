"""The synthesis recipe of the fixtures with a server of the tests behind it, and a writer that does as it is told."""

import json
from pathlib import Path
from typing import Any

from training.data.synthetic.synthesis import SynthesisRecipe
from training.recipe import load_recipe

ROOT = Path(__file__).parent.parent.parent
RECIPE = ROOT / "training" / "recipes" / "synthesize_local.yaml"


def good_writer(messages: list[dict[str, str]], schema: dict[str, Any] | None) -> str:
    """Write what a capable model would: well-formed replies that keep to what was asked."""
    assert schema is not None
    asked = messages[-1]["content"]
    if "instruction" in schema["properties"]:
        instruction = asked.removeprefix("Instruction: ")
        return json.dumps(
            {"instruction": f"As an expert in online shopping, please help with the following task. {instruction}"}
        )
    if "wordings" in schema["properties"]:
        instruction = asked.split("\n", 1)[1]
        return json.dumps({"wordings": [f"Here is a new task for a careful shop assistant like you. {instruction}"]})
    if "sentence" in schema["properties"]:
        return json.dumps(
            {"sentence": f"Hello, I need to find the following for my family: {asked.removeprefix('Search: ')}"}
        )
    title = asked.split("\n")[0].removeprefix("Title: ")
    words = title.split(",")[0].split()
    return json.dumps(
        {
            "product_type": f"nice {words[-1]}",
            "categories": [" ".join(words[-2:]).title()],
            "attributes": [{"name": "Brand", "value": words[0]}, {"name": "Color", "value": "Ultraviolet"}],
        }
    )


def recipe(folder: Path, url: str, *overrides: str) -> SynthesisRecipe:
    seeds = ["rephrase=12", "label_products=16", "write_instructions=8", "esci_choice=8"]
    values = [
        f"output={folder / 'out'}",
        f"cache={folder / 'replies.sqlite'}",
        "writer.model=good",
        f"writer.base_url={url}",
    ]
    return load_recipe(RECIPE, [*values, *(f"generators.{seed}" for seed in seeds), *overrides], SynthesisRecipe)


def only(generator: str, count: int) -> list[str]:
    """Return the overrides that leave one generator."""
    names = ["rephrase", "label_products", "write_instructions", "esci_choice", generator]
    return [f"generators.{name}={count if name == generator else 0}" for name in names]
