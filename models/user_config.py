"""What the evaluator imports: the name `UserModel`.

Nothing is fetched while answering. Libraries read that off the environment once, when they are imported, hence the order.
"""

import os

from submission.offline import OFFLINE

os.environ.update(OFFLINE)

from models.shopbench_model import ShopBenchModel

UserModel = ShopBenchModel
