"""Has a language model write training data, as a recipe says.

Four generators ask a writer for wordings and labels, check every one, and keep what passes as questions in ShopBench's
shape: `questions.jsonl`, which `training.build_dataset` reads as a `shopbench` file, and `wordings.jsonl`, which it takes
as `extra_wordings`. What does not pass is in `rejected.jsonl` with its reason. Replies are cached by request: run again
after a kill, and nothing is asked twice.
"""

import argparse

from submission.commands import as_typed
from training.command_line import run_command
from training.data.synthetic.synthesis import SynthesisRecipe, report_text, synthesize
from training.recipe import add_recipe_arguments, load_recipe


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog=as_typed("training.synthesize"), description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_recipe_arguments(parser)
    options = parser.parse_args(arguments)
    recipe = load_recipe(options.recipe, options.overrides, SynthesisRecipe)
    report = synthesize(recipe)
    print(report_text(recipe.name, report))
    print(f"written to {recipe.output}")


if __name__ == "__main__":
    run_command(main)
