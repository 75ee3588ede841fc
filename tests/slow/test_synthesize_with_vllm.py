"""The synthetic generators with real writers: the embedded model behind vLLM's server, and vLLM in this process."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from submission.processor import native_dtype
from tests.slow.vllm_server import serving
from training.data.synthetic.requests import Reply, WriterRequest, WriterSettings
from training.data.synthetic.synthesis import SynthesisRecipe, synthesize
from training.data.synthetic.writers import LocalEngine
from training.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "weights" / "SmolLM2-135M-Instruct"
RECIPE = ROOT / "training" / "recipes" / "synthesize_local.yaml"

pytestmark = pytest.mark.skipif(not MODEL.is_dir(), reason=f"{MODEL} is not there: make models brings it")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    log = tmp_path_factory.mktemp("served") / "log"
    with serving(MODEL, "embedded", log, "--max-model-len", "2048", "--dtype", native_dtype()) as url:
        yield f"{url}/v1"


def test_every_generator_runs_through_a_real_server(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    values = [f"output={tmp_path / 'out'}", f"cache={tmp_path / 'replies.sqlite'}", f"writer.base_url={server}"]
    values += ["writer.model=embedded"]
    values += [
        "generators.rephrase=8",
        "generators.label_products=24",
        "generators.write_instructions=8",
        "generators.esci_choice=8",
    ]
    report = synthesize(load_recipe(RECIPE, values, SynthesisRecipe))
    print((tmp_path / "out" / "report.md").read_text())
    assert [figures["answered"] for figures in report["generators"].values()] == [8, 24, 8, 8]
    assert report["spent"]["requests"] == 48
    # Structured outputs hold: what is no whole JSON was cut off by its budget.
    assert (
        sum(figures["reasons"].get("the reply is not whole JSON", 0) for figures in report["generators"].values()) < 24
    )
    assert report["generators"]["label_products"]["questions"] > 0


def test_the_engine_in_this_process_keeps_to_a_schema() -> None:
    shape = json.dumps({"type": "object", "properties": {"size": {"enum": ["small", "large"]}}, "required": ["size"]})
    requests = [
        WriterRequest((("user", f"How large is a {thing}?"),), shape, 60, seed)
        for seed, thing in enumerate(("pin", "ship"))
    ]
    replies: dict[WriterRequest, Reply] = {}
    LocalEngine(WriterSettings(kind="engine", model=str(MODEL), temperature=0.0)).write(requests, replies.__setitem__)
    assert set(replies) == set(requests)
    assert all(json.loads(reply.text)["size"] in {"small", "large"} and reply.tokens > 10 for reply in replies.values())
