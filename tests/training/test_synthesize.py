import http.server
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from submission.errors import ShopBenchError
from submission.model_folder import EMBEDDED_MODEL
from submission.questions import read_question
from submission.task_types import TaskType
from tests.training.synthesis_fixtures import RECIPE, ROOT, good_writer, only, recipe
from tests.training.tiny_models import needs_smollm2
from tests.training.writer_server import WriterServer
from training.data.building import build
from training.data.recipe import DataRecipe
from training.data.sources import open_source
from training.data.sources.records import Product
from training.data.synthetic import GENERATORS
from training.data.synthetic.checks import check_overlap, check_read_alike, one_line, read_back, similarity
from training.data.synthetic.dictation import ReplyCache
from training.data.synthetic.esci_choice import TASK as PRODUCT_FOR_NEED
from training.data.synthetic.instructions import WriteInstructions
from training.data.synthetic.items import Context, Rejected, WrittenQuestion, question_or_rejected
from training.data.synthetic.label_checks import checked_labels
from training.data.synthetic.rephrase import hide_quotations, split_question
from training.data.synthetic.replies import RejectedError, read_reply
from training.data.synthetic.requests import Reply, WriterRequest, WriterSettings
from training.data.synthetic.synthesis import SynthesisRecipe, open_context, report_text, synthesize
from training.data.synthetic.writers import LocalEngine
from training.data.tasks import TASKS, tasks_of
from training.data.tasks.task import Draft
from training.data.wanted import read_wordings
from training.recipe import load_recipe


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture
def server() -> Iterator[WriterServer]:
    running = WriterServer(good_writer)
    yield running
    running.close()


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_four_generators_make_questions_that_the_build_takes(server: WriterServer, tmp_path: Path) -> None:
    made = recipe(tmp_path, server.url)
    report = synthesize(made)
    questions = read(made.output / "questions.jsonl")
    assert Counter(row["generator"] for row in questions) == {
        name: figures["questions"] for name, figures in report["generators"].items()
    }
    assert set(made.generators) == {row["generator"] for row in questions}
    for row in questions:
        question = read_question(row["input_field"], row["is_multiple_choice"])
        assert question.task_type == row["task_type"]
    wordings = read_wordings(made.output / "wordings.jsonl")
    assert len(wordings) == 8
    data = load_recipe(ROOT / "training" / "recipes" / "data_fixtures.yaml", ["workers=1", "examples=400"], DataRecipe)
    sources = {"shopbench": {"files": [{"path": str(made.output / "questions.jsonl")}]}, "knowledge": None}
    update = {"output": tmp_path / "dataset", "sources": sources, "extra_wordings": made.output / "wordings.jsonl"}
    built = build(data.model_copy(update=update))
    assert built["tasks"]["product_for_need"]["kept"] == 8
    shard = next((tmp_path / "dataset" / "data").iterdir())
    shards = shard.read_text()
    assert "Here is a new task for a careful shop assistant" in shards


def test_answers_are_the_sources_own(server: WriterServer, tmp_path: Path) -> None:
    """The writer calls headphones "nice headphones"; a page that names its category keeps that."""
    made = recipe(tmp_path, server.url, *only("label_products", 20))
    synthesize(made)
    types = {
        re.search(r"'(.+)'|title: (.+)", row["input_field"]).group(0): row["input_field"].split("\n")[
            -5 + row["output_field"]
        ]
        for row in read(made.output / "questions.jsonl")
        if row["task_name"] == "product_type_from_title"
    }
    headphones = next(right for title, right in types.items() if "Harkwell Studio" in title)
    assert headphones.endswith("over-ear headphones")
    rejected = Counter(row["reason"] for row in read(made.output / "rejected.jsonl"))
    assert rejected["the value contradicts the source"] > 0  # "Ultraviolet" where the page names its color
    assert rejected["the value does not stand in the title"] > 0


def test_rephrased_questions_keep_body_and_answer(server: WriterServer, tmp_path: Path) -> None:
    made = recipe(tmp_path, server.url)
    synthesize(made)
    for row in read(made.output / "questions.jsonl"):
        if row["generator"] == "rephrase":
            assert row["input_field"].startswith("As an expert in online shopping")
            options = [line for line in row["input_field"].split("\n") if line[:2] in {"0.", "1.", "2.", "3."}]
            assert row["task_type"] != TaskType.MULTIPLE_CHOICE or 0 <= row["output_field"] < max(len(options), 6)


