"""What 4-bit weights and int8 activations cost a model, simulated: Marlin's rounding, without a card.

    python -m benchmarks.int8_activations --model weights/SmolLM2-135M-Instruct

Weights are rounded to the nearest value in groups (no search for scales). Activations are rounded for each token as vLLM's
`_per_token_quant_int8` does: by 127 over the largest, half away from zero. Scales become whole numbers of 1/4,096 of the
layer's largest, as in `marlin_act_int8_process_scales`. Measured are the probability of known answers and the option that
the model finds most probable.
"""

import argparse
import math
import random
from collections.abc import Callable
from pathlib import Path

import torch
from tqdm import tqdm
from transformers import AutoModelForCausalLM

from submission.chat_encoder import ChatEncoder
from submission.places import SAMPLE_QUESTIONS
from training.awq.calibration import EncodedQuestion, encode_questions
from training.awq.quality import MAX_PROMPT
from training.command_line import run_command
from training.fine_tuning.examples import read_questions

_RESAMPLES = 2000


def rounded(weight: torch.Tensor, group: int, symmetric: bool, whole_scales: bool = False) -> torch.Tensor:
    """Return a weight, [outputs, inputs], rounded to 4 bits in groups of `group` inputs."""
    groups = weight.reshape(weight.shape[0], -1, group)
    if symmetric:
        scales = (groups.abs().amax(2, keepdim=True) / 7.5).clamp(min=1e-8)
        values = (groups / scales).round().clamp(-8, 7)
        if whole_scales:
            unit = scales.max() / 4096
            scales = (scales / unit).round() * unit
        return (values * scales).reshape(weight.shape)
    low, high = groups.amin(2, keepdim=True).clamp(max=0), groups.amax(2, keepdim=True).clamp(min=0)
    scales = ((high - low) / 15).clamp(min=1e-8)
    zeros = (-low / scales).round()
    return (((groups / scales).round() + zeros).clamp(0, 15) - zeros).mul(scales).reshape(weight.shape)


def in_int8(activations: torch.Tensor) -> torch.Tensor:
    """Return activations, [..., inputs], as int8 would hold them, each token with a scale of its own."""
    largest = activations.abs().amax(-1, keepdim=True).clamp(min=1e-10)
    scaled = activations * (127 / largest)
    return torch.trunc(scaled + 0.5 * scaled.sign()) * (largest / 127)


class _Rounding:
    """Rounds the inputs of the linear layers that it is registered with."""

    def __call__(self, module: torch.nn.Module, inputs: tuple[torch.Tensor]) -> tuple[torch.Tensor]:
        return (in_int8(inputs[0]),)


Measured = list[tuple[float, int, int | None]]
"""Of every question: the log-probability of its answer, its tokens, and the most probable option's token."""


def measure(model: torch.nn.Module, questions: list[EncodedQuestion], options: list[int], name: str) -> Measured:
    """Measure a model on the questions; `options` are the tokens of the digits."""
    found: Measured = []
    for question in tqdm(questions, desc=name, unit="question"):
        ids = torch.tensor([question.prompt + question.answer])
        with torch.inference_mode():
            logits = model(input_ids=ids).logits[0, len(question.prompt) - 1 : -1].float()
        chosen = logits.log_softmax(-1).gather(1, ids[0, len(question.prompt) :, None])
        option = max(options, key=lambda token: float(logits[0, token])) if question.answer[0] in options else None
        found.append((float(chosen.sum()), len(question.answer), option))
    return found


def perplexity(rows: Measured) -> float:
    """Return the perplexity of the answers."""
    return math.exp(-sum(row[0] for row in rows) / sum(row[1] for row in rows))


