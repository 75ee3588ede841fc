"""Answers benchmark questions with the submission's `UserModel`, as the evaluator does, and reports the scores.

The model is reached through `UserModel` alone, and steered through environment variables alone, as in the evaluator.
Prose is scored with sentence encoders from the folders weights/all-MiniLM-L6-v2 and
weights/paraphrase-multilingual-MiniLM-L12-v2, or from those that SHOPBENCH_MINILM and SHOPBENCH_MULTILINGUAL_MINILM name.
Exit codes: 0 done, 2 something to fix (the message says what), 3 a time limit exceeded, 137 the memory limit reached.
"""

import argparse
import io
import os
import sys
from pathlib import Path
from typing import Any

from evaluation.evaluator import EvaluationSettings, evaluate
from evaluation.limits import EXIT_CODE, LimitExceeded
from evaluation.lm_eval_layout import check_target, write_lm_eval
from evaluation.progress import Detail, show_log
from evaluation.report_folder import folder_to_resume, new_folder, point_latest
from evaluation.reports import REPORTS, read_report
from evaluation.subset import Subset
from submission import memory_limit, settings
from submission.command_line import complain, run_command
from submission.commands import as_typed
from submission.errors import ShopBenchError
from submission.model_folder import find_model
from submission.offline import OFFLINE
from submission.places import ROOT, SAMPLE_QUESTIONS
from submission.profiles import PROFILES
from submission.tracks import track_by_number

DEVELOPMENT_DATA = ROOT / "data" / "development.json"


def main(arguments: list[str] | None = None) -> int:
    """Run the evaluation that the command line asks for and return the exit code."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # In a file or a pipe, too, what is printed comes when it is printed.
        sys.stdout.reconfigure(line_buffering=True)
    _set_environment(options)
    show_log(options.detail)
    killed = memory_limit.count_killed()
    try:
        known = settings.Settings.from_environment(strict=True)
        output = options.output or _default_output(known, options.resume)
        if options.lm_eval:
            check_target(options.lm_eval)
        evaluate(_settings(options, output), _load_model)
        if options.output is None:
            point_latest(output)
        if options.lm_eval:
            print(f"In lm-evaluation-harness's layout: {write_lm_eval(read_report(output), options.lm_eval)}")
    except ShopBenchError as error:
        code = complain(str(error))
        return memory_limit.EXIT_CODE if _memory_was_short(killed) else code
    except LimitExceeded as error:
        print(f"Time limit exceeded: {error}", file=sys.stderr)
        return EXIT_CODE
    _memory_was_short(killed)
    return 0


def _memory_was_short(killed_before: int) -> bool:
    """Say so if the kernel has killed the engine's process, or another of this run, since `killed_before` was counted."""
    killed = memory_limit.count_killed() - killed_before
    if killed > 0:
        print(
            f"Warning: the memory limit was reached, and the kernel killed {killed} of the processes", file=sys.stderr
        )
    return killed > 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=as_typed("local_evaluation"), description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data",
        type=Path,
        help="questions, one JSON object a line, gzipped or not "
        "(default: data/development.json where it exists, otherwise the sample questions)",
    )
    parser.add_argument("--model", help="model folder, handed over as SHOPBENCH_MODEL (default: the embedded model)")
    parser.add_argument(
        "--adapter",
        help="folder of a LoRA adapter to serve on the model, handed over as SHOPBENCH_ADAPTER (--model is then its base, "
        "by default the one that it was trained on)",
    )
    parser.add_argument("--profile", choices=tuple(PROFILES), help="engine preset, handed over as SHOPBENCH_PROFILE")
    parser.add_argument(
        "--track",
        type=int,
        choices=range(1, 6),
        help="track, handed over as SHOPBENCH_TRACK; 1 to 4 leave out the questions of other tracks",
    )
    parser.add_argument(
        "--limits",
        choices=("none", "phase2"),
        default="none",
        help="phase2: end with exit code 3 where the competition's evaluator would have ended the run: a batch over "
        "10 s a question, or a run over its track's limit, loading included (default: none)",
    )
    part = parser.add_argument_group("a part of the questions", "a report on a part is marked as partial")
    part.add_argument("--task", nargs="+", default=[], metavar="NAME", help="ask the questions of these tasks only")
    part.add_argument("--type", nargs="+", default=[], metavar="NAME", help="ask those of these task types only")
    part.add_argument("--limit", type=_positive, metavar="N", help="ask N questions of each task")
    part.add_argument("--first", type=_positive, metavar="N", help="ask the first N questions")
    parser.add_argument(
        "--output",
        type=Path,
        help="report folder (default: a new one, reports/<time>-<model>, at which reports/latest then points)",
    )
    parser.add_argument("--seed", type=int, help="random seed, handed over as AICROWD_RUN_SEED")
    parser.add_argument(
        "--lm-eval",
        type=Path,
        metavar="PATH",
        help="write the results in lm-evaluation-harness's layout too: into a folder, or to a file that ends in .json",
    )
    again = parser.add_mutually_exclusive_group()
    again.add_argument(
        "--resume",
        action="store_true",
        help="continue what was interrupted in the --output folder, by default the newest interrupted evaluation",
    )
    again.add_argument(
        "--overwrite",
        action="store_true",
        help="replace a finished report in the --output folder, once the new one is whole",
    )
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument(
        "-q",
        "--quiet",
        dest="detail",
        action="store_const",
        const=Detail.QUIET,
        default=Detail.USUAL,
        help="show warnings, and at the end one line with the score and the report",
    )
    shown.add_argument(
        "-v",
        "--verbose",
        dest="detail",
        action="store_const",
        const=Detail.VERBOSE,
        help="show each batch, and what vLLM and other libraries log",
    )
    return parser


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def _set_environment(options: argparse.Namespace) -> None:
    given = {
        "SHOPBENCH_MODEL": options.model,
        "SHOPBENCH_ADAPTER": options.adapter,
        "SHOPBENCH_PROFILE": options.profile,
        "SHOPBENCH_TRACK": options.track,
        "AICROWD_RUN_SEED": options.seed,
    }
    os.environ.update({name: str(value) for name, value in given.items() if value is not None})
    os.environ.update(OFFLINE)


def _default_output(known: settings.Settings, resume: bool) -> Path:
    return folder_to_resume(REPORTS) if resume else new_folder(REPORTS, known.adapter or find_model(known.model))


def _settings(options: argparse.Namespace, output: Path) -> EvaluationSettings:
    data = options.data
    if data is None and not DEVELOPMENT_DATA.exists():
        print(f"{DEVELOPMENT_DATA} is not there: using the sample questions that ship with the project")
        data = SAMPLE_QUESTIONS
    return EvaluationSettings(
        data=data or DEVELOPMENT_DATA,
        output=output,
        subset=Subset(
            track=track_by_number(options.track) if options.track else None,
            tasks=tuple(options.task),
            types=tuple(options.type),
            limit=options.limit,
            first=options.first,
        ),
        with_limits=options.limits == "phase2",
        resume=options.resume,
        overwrite=options.overwrite,
        detail=options.detail,
    )


def _load_model() -> Any:
    # Imported here, so that it is configured by the environment and its import counts as loading.
    from models.user_config import UserModel

    return UserModel()


if __name__ == "__main__":
    run_command(main, "Interrupted: the same command with --resume continues")
