"""The commands by name: what `shopbench VERB` runs, and how a message tells a user to run one."""

from dataclasses import dataclass

from submission.places import INSTALLED


@dataclass(frozen=True)
class Command:
    """A command: the module that runs it, and what it does."""

    module: str
    help: str


COMMANDS = {
    "evaluate": Command("local_evaluation", "answer questions with a model and score the answers"),
    "show": Command("evaluation.show", "show questions of a report: prompt, answer, truth and score"),
    "ask": Command("evaluation.ask", "ask a model a question of your own"),
    "compare": Command("evaluation.compare", "compare reports question by question"),
    "history": Command("evaluation.history", "show the reports of a folder in one table"),
    "check-submission": Command("evaluation.check_submission", "say whether this folder could be pushed"),
    "t4-plan": Command("evaluation.t4_plan", "predict time and memory of a model on 4 x T4"),
    "build-dataset": Command("training.build_dataset", "build training questions from public sources"),
    "show-questions": Command("training.show_questions", "print some questions of each task of a data set"),
    "synthesize": Command("training.synthesize", "have a language model write training data"),
    "split": Command("training.split", "divide questions into training, validation and test sets"),
    "sft": Command("training.sft", "fine-tune one LoRA adapter"),
    "ensemble": Command("training.ensemble", "combine adapters into one"),
    "wise-ft": Command("training.wise_ft", "write the model between base and fine-tuned"),
    "merge": Command("training.merge", "merge an adapter into its base"),
    "compare-variants": Command("training.compare", "compare what a recipe made: adapters, ensemble, merged model"),
    "calibrate-awq": Command("training.calibrate_awq", "quantise a merged model to 4 bits"),
    "pipeline": Command("training.pipeline", "run a recipe from questions to the model"),
    "fetch-models": Command("tools.fetch_models", "bring the small model and what scores prose"),
    "fetch-qwen": Command("tools.fetch_qwen", "bring a real half-billion model of Qwen2's family"),
}
"""By verb."""


def as_typed(module: str) -> str:
    """Return what a user types to run a module: a verb of `shopbench` if that is installed, else the module itself."""
    if not INSTALLED:
        return "python local_evaluation.py" if module == "local_evaluation" else f"python -m {module}"
    verb = next((verb for verb, command in COMMANDS.items() if command.module == module), None)
    return f"shopbench {verb}" if verb else f"python -m shopbench.{module}"
