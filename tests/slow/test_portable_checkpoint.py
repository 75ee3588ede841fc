"""One merged checkpoint, three readers: transformers 5, transformers 4.51 and vLLM give the same numbers.

Needs `.venv-awq` (transformers 4.51) and `weights/`; each reader runs in a process of its own.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from submission.model_folder import ROOT
from tests.training.lora_fixtures import build_adapter, build_llama
from tests.training.tiny_models import build_qwen2, needs_smollm2
from training.checkpoints.merging import merge_adapter

OLD_PYTHON = ROOT / ".venv-awq" / "bin" / "python"
TEXT = "Which colour has 'größe 3,5 lamp'? <|im_end|>"

_TRANSFORMERS = """
import json, sys, torch
from transformers import AutoModelForCausalLM, AutoTokenizer
folder, text = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder, torch_dtype=torch.float32)
ids = tokenizer(text)["input_ids"]
with torch.no_grad():
    logits = model(torch.tensor([ids])).logits[0].double()
chat = tokenizer.apply_chat_template([{"role": "user", "content": text}], tokenize=False, add_generation_prompt=True)
print(json.dumps({
    "ids": ids, "chat": chat, "eos": tokenizer.eos_token_id, "generation_eos": model.generation_config.eos_token_id,
    "dtype": str(AutoModelForCausalLM.from_pretrained(folder, torch_dtype="auto").dtype),
    "logprobs": torch.log_softmax(logits, -1)[range(len(ids) - 1), ids[1:]].tolist(),
}))
"""

_VLLM = """
import json, os, sys
os.environ.update(VLLM_ENABLE_V1_MULTIPROCESSING="0", VLLM_CPU_KVCACHE_SPACE="1", VLLM_LOGGING_LEVEL="ERROR")
from vllm import LLM, SamplingParams
folder, ids = sys.argv[1], json.loads(sys.argv[2])
llm = LLM(folder, dtype="float32", enforce_eager=True, max_model_len=256)
output = llm.generate({"prompt_token_ids": ids}, SamplingParams(max_tokens=1, prompt_logprobs=0), use_tqdm=False)[0]
found = [step[token].logprob for step, token in zip(output.prompt_logprobs[1:], ids[1:])]
print("\\n" + json.dumps({"logprobs": found, "chat": llm.get_tokenizer().chat_template}))
"""


def run(python: Path, script: str, *arguments: str) -> dict:
    finished = subprocess.run([python, "-c", script, *arguments], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr[-2000:]
    return json.loads(finished.stdout.splitlines()[-1])


@needs_smollm2
@pytest.mark.skipif(not OLD_PYTHON.is_file(), reason=".venv-awq is not there: run `make awq-env`")
@pytest.mark.parametrize("kind", ["llama", "qwen2"])
def test_three_readers_agree(tmp_path: Path, kind: str) -> None:
    build = build_llama if kind == "llama" else build_qwen2
    base = build(tmp_path / "base")
    merge_adapter(base, build_adapter(base, tmp_path / "adapter"), tmp_path / "merged")
    new = run(Path(sys.executable), _TRANSFORMERS, str(tmp_path / "merged"), TEXT)
    old = run(OLD_PYTHON, _TRANSFORMERS, str(tmp_path / "merged"), TEXT)
    for key in ("ids", "chat", "eos", "generation_eos", "dtype"):
        assert old[key] == new[key], key
    torch.testing.assert_close(torch.tensor(old["logprobs"]), torch.tensor(new["logprobs"]), rtol=0, atol=1e-3)
    served = run(Path(sys.executable), _VLLM, str(tmp_path / "merged"), json.dumps(new["ids"]))
    torch.testing.assert_close(torch.tensor(served["logprobs"]), torch.tensor(new["logprobs"]), rtol=0, atol=5e-3)