def test_structured_outputs_and_seeds_are_asked_for(server: WriterServer, tmp_path: Path) -> None:
    synthesize(recipe(tmp_path, server.url, *only("esci_choice", 4)))
    assert all(body["response_format"]["json_schema"]["strict"] for body in server.bodies)
    assert len({body["seed"] for body in server.bodies}) == 4


def test_full_servers_are_asked_again_and_replies_are_kept(tmp_path: Path) -> None:
    server = WriterServer(good_writer, failures=5)
    made = recipe(tmp_path, server.url, *only("esci_choice", 6))
    first = synthesize(made)
    assert server.failed == 5 and len(server.answered) == 6
    before = {path.name: path.read_bytes() for path in made.output.iterdir()}
    assert synthesize(made) == first
    assert {path.name: path.read_bytes() for path in made.output.iterdir()} == before
    assert len(server.answered) == 6, "asked twice"
    server.close()


def test_another_temperature_is_another_request() -> None:
    request = WriterRequest((("user", "Write."),), None, 10, 1)
    warm, cold = (WriterSettings(model="m", temperature=temperature) for temperature in (0.7, 0.0))
    assert request.key(warm) != request.key(cold)
    assert request.key(warm) == request.key(WriterSettings(model="m", base_url="http://elsewhere/v1"))


def test_a_killed_run_continues_without_asking_twice(tmp_path: Path) -> None:
    def slow_writer(messages: list[dict[str, str]], schema: dict[str, Any] | None) -> str:
        time.sleep(0.1)
        return good_writer(messages, schema)

    server = WriterServer(slow_writer)
    values = [f"output={tmp_path / 'out'}", f"cache={tmp_path / 'replies.sqlite'}", f"writer.base_url={server.url}"]
    values += ["writer.model=good", "writer.concurrency=1", *only("esci_choice", 20)]
    command = [sys.executable, "-m", "training.synthesize", "--recipe", str(RECIPE), "--set", *values]
    process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while len(server.answered) < 5:
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = ReplyCache(tmp_path / "replies.sqlite").spent()[0]
    assert kept >= 4 and not (tmp_path / "out").exists()
    asked = len(server.answered)
    report = synthesize(load_recipe(RECIPE, values, SynthesisRecipe))
    seeds = report["generators"]["esci_choice"]["seeds"]
    # The one that was being answered when the run was killed is asked again, no other.
    assert len(server.answered) - asked <= seeds - kept + 1 and report["spent"]["requests"] == seeds
    server.close()


@pytest.mark.parametrize(("budget", "most"), [("requests: 5, tokens: 100000", 5), ("requests: 100, tokens: 900", 5)])
def test_the_budget_holds_over_all_runs(server: WriterServer, tmp_path: Path, budget: str, most: int) -> None:
    made = recipe(tmp_path, server.url, f"budget={{{budget}}}", *only("esci_choice", 20))
    for _ in range(3):
        report = synthesize(made)
    figures = report["generators"]["esci_choice"]
    assert 0 < report["spent"]["requests"] <= made.budget.requests
    assert report["spent"]["tokens"] <= made.budget.tokens
    assert figures["answered"] + figures["beyond the budget"] == figures["seeds"] > most
    assert len(server.answered) == report["spent"]["requests"]


def test_refusals_and_broken_replies_are_counted(tmp_path: Path) -> None:
    replies = iter(["no json", '{"sentence": ""}', '{"sentence": "shoes"}', "[1]", '{"other": 1}'])

    def bad_writer(messages: list[dict[str, str]], schema: dict[str, Any] | None) -> str:
        text = next(replies, None)
        if text is None:
            raise ValueError("this is too long")
        return text

    server = WriterServer(bad_writer)
    made = recipe(tmp_path, server.url, *only("esci_choice", 7), "writer.concurrency=1")
    report = synthesize(made)["generators"]["esci_choice"]
    assert report["questions"] == 0 and report["acceptance"] == 0.0
    assert report["reasons"] == {
        "the text is empty": 2,
        "the writer refused the request": 2,
        "the reply is not a JSON object": 1,
        "the reply is not whole JSON": 1,
        "the text is too short": 1,
    }
    assert [row["written"] for row in read(made.output / "rejected.jsonl")].index("no json") == 0
    server.close()


