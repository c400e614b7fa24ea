"""The students that fit a board: width, depth, resolution and kernels searched for accuracy against cost.

Optuna proposes candidates and keeps them in the run directory. Each is first measured untrained, as int8 firmware on
the emulated board: what does not fit is refused before any training. The others are trained as the recipe's student is,
with its teachers, and judged on the validation set.
"""
