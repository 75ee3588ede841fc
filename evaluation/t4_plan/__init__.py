"""A plan on paper: does a model fit on four T4 cards, and does each track end within its limit?

`machine` holds what is known and what is assumed about the hardware. `model_shape` holds what a model weighs and
computes, `workload` the token counts of real questions. `timing` and `memory` do the arithmetic, `fit` checks it
against published times. `report` writes the tables and the picture. Run it with `python -m evaluation.t4_plan --help`.
"""
