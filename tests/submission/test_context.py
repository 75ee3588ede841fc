import json
from pathlib import Path
from typing import Any

import pytest

from submission.context import context_length, fit_context
from submission.errors import ShopBenchError
from submission.profiles import CPU


def model(folder: Path, tokenizer: dict[str, Any] | None = None, **config: Any) -> Path:
    (folder / "config.json").write_text(json.dumps(config))
    if tokenizer is not None:
        (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    return folder


@pytest.mark.parametrize(
    ("config", "tokenizer", "length"),
    [
        ({"model_type": "llama", "max_position_embeddings": 2048}, None, 2048),
        ({"model_type": "llama"}, None, 2048),  # what transformers takes where a Llama does not say
        ({"model_type": "gpt2", "n_positions": 1024}, {}, 1024),
        ({"model_type": "gpt2"}, {"model_max_length": 512}, 512),
        ({"model_type": "qwen2", "max_position_embeddings": 32768}, {"model_max_length": 1e30}, 32768),
        ({"model_type": "qwen2", "max_position_embeddings": 32768}, {"model_max_length": 2048}, 2048),
        (
            {
                "model_type": "llama",
                "max_position_embeddings": 2048,
                "rope_scaling": {"rope_type": "linear", "factor": 4.0},
            },
            None,
            8192,
        ),
        (
            {
                "model_type": "qwen2",
                "max_position_embeddings": 32768,
                "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 8192},
            },
            None,
            32768,
        ),
        ({"model_type": "nobody-knows", "max_seq_len": 2048, "seq_length": 1024}, None, 1024),
        ({"model_type": "nobody-knows", "text_config": {"max_position_embeddings": 512}}, None, 512),
        ({"model_type": "nobody-knows"}, None, float("inf")),
    ],
)
def test_the_context_is_the_one_that_the_config_means(
    tmp_path: Path, config: dict[str, Any], tokenizer: dict[str, Any] | None, length: float
) -> None:
    assert context_length(model(tmp_path, tokenizer, **config)) == length


def test_the_smaller_of_model_and_profile_holds_and_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    fitted = fit_context(CPU, model(tmp_path, model_type="llama", max_position_embeddings=2048))
    assert fitted.max_model_len == 2048 and fitted.engine == CPU.engine
    assert [record.message for record in caplog.records] == [
        "the model reads 2,048 tokens where the profile 'cpu' has 4,096: longer questions are cut"
    ]
    caplog.clear()
    assert fit_context(CPU, model(tmp_path, model_type="llama", max_position_embeddings=8192)) is CPU
    assert fit_context(CPU, model(tmp_path, model_type="llama", max_position_embeddings=4096)) is CPU
    assert not caplog.records


def test_a_context_without_room_for_a_question_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ShopBenchError, match="reads 64 tokens: a question takes 256 at least"):
        fit_context(CPU, model(tmp_path, model_type="gpt2", n_positions=64))