def test_a_server_that_refuses_everything_is_named_and_its_refusals_are_not_kept(tmp_path: Path) -> None:
    def refusing_writer(messages: list[dict[str, str]], schema: dict[str, Any] | None) -> str:
        raise ValueError("response_format is not supported")

    server = WriterServer(refusing_writer)
    made = recipe(tmp_path, server.url, *only("esci_choice", 12))
    with pytest.raises(ShopBenchError, match=r"refused all 12 requests of a batch.*response_format is not supported"):
        synthesize(made)
    assert ReplyCache(made.cache).spent() == (0, 0)
    server.close()


@needs_smollm2
def test_a_writer_that_vllm_cannot_load_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise RuntimeError("Engine core initialization failed")

    monkeypatch.setattr("vllm.LLM", full)
    writer = LocalEngine(WriterSettings(kind="engine", model=str(EMBEDDED_MODEL)))
    with pytest.raises(ShopBenchError, match=r"could not load the writer .*SmolLM2.*Engine core initialization failed"):
        writer.write([WriterRequest((("user", "Hm?"),), None, 8, 0)], lambda *_: None)


def test_a_writer_that_is_no_model_folder_is_named(tmp_path: Path) -> None:
    made = recipe(tmp_path, "http://unused/v1", "writer.kind=engine", f"writer.model={tmp_path / 'nowhere'}")
    with pytest.raises(ShopBenchError, match="nowhere"):
        synthesize(made)


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("My cat sleeps on '{title}' all day long.", "the text has nothing to do with its source"),
        ("What kind of thing is it?", "slots are missing, repeated or made up"),
        ("Welche Art von Produkt ist '{title}', und wie heißt sie in diesem Laden?", "the text is in another language"),
        ("Type of product?", "slots are missing, repeated or made up"),
        ("Which product type is '{title}', all in all? {{no}}", "slots are missing, repeated or made up"),
        ("Which product type is '{title}', all in all? {", "there are braces that are no slots"),
        ("Which product type } is '{title}', all in all?", "there are braces that are no slots"),
    ],
)
def test_wordings_that_cannot_be_used_are_rejected(tmp_path: Path, written: str, reason: str) -> None:
    sources = {
        name: open_source(name, settings, tmp_path)
        for name, settings in load_recipe(RECIPE, [], SynthesisRecipe).sources.items()
        if name == "amazon_reviews"
    }
    context = Context(sources, tasks_of(sources), 1)
    task = context.tasks["product_type_from_title"]
    seed = (task, "What type of product is '{title}'?\n{options}\nAnswer: ", 0)
    items = WriteInstructions().items([(seed, Reply(json.dumps({"wordings": [written]}), 1))], context)
    assert [item.reason for item in items if isinstance(item, Rejected)] == [reason]
    good = "Say which type of product '{title}' belongs to, please."
    kept = WriteInstructions().items([(seed, Reply(json.dumps({"wordings": [good]}), 1))], context)
    assert not [item for item in kept if isinstance(item, Rejected)] and len(kept) == 6


def test_seeds_come_from_all_of_a_source_not_from_its_first_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ESCI's fixture has more than 60 queries; only so many as one chunk has are ever held together."""
    monkeypatch.setattr("training.data.synthetic.seeds.CHUNK_UNITS", 12)
    made = recipe(tmp_path, "http://unused/v1")
    # What is written by hand always fits in one chunk, and its tasks count on it.
    read_in_chunks = {name: settings for name, settings in made.sources.items() if name != "knowledge"}
    context = open_context(made.model_copy(update={"sources": read_in_chunks}))
    for name, count in (("esci_choice", 20), ("rephrase", 300), ("write_instructions", 600)):
        generator = GENERATORS[name]
        seeds = generator.seeds(context, count)
        assert len(seeds) == count, name
        requests = [generator.request(seed, context) for seed in seeds]
        assert len(set(requests)) > 0.98 * count, name  # the fixtures hold a few records twice
        assert requests == [generator.request(seed, context) for seed in generator.seeds(context, count)], name


