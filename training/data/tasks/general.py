"""General tasks that keep a fine-tuned model from forgetting: MMLU's exam questions, Alpaca's instructions.

A question of `general_knowledge`, and its answer:

    Which part of a plant cell takes in light for photosynthesis?
    0. The chloroplast
    1. The cell wall
    2. The nucleus
    3. The vacuole
    Answer: 0
"""

import re
from random import Random

from submission.questions import AnswerKind, read_question
from submission.task_types import TaskType
from training.data.sources.records import AnsweredInstruction, ExamQuestion
from training.data.tasks.task import Draft, Pool, Task, choice_by_case

KNOWLEDGE = Task(
    "general_knowledge",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=2,
    wordings=(
        "{question}\n{options}\nAnswer: ",
        "Answer this question about {subject}.\n{question}\n{options}\nAnswer: ",
        "An exam in {subject} asks: {question}\nWhich answer earns the point?\n{options}\nAnswer: ",
        "Question: {question}\nSelect the correct option.\n{options}\nAnswer:",
    ),
)
# "A and C only", "both of these": choices that speak of others by their old letters or all together.
_OTHER_CHOICES = re.compile(r"(?i:\b(?:of the above|of these|of them)\b|\([a-d]\))|\b[A-D] ?(?:,|and|or|&) ?[A-D]\b")


@KNOWLEDGE.built_from("mmlu/questions")
def build_knowledge(exam: ExamQuestion, pool: Pool[ExamQuestion], rng: Random) -> Draft | None:
    """Ask an exam question, its choices in a new order unless one of them speaks of the others."""
    if any(_OTHER_CHOICES.search(choice) for choice in exam.choices):
        return pool.skip("exam question with a choice that speaks of the other choices")
    wrong = [text for place, text in enumerate(exam.choices) if place != exam.answer]
    subject = exam.subject or "general knowledge"
    right = exam.choices[exam.answer]
    # "Bb" and "bb" are two genotypes.
    return choice_by_case(rng, right, wrong, question=exam.question, subject=subject)


INSTRUCTION = Task(
    "general_instruction",
    TaskType.GENERATION,
    "sent-transformer",
    track=1,
    wordings=(
        # The context brings its own line, "Input: …", or nothing.
        "Instructions: {instruction}{context}\nOutput:",
        "{instruction}{context}\nOutput: ",
        "Do what is asked here.\n{instruction}{context}\nAnswer: ",
        "Task: {instruction}{context}\nAnswer:",
    ),
)


@INSTRUCTION.built_from("alpaca/instructions")
def build_instruction(row: AnsweredInstruction, pool: Pool[AnsweredInstruction], rng: Random) -> Draft | None:
    """Ask an instruction as it is; what reads as another kind of task cannot be asked and is counted."""
    slots = {"instruction": row.instruction, "context": f"\nInput: {row.context}" if row.context else ""}
    question = read_question(INSTRUCTION.wordings[0].format(**slots), is_multiple_choice=False)
    if question.task_type is not TaskType.GENERATION or question.answer_kind is not AnswerKind.PROSE:
        return pool.skip("instruction that reads as an extraction, a translation or a task with a list")
    return Draft(slots, row.answer)
