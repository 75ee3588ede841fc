"""The numbers by which the competition's evaluator asks and reads, the same on every track (`tracks` has the others)."""

SECONDS_PER_QUESTION = 10.0
"""A batch that takes longer than this, times its questions, ends the run (rules of phase 2)."""

MAX_BATCH_SIZE = 16
"""How many questions may be handed over together."""

MAX_RESPONSE_CHARACTERS = 5000
"""What stands behind so many characters of a response is not read."""

RETRIEVED_NUMBERS = 3
"""So many numbers of a retrieval response are read and scored."""