def test_what_a_data_recipe_holds_out_is_not_written_about(server: WriterServer, tmp_path: Path) -> None:
    unseen = ["query_relation", "applicable_attribute"]
    data_file = tmp_path / "data.yaml"
    held_out = {"folder": "held", "share": 0.3, "validation_per_task": 2, "test_per_task": 2, "unseen_tasks": unseen}
    settings = yaml.safe_load((ROOT / "training" / "recipes" / "data_fixtures.yaml").read_text())
    data_file.write_text(yaml.safe_dump({**settings, "held_out": held_out, "seed": 7}))
    data = load_recipe(data_file, [], DataRecipe)
    budget = "budget={requests: 5000, tokens: 5000000}"
    made = recipe(
        tmp_path, server.url, f"data_recipe={data_file}", budget, *(f"generators.{name}=80" for name in GENERATORS)
    )
    context = open_context(made)
    asked, held = set(), set()
    for name, source in context.sources.items():
        source.prepare_once()
        for stream in source.streams:
            for record in [source.record(stream, unit, Counter()) for unit in source.units(stream)]:
                if record is not None:
                    (asked if data.is_asked_about(f"{name}/{stream}", record.key) else held).add((stream, record.key))
    for row in GENERATORS["rephrase"].seeds(context, 400):
        _, stream, *key, _task = row["id"].split("/")
        assert (stream, "/".join(key)) in asked and row["task_name"] not in unseen
    assert all(("queries", query.key) in asked for query, _ in GENERATORS["esci_choice"].seeds(context, 400))
    labelled = GENERATORS["label_products"].seeds(context, 400)
    assert labelled and not {key for _, key in held} & {product.key for product in labelled}
    for task, wording, _ in GENERATORS["write_instructions"].seeds(context, 400):
        assert wording != task.wordings[-1] and task.name not in unseen
    synthesize(made)
    rows = read(made.output / "questions.jsonl")
    assert {row["generator"] for row in rows} == set(GENERATORS)
    last = {name: task.wordings[-1].split("{")[0] for name, task in context.tasks.items() if task.wordings}
    starts = [(row["input_field"], last[row["task_name"]]) for row in rows if row["task_name"] in last]
    assert not [text for text, start in starts if len(start) > 15 and text.startswith(start)]
    assert not {row["task_name"] for row in rows} & set(unseen)


def test_the_recipe_at_full_size_reads_the_sources_of_the_data_it_joins() -> None:
    made = load_recipe(RECIPE.with_name("synthesize_shopbench.yaml"), [], SynthesisRecipe)
    assert made.data_recipe is not None
    data = load_recipe(made.data_recipe, [], DataRecipe)
    assert data.held_out is not None and set(data.protected) <= set(made.protected)
    for name, settings in made.sources.items():
        assert {**(settings or {}), "limit": None} == {**(data.sources[name] or {}), "limit": None}
    wordings = sum(
        len(data.wordings(task.wordings)) for task in TASKS.values() if task.name not in data.held_out.unseen_tasks
    )
    assert 3.5 * wordings < made.generators["write_instructions"] < made.budget.requests


def test_the_instruction_of_a_protected_question_rejects_nothing(tmp_path: Path, server: WriterServer) -> None:
    made = recipe(tmp_path, server.url, *only("rephrase", 12))
    synthesize(made)
    rows = read(made.output / "questions.jsonl")
    wordings = {wording for row in rows for wording in TASKS[row["task_name"]].wordings}
    protected = tmp_path / "protected.jsonl"
    texts = [re.sub(r"\{\w+\}", "gull", wording) for wording in sorted(wordings)]
    protected.write_text("\n".join(json.dumps({"input_field": text}) for text in texts))
    synthesize(recipe(tmp_path, server.url, f"protected=[{protected}]", *only("rephrase", 12)))
    assert read(made.output / "questions.jsonl") == rows
    protected.write_text(json.dumps({"input_field": rows[0]["input_field"]}))
    synthesize(recipe(tmp_path, server.url, f"protected=[{protected}]", *only("rephrase", 12)))
    assert rows[0] not in read(made.output / "questions.jsonl")


def test_a_writer_that_is_away_is_named(tmp_path: Path) -> None:
    made = recipe(tmp_path, "http://127.0.0.1:9/v1", "writer.max_retries=0", *only("esci_choice", 2))
    with pytest.raises(
        ShopBenchError, match=r"the writer at http://127.0.0.1:9/v1 does not answer \(APIConnectionError"
    ):
        synthesize(made)


def test_faults_of_a_recipe_are_named(tmp_path: Path) -> None:
    with pytest.raises(ShopBenchError, match="no generator 'dream': there are rephrase, label_products"):
        synthesize(recipe(tmp_path, "http://x/v1", *only("dream", 2)))
    made = recipe(tmp_path, "http://x/v1", *only("esci_choice", 2)).model_copy(update={"sources": {"knowledge": None}})
    with pytest.raises(ShopBenchError, match="generator esci_choice: the recipe's sources give nothing to write about"):
        synthesize(made)


