"""A small honest `UserModel` for testing the evaluation without a language model: it answers from the wording alone."""

import re
from dataclasses import dataclass


@dataclass
class Found:
    task_type: str
    form: str
    raw_text: str
    answer: str


class RuleModel:
    """Answers with the first numbers listed, or with the last words of the question."""

    def __init__(self, batch_size=4):
        self.batch_size = batch_size
        self.calls = []

    def get_batch_size(self):
        self.calls.append("get_batch_size")
        return self.batch_size

    def batch_predict(self, batch, is_multiple_choice):
        assert list(batch) == ["prompt"]
        self.calls.append((list(batch["prompt"]), is_multiple_choice))
        answers = [self.answer(prompt, is_multiple_choice) for prompt in batch["prompt"]]
        self.last_answers = [Found("generation", "rule", answer + "!", answer) for answer in answers]
        return answers

    def answer(self, prompt, is_multiple_choice):
        listed = re.findall(r"^(\d+)\.", prompt, re.MULTILINE) or ["3"]
        if is_multiple_choice:
            return listed[0]
        if "permutation" in prompt:
            return ",".join(listed[:5])
        if len(listed) > 5:
            return ", ".join(listed[1:4])
        return " ".join(prompt.removesuffix("Output: ").split()[-3:])
