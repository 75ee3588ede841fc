"""Runs AutoAWQ, in an environment of its own (.venv-awq): quantises the model that a JSON file names.

The one thing to know: this file must not import anything of this project, and nothing here is imported by it; the two
meet in that file and in the folder that is written. On a CPU AutoAWQ ruins models in silence, see `FaithfulQuantizer`.
"""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

# AutoAWQ turns its own notice of deprecation on; it is known, and its version is pinned.
warnings.showwarning = lambda *_, **__: None

import torch  # noqa: E402
from awq import AutoAWQForCausalLM  # noqa: E402
from awq.quantize.quantizer import AwqQuantizer  # noqa: E402


class FaithfulQuantizer(AwqQuantizer):
    """AutoAWQ's quantizer, with weights that are really restored after each trial of the scale search.

    The search keeps `{name: tensor.cpu()}` to restore from. On a GPU that is a copy; on a CPU it is the very tensor that
    the trial then scales in place, so the weights stay scaled. Here the state that is kept is a clone.
    """

    def _compute_best_scale(
        self,
        x: Any,
        w_mean: Any,
        x_mean: Any,
        module2inspect: Any,
        linears2scale: Any,
        fp16_output: Any,
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        live_state = module2inspect.state_dict
        module2inspect.state_dict = lambda: {name: tensor.clone() for name, tensor in live_state().items()}
        try:
            return super()._compute_best_scale(
                x, w_mean, x_mean, module2inspect, linears2scale, fp16_output, kwargs or {}
            )
        finally:
            del module2inspect.state_dict


class _NoTokenizer:
    """Stands where AutoAWQ wants a tokenizer; the calibration texts come as token ids."""


def quantise(job: dict) -> None:
    """Quantise `job["model"]` into `job["output"]`, layer by layer on the GPU if there is one."""
    torch.manual_seed(job["seed"])
    dtype = torch.float16 if torch.cuda.is_available() else torch.float32
    model = AutoAWQForCausalLM.from_pretrained(
        job["model"], torch_dtype=dtype, device_map="cpu", trust_remote_code=False, safetensors=True
    )
    model.quantize(
        _NoTokenizer(),
        quant_config={"zero_point": True, "q_group_size": job["group_size"], "w_bit": 4, "version": "GEMM"},
        calib_data=job["blocks"],
        max_calib_samples=len(job["blocks"]),
        max_calib_seq_len=len(job["blocks"][0]),
        n_parallel_calib_samples=job["parallel_blocks"],
        apply_clip=job["clip"],
        quantizer_cls=FaithfulQuantizer,
    )
    # What stays unquantised (embeddings, norms) is served in fp16: the cards of the competition have no bf16.
    model.model.to(torch.float16)
    model.save_quantized(job["output"])


def main() -> None:
    """Do the job that the JSON file named on the command line describes."""
    quantise(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