def test_an_output_that_would_be_lost_is_refused(tmp_path: Path) -> None:
    kept = tmp_path / "out" / "paid.txt"
    kept.parent.mkdir()
    kept.write_text("replies")
    made = recipe(tmp_path, "http://x/v1", *only("esci_choice", 2))
    with pytest.raises(ShopBenchError, match=r"out holds something else: remove it or choose another"):
        synthesize(made)
    with pytest.raises(ShopBenchError, match=r"replies\.sqlite lies in output .* move it"):
        synthesize(made.model_copy(update={"output": tmp_path}))
    assert kept.read_text() == "replies"


def test_an_endpoint_of_another_protocol_is_named(tmp_path: Path) -> None:
    class Answers(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b'{"status": "fine"}')

        def log_message(self, *arguments: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        made = recipe(
            tmp_path, f"http://127.0.0.1:{server.server_port}/v1", *only("esci_choice", 2), "writer.max_retries=0"
        )
        with pytest.raises(ShopBenchError, match="does not answer as OpenAI's protocol has it"):
            synthesize(made)
        server.shutdown()


def test_the_command_prints_one_line_for_a_fault(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "training.synthesize", "--recipe", str(RECIPE), "--set", *only("dream", 1)]
    done = subprocess.run(
        [*command, f"output={tmp_path}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 2 and done.stderr.startswith("Error: there is no generator 'dream'")


def test_instructions_are_told_from_bodies() -> None:
    assert split_question("Which one?\nReview: It is 1. good\n0. a\nAnswer: ") == (
        "Which one?",
        "Review: It is 1. good\n0. a\nAnswer: ",
    )
    assert split_question("Instructions: Rate it.\nInput: Fine.\nOutput:")[0] == "Instructions: Rate it."
    assert split_question("Title: Men's Shoe\nWhat is it?\n0. a")[0] == ""
    hidden, quotations = hide_quotations("Rank 'Men's Shoes' and \"it's\" for a shopper's friend.")
    assert hidden == "Rank [1] and [2] for a shopper's friend."
    assert quotations == ["'Men's Shoes'", '"it\'s"']


def test_a_reworded_question_must_be_read_alike() -> None:
    question = "Select the product.\n0. Kettle\n1. Toaster\n2. Pan\nAnswer: "
    check_read_alike(question, question.replace("Select", "Choose"), "multiple-choice", "1")
    with pytest.raises(RejectedError, match="does not take its answer any more"):
        check_read_alike(question, question.replace("2. Pan", "2. Pan\n3. Lid"), "multiple-choice", "1")
    ner = "Extract the 'brand' from the product title 'Acme Kettle'.\nOutput:"
    with pytest.raises(RejectedError, match="the question is read as generation"):
        check_read_alike(ner, "Write something nice about 'Acme Kettle'.\nOutput:", "named_entity_recognition", "Acme")


def product(**fields: Any) -> Product:
    return Product(**{"key": "p", "language": "en", "title": "Acme Oak Bookshelf with 3 Shelves, Brown", **fields})


@pytest.mark.parametrize(
    ("page", "reply", "reason"),
    [
        (product(categories=("Bookcases",)), {"product_type": "garden hose"}, "the type contradicts the source"),
        (product(), {"product_type": "garden hose"}, "the type is not on the page"),
        (product(brand="Acme"), {"product_type": "acme bookshelf with shelves"}, "the type names the brand"),
        (product(), {"categories": ["Sports"]}, "the category is not on the page"),
        (product(), {"attributes": [{"name": "material", "value": "Steel"}]}, "the value does not stand in the title"),
        (product(), {"attributes": [{"name": "wisdom", "value": "Oak"}]}, "no such attribute is known"),
        (
            product(details={"Color": "Black"}),
            {"attributes": [{"name": "colour", "value": "Brown"}]},
            "the value contradicts the source",
        ),
        (
            product(color="Black"),
            {"attributes": [{"name": "Color", "value": "Brown"}]},
            "the value contradicts the source",
        ),
        (
            product(brand="Ikea"),
            {"attributes": [{"name": "brand", "value": "Acme"}]},
            "the value contradicts the source",
        ),
    ],
)
def test_labels_that_the_page_does_not_bear_out_are_rejected(page: Product, reply: dict[str, Any], reason: str) -> None:
    labels, rejected = checked_labels(page, {"product_type": "bookshelf", "categories": [], "attributes": [], **reply})
    assert reason in {found for found, _ in rejected}
    assert labels.attributes == {}


def test_labels_that_the_page_bears_out_are_kept() -> None:
    reply = {
        "product_type": "Bookshelf",
        "categories": ["Oak Bookshelf"],
        "attributes": [{"name": "Color", "value": "brown"}],
    }
    labels, rejected = checked_labels(product(), {**reply, "product_type": "oak shelves"})
    assert labels.type == "oak shelves" and labels.attributes == {"color": "Brown"} and not rejected


def test_wrong_labels_are_those_of_pages_that_were_labelled_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("training.data.synthetic.labels._TOGETHER", 6)
    types = [f"{first}{second}ator" for first in ("bamb", "colu", "dorv", "fluss") for second in "aeiouy"]
    pages = [product(key=name, title=f"Acme {name.title()} in Brown") for name in types]
    written = [(page, Reply(json.dumps({"product_type": page.key}), 1)) for page in pages]
    items = GENERATORS["label_products"].items(written, Context({}, {}, 1))
    rows = [item.row for item in items if isinstance(item, WrittenQuestion)]
    assert len(rows) == len(types)
    for row in rows:
        stems = {name[:4] for name in types if f". {name}" in row["input_field"]}
        assert len(stems) == 1, row["input_field"]


anything = st.recursive(
    st.none() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["name", "value"]), inner),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(["product_type", "categories", "attributes"]), anything))
