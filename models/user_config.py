"""What the evaluator imports: the name `UserModel`.

Nothing is fetched while answering. Libraries read that off the environment once, when they are imported, hence the order.
"""

import os

os.environ.update(HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", HF_DATASETS_OFFLINE="1")

from models.shopbench_model import ShopBenchModel

UserModel = ShopBenchModel
