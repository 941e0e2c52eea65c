"""Units that games are solved in: every model sees data of order 1, whatever they are measured in.

Tolerances of solvers are absolute, so values near 1e-9 would all look like 0 to them. Each front door therefore measures
its game in a unit of its own data, solves, and puts the figures back. The unit is a power of two, so neither way costs
a digit.
"""

from __future__ import annotations

import math

import numpy as np

from patrol_core.arrays import Floats


def unit_of(*tables: Floats) -> float:
    """The power of two at or below the largest size in the tables; 1 where nothing is above 0.

    Args:
        *tables: Arrays of one unit; entries that are not known (NaN) do not count.
    """
    sizes = [float(np.abs(table[np.isfinite(table)]).max(initial=0.0)) for table in map(np.asarray, tables)]
    largest = max(sizes, default=0.0)
    return math.ldexp(1.0, math.frexp(largest)[1] - 1) if largest > 0 else 1.0