@example({"attributes": ["color: red"]})
@example({"categories": 7})
@example({"attributes": {"name": "color", "value": "brown"}})
def test_labels_of_any_shape_are_read_or_rejected(reply: dict[str, Any]) -> None:
    """Servers without strict schemas give any: one such reply is rejected, and the rest of the run goes on."""
    try:
        labels, _ = checked_labels(product(), reply)
    except RejectedError as error:
        assert str(error) == "the labels are not of the form that was asked for"
    else:
        assert set(labels.attributes.values()) <= {"Brown", "Oak", "Acme"} | set(product().title.split())


@given(st.text(max_size=60), st.text(max_size=60))
def test_similarity_is_symmetric_and_bounded(first: str, second: str) -> None:
    assert similarity(first, second) == similarity(second, first)
    assert 0.0 <= similarity(first, second) <= 1.0
    assert similarity(first, first) == 1.0


@given(st.text(max_size=40))
def test_any_reply_is_read_or_rejected(text: str) -> None:
    try:
        value = read_reply(Reply(text, 1))
    except RejectedError:
        return
    assert isinstance(value, dict)


def test_half_characters_of_a_reply_can_be_written() -> None:
    assert read_reply(Reply('{"text": "\\ud83d cup"}', 1)) == {"text": "? cup"}


def test_a_reply_nested_without_end_is_rejected() -> None:
    with pytest.raises(RejectedError, match="the reply is not whole JSON"):
        read_reply(Reply("[" * 100_000, 1))


def test_checks_of_a_text() -> None:
    assert one_line(' "A\n line" ') == "A line"
    with pytest.raises(RejectedError, match="the text repeats its source"):
        check_overlap("Rank the products below.", "Rank the products below.", most=0.8)
    with pytest.raises(RejectedError, match="nothing to do with its source"):
        check_overlap("My cat sleeps.", "Rank the products below by relevance.", most=0.8)


def test_the_report_can_be_read() -> None:
    figures = {
        "seeds": 3,
        "answered": 2,
        "questions": 1,
        "wordings": 0,
        "rejected": 1,
        "acceptance": 0.5,
        "reasons": {"r": 1},
    }
    report = {
        "spent": {"requests": 2, "tokens": 9},
        "budget": {"requests": 5, "tokens": 50},
        "generators": {"p": figures},
    }
    text = report_text("name", {**report, "writer": {"model": "m", "kind": "endpoint"}})
    assert "| p | 3 | 2 | 1 | 0 | 1 | 50% |" in text and "| r | 1 |" in text


def test_a_question_that_is_read_as_something_else_is_rejected() -> None:
    options = "0. red mug\n1. blue mug\n2. green mug\n3. steel mug"
    draft = Draft({"need": "I need a mug.", "options": options}, 1, (0, 1, 2, 3))
    text = PRODUCT_FOR_NEED.wordings[0].format(**draft.slots)
    assert read_back(PRODUCT_FOR_NEED, text, draft)["question"] == text
    broken = text.replace("\n3. steel mug", "")
    item = question_or_rejected(partial(read_back, PRODUCT_FOR_NEED, broken, draft), "any", "a reply", "a seed")
    assert isinstance(item, Rejected) and item.reason.startswith("the question") and item.written == "a reply"
