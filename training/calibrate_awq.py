"""Quantises a merged model to AWQ, 4 bits, for tensor parallelism on 4 × T4, and checks what came out.

The one thing to know: what quantises (`training.awq.backends`) runs as a separate process in an environment of its own.
Everything is made in OUTPUT.work, and OUTPUT appears only when every check has passed. The same command after a kill goes
on at the first step that is not done: padding at its next shard, the tool (which cannot be resumed) at its beginning, the
checks at theirs.
"""

from training.awq.options import parse_options
from training.command_line import run_command


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    asked = parse_options(arguments, __doc__)
    # Heavy: what is wrong with the command line is said before.
    from training.awq.quantising import quantise_and_check

    quantise_and_check(asked)


if __name__ == "__main__":
    run_command(main)
