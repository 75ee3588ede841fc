"""wise-ft on the command line: the model at a given α between base and fine-tuned, or at the α that a sweep chooses.

The one thing to know: α = 0 is the base, α = 1 the fine-tuned model. `--sweep 0:1:0.1` answers validation questions at
each α in vLLM. Allowed is each α whose score on unseen tasks is not below the 95 % interval of α = 0. Of these the best
mean of seen and unseen tasks is taken.
"""

import argparse
from pathlib import Path

from submission.commands import as_typed
from submission.errors import ShopBenchError
from training.command_line import run_command


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog=as_typed("training.wise_ft"), description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--base", type=Path, required=True, help="folder of the base model")
    parser.add_argument("--fine-tuned", type=Path, required=True, help="folder of a LoRA adapter or a full checkpoint")
    parser.add_argument("--output", type=Path, required=True, help="folder to write the interpolated model to")
    parser.add_argument("--alpha", type=float, help="0: the base, 1: the fine-tuned model")
    parser.add_argument(
        "--sweep", metavar="START:STOP:STEP", help="choose alpha on the validation questions, e.g. 0:1:0.1"
    )
    parser.add_argument("--seen", type=Path, help="validation questions of tasks that were trained on, for --sweep")
    parser.add_argument("--unseen", type=Path, help="validation questions of other tasks, for --sweep")
    parser.add_argument(
        "--track", type=int, choices=range(1, 6), default=5, help="whose system prompt asks (default: 5)"
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the engine (default: 0)")
    options = parser.parse_args(arguments)
    alpha = options.alpha
    if (alpha is None) == (options.sweep is None):
        raise ShopBenchError("give either --alpha or --sweep")
    if options.sweep and not (options.seen and options.unseen):
        raise ShopBenchError("--sweep needs --seen and --unseen, the validation questions")
    # Behind the arguments: PyTorch takes seconds to load.
    from training.checkpoints.merging import write_interpolated
    from training.fine_tuning.alpha_sweep import ValidationSets, parse_sweep, sweep_with_engine
    from training.fine_tuning.variant_scores import Asking, Variant

    if options.sweep:
        report = options.output.with_name(f"{options.output.name}.sweep")
        alphas = parse_sweep(options.sweep)
        fine_tuned = Variant(options.base, options.fine_tuned)
        validation = ValidationSets(seen=options.seen, unseen=options.unseen)
        chosen = sweep_with_engine(fine_tuned, validation, alphas, report, Asking(options.track, options.seed))
        print(f"chosen: alpha {chosen.alpha:g}, seen {chosen.seen}, unseen {chosen.unseen}; see {report}")
        alpha = chosen.alpha
    write_interpolated(options.base, options.fine_tuned, options.output, alpha)


if __name__ == "__main__":
    run_command(main)
