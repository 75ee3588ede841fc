"""What the evaluator imports: the name `UserModel`.

Nothing is fetched while answering. Libraries read that off the environment once, when they are imported, hence the order.
"""

import os

from submission.offline import OFFLINE

os.environ.update(OFFLINE)

from models.shopbench_model import ShopBenchModel
from submission.settings import Settings


class UserModel(ShopBenchModel):
    """The submission as the evaluator makes it: without arguments, steered by the environment."""

    def __init__(self) -> None:
        super().__init__(Settings.from_environment())
