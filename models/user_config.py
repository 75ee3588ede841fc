"""What the evaluator imports: the name `UserModel`."""

from models.shopbench_model import ShopBenchModel

UserModel = ShopBenchModel
