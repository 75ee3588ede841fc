"""The five task types, by the names that the data use."""

from enum import StrEnum


class TaskType(StrEnum):
    """What kind of answer a question asks for."""

    MULTIPLE_CHOICE = "multiple-choice"
    RANKING = "ranking"
    RETRIEVAL = "retrieval"
    NAMED_ENTITY_RECOGNITION = "named_entity_recognition"
    GENERATION = "generation"
