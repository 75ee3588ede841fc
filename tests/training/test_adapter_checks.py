"""All adapters of a recipe are known to work before the first of them is trained."""

from pathlib import Path

import pytest

from submission.errors import ShopBenchError
from tests.training.test_sft import recipe_file, recipe_in  # noqa: F401  a fixture
from tests.training.tiny_models import needs_smollm2
from training.fine_tuning import supervised as sft

pytestmark = needs_smollm2

SECOND = ("adapters.second.trained_on=some", "adapters.second.weight=1")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("adapters.second.tasks=[choise]", r"second: .*train\.jsonl has no questions of task 'choise': did you mean choice\?"),
        ("adapters.second.sft.max_tokens=8", r"second: .*train\.jsonl holds no question .*of 36 none fits into sft\.max_tokens=8"),
        ("adapters.second.sft.max_tokens=5000", r"second: sft\.max_tokens is 5,000, but .*base reads 4,096"),
        ("adapters.second.sft.lora.target_modules=[q_pro]", r"second: .*no module 'q_pro': did you mean q_proj\?"),
        ("adapters.second.sft.lora.target_modules=.*_prox", r"second: .*'\.\*_prox', all of its name: names end in down_proj"),
        ("adapters.second.sft.lora.target_modules=q_proj", r"second: .*'q_proj', all of its name: .* a list of which will do"),
        ("adapters.second.sft.lora.target_modules='('", r"second: .*'\(' is no regular expression: "),
        ("adapters.second.sft.lr_scheduler=cosin", r"second: sft\.lr_scheduler=cosin is unknown: did you mean cosine\?"),
        ("adapters.second.sft.attention=flash_attention_2", r"second: sft\.attention=flash_attention_2 does not work here"),
        ("adapters.second.emphasis={choise: 2}", r"second: emphasis: .* no questions of task 'choise': did you mean choice\?"),
        ("adapters.second.share=0.001", r"second: share and emphasis leave no question to train on"),
        ("adapters.second.sft.four_bit=true", r"second: sft\.four_bit needs "),
    ],
)  # fmt: skip
def test_the_second_adapters_fault_is_named_before_the_first_is_trained(
    tmp_path: Path,
    recipe_file: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    override: str,
    message: str,
) -> None:
    monkeypatch.setattr(sft, "load_model", lambda *_: pytest.fail("the first adapter's model was loaded"))
    monkeypatch.setattr(sft.torch.cuda, "is_available", lambda: False)
    with pytest.raises(ShopBenchError, match=message):
        sft.train_adapter(recipe_in(tmp_path, recipe_file, *SECOND, override), "all")
    assert not list(tmp_path.rglob("checkpoint-*"))


@pytest.mark.parametrize("targets", ["[q_proj, v_proj]", ".*_proj", "[self_attn.q_proj]", "all-linear"])
def test_what_peft_takes_is_taken(tmp_path: Path, recipe_file: Path, targets: str) -> None:  # noqa: F811
    overrides = [*SECOND, f"adapters.second.sft.lora.target_modules={targets}"]
    trainer = sft.build_trainer(recipe_in(tmp_path, recipe_file, *overrides), "second", tmp_path)
    adapted = [name for name, _ in trainer.model.named_parameters() if "lora_A" in name]
    assert any("q_proj" in name for name in adapted)
