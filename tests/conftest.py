"""What all tests share: the same examples of every property on every run, new ones where they are asked for."""

import os

from hypothesis import settings

# No deadlines: how long an example takes says something about the machine.
settings.register_profile("default", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=5000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))
