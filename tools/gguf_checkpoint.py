"""Unpacks a GGUF file to a bfloat16 checkpoint in safetensors, with its tokenizer and its chat template."""

from pathlib import Path


def write_checkpoint(gguf: Path, target: Path) -> None:
    """Write the model in `gguf` into the folder `target`; weights in fewer bits become the bfloat16 nearest to them."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    model = AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, quantization_config=GgufConfig(dequantize=True), dtype=torch.bfloat16
    )
    model.save_pretrained(target)
    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(target)
    for file in target.iterdir():
        # Transformers leaves the weights readable to their owner alone.
        file.chmod(0o644)
