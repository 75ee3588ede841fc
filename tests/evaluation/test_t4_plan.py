"""The plan's arithmetic against figures worked out by hand, and its command on real questions."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.t4_plan.__main__ import CONFIGS, ROOT, main
from evaluation.t4_plan.fit import BASELINE_LAYOUT, PUBLISHED_SECONDS, Baseline, fit, fit_and_correct
from evaluation.t4_plan.levers import shuffled
from evaluation.t4_plan.machine import GIB, Assumptions, assumption_table, parse_settings
from evaluation.t4_plan.memory import card_memory, conversion_bytes
from evaluation.t4_plan.model_shape import ModelShape, read_model_shape
from evaluation.t4_plan.plan import Planner, layout_of
from evaluation.t4_plan.timing import Layout, TaskLoad, TimeModel
from evaluation.t4_plan.workload import PrefixCache, number_decode_steps, questions_per_track, track_loads
from submission.answer_formats import Choice, Permutation, Selection
from submission.command_line import run_command
from submission.errors import ShopBenchError
from submission.profiles import T4X4, T4X4_PP

DEVELOPMENT = ROOT.parent / "shared/data/shopbench_development.jsonl"
TOKENIZER = ROOT / "weights/Qwen2-tokenizer"
QWEN = read_model_shape(CONFIGS / "qwen2-72b-awq.json")
LLAMA = read_model_shape(CONFIGS / "llama-3-8b.json")
LOADS = {
    1: [TaskLoad("choice", True, 60, 90, 0), TaskLoad("prose", False, 40, 90, 47)],
    2: [TaskLoad("choice", True, 80, 110, 0)],
    3: [TaskLoad("choice", True, 70, 100, 0), TaskLoad("list", False, 400, 450, 4)],
    4: [TaskLoad("choice", True, 300, 330, 0), TaskLoad("title", False, 70, 100, 99)],
}


def test_the_models_weigh_what_is_published() -> None:
    # 8.03 billion parameters; 72.7 billion before padding the intermediate size from 29,568 to 29,696.
    assert LLAMA.layer_parameters + 2 * LLAMA.head_parameters == pytest.approx(8.03e9, rel=0.001)
    unpadded = replace(QWEN, intermediate=29568)
    assert unpadded.layer_parameters + 2 * unpadded.head_parameters == pytest.approx(72.7e9, rel=0.001)
    assert unpadded.weight_bytes == pytest.approx(41.5e9, rel=0.02)
    assert QWEN.kv_bytes_per_token == 2 * 80 * 8 * 128 * 2


def test_a_config_without_a_needed_key_is_refused_by_name(tmp_path: Path) -> None:
    config = json.loads((CONFIGS / "llama-3-8b.json").read_text())
    del config["hidden_size"]
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(ShopBenchError, match="hidden_size"):
        read_model_shape(tmp_path)


def test_72b_fits_four_cards_in_four_bits_and_not_in_sixteen() -> None:
    quantised = card_memory(QWEN, Layout(), Assumptions(), 0.92)
    assert 20_000 < quantised.kv_tokens < 40_000
    assert quantised.longest_context(16) > 1_000
    assert card_memory(replace(QWEN, bits=16, group_size=0), Layout(), Assumptions(), 0.92).kv_tokens == 0


def test_prefill_is_flops_over_the_cards() -> None:
    assumptions = replace(Assumptions(), matmul_efficiency=0.5, awq_efficiency=1.0, step_overhead_s=0.0)
    seconds = TimeModel(QWEN, assumptions, Layout()).prefill(2000, 0)
    assert seconds.prefill == pytest.approx(2 * QWEN.layer_parameters * 2000 / (4 * 65e12 * 0.5))
    # 160 sums of 2,000 × 8,192 fp16 numbers, each moved 1.5 times at 5 GB/s, and 160 latencies.
    assert seconds.all_reduce == pytest.approx(160 * (2000 * 8192 * 2 * 1.5 / 5e9 + 50e-6))


def test_one_card_needs_no_all_reduce_and_decoding_reads_the_weights_once_a_step() -> None:
    model = TimeModel(LLAMA, replace(Assumptions(), bandwidth_efficiency=1.0), Layout(tensor_parallel=1))
    seconds = model.decode(10, 0, 0)
    assert seconds.all_reduce == 0
    assert seconds.decode == pytest.approx(10 * (LLAMA.weight_bytes - 128256 * 4096 * 2) / 320e9)


@given(st.lists(st.lists(st.integers(0, 1), min_size=1, max_size=70), min_size=1, max_size=8), st.integers(1, 16))
def test_prefix_cache_computes_all_but_whole_shared_blocks(prompts: list[list[int]], block: int) -> None:
    cache = PrefixCache(block)
    for index, prompt in enumerate(prompts):
        common = max(
            (
                next(
                    (i for i, (a, b) in enumerate(zip(prompt, other, strict=False)) if a != b),
                    min(len(prompt), len(other)),
                )
                for other in prompts[:index]
            ),
            default=0,
        )
        new = cache.new_tokens(prompt)
        assert 1 <= new <= len(prompt)
        assert new == len(prompt) - min(common // block, (len(prompt) - 1) // block) * block


def test_number_answers_stop_where_the_rest_is_determined() -> None:
    assert number_decode_steps(Choice((0, 1, 2, 3))) == 0
    assert number_decode_steps(Permutation((1, 2, 3, 4, 5))) == 6  # "1,2,3,4": seven tokens, the first from the prefill
    assert number_decode_steps(Selection(tuple(range(1, 10)), 3)) == 4


def test_hidden_tasks_fill_a_track_up_to_its_questions_by_their_share() -> None:
    for share in (0.0, 0.7, 1.0):
        for track in (1, 2, 3, 4, 5):
            tasks = track_loads(LOADS, track, choice_share=share, questions=1000)
            assert sum(task.questions for task in tasks) == pytest.approx(1000)
    hidden = {
        task.name: task for task in track_loads(LOADS, 2, choice_share=0.75, questions=800) if "hidden" in task.name
    }
    assert [task.questions for task in hidden.values()] == pytest.approx([700 * 0.75, 700 * 0.25])
    assert hidden["hidden, other"].decode_steps == pytest.approx((47 + 4 + 99) / 3)
    assert sum(questions_per_track(track) for track in (1, 2, 3, 4)) == pytest.approx(20_598)
    with pytest.raises(ShopBenchError, match="track 2"):
        track_loads({1: LOADS[1]}, 2, choice_share=1.0, questions=10)


BASELINE = Baseline(LLAMA, LOADS)


def planned(shape: ModelShape, assumed: Assumptions, layout: Layout, fitted: str | None) -> Planner:
    return Planner(shape, layout, BASELINE, assumed, fitted, fit_and_correct(BASELINE, assumed, fitted))


def test_a_fit_meets_its_track_or_says_that_it_cannot() -> None:
    for parameter in ("evaluator_overhead_s", "matmul_efficiency"):
        fitted = fit(BASELINE, Assumptions(), parameter, 1)
        assert fitted.reached and fitted.predicted[1] == pytest.approx(PUBLISHED_SECONDS[1], abs=1)
        assert set(fitted.errors) == {2, 3, 4}
    # Not even a bus of no cost makes cards that compute this slowly fast enough.
    assert not fit(BASELINE, replace(Assumptions(), matmul_efficiency=0.01), "bus_bandwidth", 1).reached


@pytest.mark.parametrize("fitted", [None, "evaluator_overhead_s"])
@pytest.mark.parametrize("loading", [0.0, 1.0])
def test_the_baseline_itself_is_planned_at_its_published_times(fitted: str | None, loading: float) -> None:
    assumed = replace(Assumptions(), published_loading=loading)
    planner = planned(LLAMA, assumed, BASELINE_LAYOUT, fitted)
    own = TimeModel(LLAMA, assumed, planner.layout).loading().total
    for track, published in PUBLISHED_SECONDS.items():
        assert planner.seconds(LOADS, track).total - own == pytest.approx(published - own * loading)


def test_slower_cards_mean_lighter_questions_where_the_baselines_times_are_known() -> None:
    planner = planned(LLAMA, Assumptions(), BASELINE_LAYOUT, None)
    nominal = planner.seconds(LOADS, 1).total
    assert planner.assuming(matmul_efficiency=0.2).seconds(LOADS, 1).total > 1.1 * nominal
    assert planner.refitted(matmul_efficiency=0.2).seconds(LOADS, 1).total == pytest.approx(nominal)


def test_track_five_is_the_others_with_one_loading() -> None:
    planner = planned(QWEN, Assumptions(), Layout(), "evaluator_overhead_s")
    loading = TimeModel(QWEN, Assumptions(), Layout()).loading().total
    parts = sum(planner.seconds(LOADS, track).total - loading for track in (1, 2, 3, 4))
    assert planner.seconds(LOADS, 5).total == pytest.approx(parts + loading)
    low, high = planner.range(LOADS, 5)
    assert low < planner.seconds(LOADS, 5).total < high


def test_unpacking_first_costs_what_a_pass_reads_and_writes() -> None:
    assumptions = replace(Assumptions(), matmul_efficiency=0.5, bandwidth_efficiency=1.0)
    model = TimeModel(QWEN, assumptions, Layout())
    compute = 2 * QWEN.layer_parameters * 1000 / (4 * 65e12 * 0.5)
    unpack = (QWEN.layer_bytes + 2 * QWEN.layer_parameters) / 4 / 320e9
    assert model.unpacking_efficiency(1000) == pytest.approx(compute / (compute + unpack))


def test_four_stages_need_no_all_reduce_and_three_turns_more() -> None:
    assumptions = replace(Assumptions(), step_overhead_s=0.0)
    staged = TimeModel(QWEN, assumptions, Layout(16, 100, 1, 4)).prefill(1000, 0)
    divided = TimeModel(QWEN, assumptions, Layout(16, 1000, 4, 1)).prefill(1000, 0)
    assert staged.all_reduce == 0 and divided.all_reduce > 0
    assert staged.prefill == pytest.approx(divided.prefill * 13 / 10)


def test_attention_without_tensor_cores_computes_at_its_own_rate() -> None:
    assumptions = replace(Assumptions(), attention_flops=2e12, step_overhead_s=0.0)
    without = TimeModel(QWEN, assumptions, Layout()).prefill(1600, 300, 16)
    alone = TimeModel(QWEN, replace(assumptions, attention_flops=1e18), Layout()).prefill(1600, 300, 16)
    # Sixteen prompts of 300 tokens, 100 of them new: a new token sees 200 cached ones and, on average, 50 new ones.
    assert without.prefill - alone.prefill == pytest.approx(4 * 80 * 64 * 128 * 1600 * 250 / (4 * 2e12), rel=1e-3)
    old = TimeModel(QWEN, replace(assumptions, matmul_efficiency=0.5), Layout(tensor_core_attention=True))
    assert old.prefill(1600, 300, 16).prefill < without.prefill


def test_int8_activations_speed_up_the_products_and_nothing_else() -> None:
    assumptions = replace(Assumptions(), int8_speed_up=1.5, attention_flops=1e18)
    fp16 = TimeModel(QWEN, assumptions, Layout()).batch(LOADS[3][1])
    int8 = TimeModel(QWEN, assumptions, Layout(int8_activations=True)).batch(LOADS[3][1])
    assert int8.prefill == pytest.approx(fp16.prefill / 1.5, rel=1e-6)
    assert replace(int8, prefill=0) == replace(fp16, prefill=0)


def test_no_pass_is_shorter_than_the_launches_of_its_kernels() -> None:
    assumptions = replace(Assumptions(), launch_s=0.1, step_overhead_s=0.0)
    # Llama has 32 layers of the 80 that the assumption speaks of.
    assert TimeModel(LLAMA, assumptions, Layout()).decode(3, 1, 10).total == pytest.approx(3 * 0.1 * 32 / 80)
    assert TimeModel(LLAMA, assumptions, Layout()).prefill(4, 4).total == pytest.approx(0.1 * 32 / 80)
    # Where the cards are busy for longer, the host's work hides behind them.
    assert TimeModel(QWEN, assumptions, Layout()).prefill(2000, 300, 16).overhead == 0


def test_repacking_awq_takes_what_was_measured_and_four_stages_do_not_load() -> None:
    # Measured with the CUDA build's own code: 0.97 GiB with tensor parallel 4, 1.93 with 2.
    for tensor_parallel, measured in ((4, 0.97), (2, 1.93)):
        assert conversion_bytes(QWEN, Layout(tensor_parallel=tensor_parallel)) / GIB == pytest.approx(
            measured, rel=0.02
        )
    left = {
        (t, p): card_memory(QWEN, Layout(16, 256, t, p), Assumptions(), 0.9).left_while_loading / GIB
        for t, p in ((4, 1), (2, 2), (1, 4))
    }
    assert left[4, 1] > left[2, 2] > 1.5 and left[1, 4] < 0.5
    assert conversion_bytes(QWEN, Layout(int8_activations=True)) < 0.1 * conversion_bytes(QWEN, Layout())
    assert conversion_bytes(LLAMA, Layout()) == 0


def test_context_and_nccl_lie_outside_of_the_engines_share() -> None:
    memory = card_memory(QWEN, Layout(), Assumptions(), 0.9)
    inside = memory.weights + memory.activations + memory.workspace + memory.kv_cache
    assert inside == pytest.approx(0.9 * memory.card)
    assert inside + memory.context + memory.kept_free == pytest.approx(memory.card)
    larger = card_memory(QWEN, Layout(), replace(Assumptions(), context_bytes=2 * memory.context), 0.9)
    assert larger.kv_tokens == memory.kv_tokens and larger.kept_free < memory.kept_free


def test_the_presets_use_four_cards_and_keep_a_margin_on_each() -> None:
    for profile in (T4X4, T4X4_PP):
        layout = layout_of(profile)
        assert layout.cards == 4
        memory = card_memory(QWEN, layout, Assumptions(), profile.engine["gpu_memory_utilization"])
        assert memory.kept_free > 0.9 * GIB and memory.longest_context(16) > 1_100
        # Even with the largest context that is thought possible vLLM finds its share of the card free.
        most = max(high for name, _, _, high, _ in assumption_table() if name == "context_bytes")
        assert memory.context + memory.kept_free > most


def test_random_order_makes_mixed_batches_as_long_as_their_longest_answer() -> None:
    loads = {1: [TaskLoad("a", False, 1, 1, 10), TaskLoad("b", False, 1, 1, 100), TaskLoad("c", True, 1, 1, 0)]}
    mixed = shuffled(loads, 16)[1]
    assert mixed[0].decode_steps == mixed[1].decode_steps == pytest.approx(100 - 90 * 0.5**16)
    assert mixed[2].decode_steps == 0


def test_settings_are_read_and_unknown_names_refused() -> None:
    assert parse_settings(["bus_bandwidth=8e9"]) == {"bus_bandwidth": 8e9}
    with pytest.raises(ShopBenchError, match="bandwith"):
        parse_settings(["bus_bandwith=8e9"])
    with pytest.raises(ShopBenchError, match="not a number"):
        parse_settings(["bus_bandwidth=fast"])


@pytest.mark.skipif(not DEVELOPMENT.exists(), reason="the development questions are not here")
@pytest.mark.skipif(not TOKENIZER.exists(), reason="weights/Qwen2-tokenizer is not built")
def test_the_command_plans_real_questions_and_draws(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "evaluation.t4_plan", "--data", str(DEVELOPMENT), "--output", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "fitted to track 1" in done.stdout and "KV cache" in done.stdout
    assert "at most, by the winning run" in done.stdout
    for preset in ("`t4x4`", "`t4x4-pp`", "`t4x4`, int8 activations", "`t4x4-pp`, int8 activations"):
        row = next(line for line in done.stdout.splitlines() if line.startswith(f"| {preset} |"))
        assert row.count("**") == 10 and row.count("at most") == 5
    assert (tmp_path / "plan.png").stat().st_size > 10_000
    assert (tmp_path / "plan.md").read_text().count("\n| 5 | 140 |") == 1


def test_an_unreadable_input_ends_with_code_two(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["t4_plan", "--data", str(tmp_path / "none.jsonl")])
    with pytest.raises(SystemExit) as stopped:
        run_command(main)
    assert stopped.value.code == 2
