"""Answers ShopBench questions. Installed, all folders of the clone that hold code are parts of this package."""
