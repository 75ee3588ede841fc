"""Command line of the plan of time and memory on 4 × T4."""

import argparse
from dataclasses import replace
from pathlib import Path

from evaluation.dataset import read_samples
from evaluation.t4_plan.fit import FITTABLE, FITTED_TRACK, PUBLISHED_SECONDS, Baseline, fit, fit_and_correct
from evaluation.t4_plan.levers import Workloads, measure
from evaluation.t4_plan.machine import Assumptions, parse_settings
from evaluation.t4_plan.model_shape import read_model_shape
from evaluation.t4_plan.plan import Planner, layout_of
from evaluation.t4_plan.report import (
    assumption_section,
    draw,
    fit_section,
    lever_section,
    memory_section,
    preset_section,
    track_section,
)
from submission.chat_encoder import ChatEncoder
from submission.command_line import run_command
from submission.commands import as_typed
from submission.errors import ShopBenchError
from submission.places import ROOT, SAMPLE_QUESTIONS
from submission.profiles import T4X4

CONFIGS = Path(__file__).parent / "configs"
QWEN2_72B = CONFIGS / "qwen2-72b-awq.json"


def default_data() -> Path:
    """Return the development questions where they are, otherwise the sample that ships with the project."""
    development = ROOT / "data/development.json"
    return development if development.exists() else SAMPLE_QUESTIONS


def build(
    *, model_config: Path, data: Path, tokenizer: Path, settings: list[str], questions: float | None
) -> tuple[Planner, Workloads, str]:
    """Fit the model of time to the published times and return the planner, the workloads and the account of the fit."""
    given = parse_settings(settings)
    workloads = measure(read_samples(data), ChatEncoder(tokenizer))
    assumed = replace(Assumptions(), **given)
    baseline = Baseline(read_model_shape(CONFIGS / "llama-3-8b.json"), workloads.baseline)
    candidates = [name for name in FITTABLE if name not in given]
    if not candidates:
        raise ShopBenchError(f"--set leaves nothing to fit: leave one of {', '.join(FITTABLE)} open")
    fits = [fit(baseline, assumed, name, track) for name in candidates for track in PUBLISHED_SECONDS]
    chosen = min((one for one in fits if one.track == FITTED_TRACK), key=lambda one: (not one.reached, one.mean_error))
    planner = Planner(
        shape=read_model_shape(model_config),
        layout=layout_of(T4X4),
        baseline=baseline,
        assumed=assumed,
        fitted=chosen.parameter,
        correction=fit_and_correct(baseline, assumed, chosen.parameter),
        questions=questions,
    )
    return planner, workloads, fit_section(fits, chosen)


def is_known_to_run(planner: Planner) -> bool:
    """Whether the model is Qwen2-72B in 4 bits, which the winning team ran on these cards."""
    return planner.shape == replace(read_model_shape(QWEN2_72B), name=planner.shape.name)


def main() -> None:
    """Print the plan and write it, with its picture, to a folder."""
    parser = argparse.ArgumentParser(
        prog=as_typed("evaluation.t4_plan"), description="Time and memory of a model on 4 × T4, per track, on paper."
    )
    parser.add_argument("--model-config", type=Path, default=QWEN2_72B, help="config.json or model folder")
    parser.add_argument("--track", type=int, choices=range(1, 6), help="one track only (default: all five)")
    parser.add_argument("--data", type=Path, help="questions in the competition's format")
    parser.add_argument(
        "--tokenizer", type=Path, default=ROOT / "weights/Qwen2-tokenizer", help="folder of the tokenizer"
    )
    parser.add_argument("--questions", type=float, help="questions of the track (default: derived, see workload.py)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="replace an assumption (the plan lists them)"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "reports/t4_plan", help="folder of plan.md and plan.png")
    arguments = parser.parse_args()
    if arguments.questions is not None and arguments.track is None:
        parser.error("--questions needs --track")
    planner, workloads, account = build(
        model_config=arguments.model_config,
        data=arguments.data or default_data(),
        tokenizer=arguments.tokenizer,
        settings=arguments.set,
        questions=arguments.questions,
    )
    tracks = [arguments.track] if arguments.track else [1, 2, 3, 4, 5]
    lever_track = tracks[-1]
    known_to_run = is_known_to_run(planner)
    text = "\n".join(
        [
            preset_section(planner, workloads, known_to_run=known_to_run),
            track_section(planner, workloads, tracks, known_to_run=known_to_run),
            lever_section(planner, workloads, lever_track),
            memory_section(planner, T4X4.engine["gpu_memory_utilization"]),
            account,
            assumption_section(planner, workloads, lever_track),
        ]
    )
    arguments.output.mkdir(parents=True, exist_ok=True)
    written = arguments.output / "plan.md"
    temporary = written.with_suffix(".tmp")
    temporary.write_text(text + "\n![the plan](plan.png)\n", encoding="utf-8")
    temporary.rename(written)
    draw(planner, workloads, tracks, lever_track, arguments.output / "plan.png", known_to_run=known_to_run)
    print(text)
    print(f"written to {written} and {arguments.output / 'plan.png'}")


if __name__ == "__main__":
    run_command(main)
