"""The console command: `shopbench VERB …` runs what `python -m MODULE …` runs in a clone.

Nothing heavy is imported before the verb is known.
"""

import runpy
import sys
from importlib.metadata import PackageNotFoundError, version

from submission.commands import COMMANDS, as_typed
from submission.near_names import hint
from submission.places import INSTALLED

_EXTRAS = {"training": "[training]", "tools": "[models]"}
"""By folder: what `pip install` is told to bring beyond what answering and scoring need."""


def main() -> None:
    """Run the verb of the command line."""
    verb = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if verb in ("-h", "--help", "help"):
        print(_help())
        sys.exit(0 if len(sys.argv) > 1 else 2)
    if verb in ("-V", "--version"):
        print(f"shopbench {_version()}")
        return
    if verb not in COMMANDS:
        print(f"Error: there is no verb {verb!r}: {hint(verb, COMMANDS)}", file=sys.stderr)
        sys.exit(2)
    _run(verb)


def _run(verb: str) -> None:
    module = COMMANDS[verb].module
    sys.argv[:2] = [as_typed(module)]
    try:
        runpy.run_module(f"shopbench.{module}" if INSTALLED else module, run_name="__main__", alter_sys=True)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "shopbench":
            raise
        extra = _EXTRAS.get(module.partition(".")[0], "")
        print(
            f"Error: {verb} needs the package {error.name}, which is not installed: "
            f"`pip install '.{extra}'` in a clone brings it",
            file=sys.stderr,
        )
        sys.exit(2)


def _help() -> str:
    width = max(map(len, COMMANDS))
    verbs = "\n".join(f"  {verb:{width}}  {command.help}" for verb, command in COMMANDS.items())
    return (
        "usage: shopbench VERB [options]\n\nAnswers ShopBench questions with a language model, scores it, trains it.\n\n"
        f"{verbs}\n\n`shopbench VERB --help` lists a verb's options, `shopbench --version` says which version this is."
    )


def _version() -> str:
    try:
        return version("shopbench")
    except PackageNotFoundError:
        return "(a clone, not installed)"


if __name__ == "__main__":
    main()
