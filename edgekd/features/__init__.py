"""Audio features as int8: computed on the host exactly as the board computes them, from one set of tables.

    front_end = FrontEnd(coefficients=10)      what is computed, and the tables of it
    fixed_point.features(front_end, pcm)       int8, bit for bit what firmware/features computes
    floating.features(front_end, pcm)          the same formula in real numbers, to judge the former by
    c_files(front_end, folder)                 the C for a board

firmware/features/README.md has the formula.
"""

from edgekd.features.c_files import c_files
from edgekd.features.front_end import INPUT_SCALE, FrontEnd

__all__ = ["INPUT_SCALE", "FrontEnd", "c_files"]