def ratio_interval(base: Measured, other: Measured) -> tuple[float, float]:
    """Return the 95 % interval of the ratio of perplexities, by resampling questions."""
    draw = random.Random(0)
    ratios = []
    for _ in range(_RESAMPLES):
        sample = [draw.randrange(len(base)) for _ in base]
        ratios.append(perplexity([other[i] for i in sample]) / perplexity([base[i] for i in sample]))
    ratios.sort()
    return ratios[int(0.025 * _RESAMPLES)], ratios[int(0.975 * _RESAMPLES)]


def kept_interval(base: Measured, other: Measured) -> tuple[int, int, float, float]:
    """Return how many choices are the same, of how many, and the 95 % interval of that share (Wilson)."""
    pairs = [(one[2], two[2]) for one, two in zip(base, other, strict=True) if one[2] is not None]
    total, same, z = len(pairs), sum(one == two for one, two in pairs), 1.96
    share = same / total
    middle, spread = share + z * z / (2 * total), z * math.sqrt(share * (1 - share) / total + z * z / (4 * total**2))
    return same, total, (middle - spread) / (1 + z * z / total), (middle + spread) / (1 + z * z / total)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.int8_activations", description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="model folder")
    parser.add_argument("--data", type=Path, default=SAMPLE_QUESTIONS, help="questions with answers")
    parser.add_argument("--group-size", type=int, default=64, help="weights that share a scale")
    parser.add_argument("--first", type=int, help="only so many of the questions")
    options = parser.parse_args(arguments)
    encoder = ChatEncoder(options.model)
    questions = [q for q in encode_questions(read_questions(options.data), encoder, MAX_PROMPT) if q.known]
    questions = questions[: options.first]
    digits = [encoder.tokenizer(str(digit), add_special_tokens=False)["input_ids"][-1] for digit in range(10)]
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32).eval()
    linears = {n: m for n, m in model.named_modules() if isinstance(m, torch.nn.Linear) and ".layers." in n}
    weights = {name: linear.weight.data for name, linear in linears.items()}

    def variant(
        round_weight: Callable[[torch.Tensor], torch.Tensor], int8: Callable[[str], bool], name: str
    ) -> Measured:
        hooks = []
        for layer, linear in linears.items():
            linear.weight.data = round_weight(weights[layer])
            if int8(layer):
                hooks.append(linear.register_forward_pre_hook(_Rounding()))
        found = measure(model, questions, digits, name)
        for hook in hooks:
            hook.remove()
        return found

    size = options.group_size
    asymmetric = lambda weight: rounded(weight, size, symmetric=False)  # noqa: E731
    symmetric = lambda weight: rounded(weight, size, symmetric=True)  # noqa: E731
    whole = lambda weight: rounded(weight, size, symmetric=True, whole_scales=True)  # noqa: E731
    base = variant(lambda weight: weight, lambda layer: False, "unquantised")
    rows = {
        "asymmetric 4 bits": variant(asymmetric, lambda layer: False, "asymmetric"),
        "symmetric 4 bits": variant(symmetric, lambda layer: False, "symmetric"),
        "symmetric 4 bits, int8 activations": variant(whole, lambda layer: True, "int8"),
        "the same, but down_proj": variant(whole, lambda layer: not layer.endswith("down_proj"), "int8 but down_proj"),
    }
    print(f"{len(questions)} questions, groups of {size}; unquantised perplexity {perplexity(base):.2f}\n")
    print("| model | perplexity | ratio to unquantised, 95 % | ratio to symmetric, 95 % | choices kept, 95 % |")
    print("| --- | --- | --- | --- | --- |")
    for name, found in rows.items():
        low, high = ratio_interval(base, found)
        less, more = ratio_interval(rows["symmetric 4 bits"], found)
        same, total, least, most = kept_interval(base, found)
        print(
            f"| {name} | {perplexity(found):.2f} | {perplexity(found) / perplexity(base):.3f} ({low:.3f} to {high:.3f}) "
            f"| {less:.3f} to {more:.3f} | {same} of {total} ({least:.0%} to {most:.0%}) |"
        )


if __name__ == "__main__":
    run_command(main)
