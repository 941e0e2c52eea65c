r"""Fairness rules between groups beyond parity: a capped mean difference, and max-min shares (models.md section 7).

With a_g(x) the amount of group g (coverage: sum over g of x_t; residual: sum over g of V_t (1 - e x_t)), p_g = n_g / N its
share of all people, pi_g = n_g / sum of n_h its share of the people the groups count, A(x) the amount of all zones:

* mean difference    sum_g sum_h pi_g pi_h | a_g / p_g - a_h / p_h |  <=  at_most * A

  The rates a_g / p_g are per head, measured in the overall rate's unit, so the cap is a share of the overall rate and has
  no unit: 0.2 says that two people drawn at random live with rates that differ by 20 % of the overall rate on average.
  Where the groups part the people among them the left side is twice their Gini coefficient times A. Without sorting, with
  one variable u_gh a pair:  u_gh >= +- 2 pi_g pi_h (a_g / p_g - a_h / p_h),  sum of u_gh <= at_most * A.
* max-min share      a_g / p_g >= share * m,  m the largest least rate that budget and the other rules leave attainable;
  for residual harm   a_g / p_g <= M / share,  M the least largest rate attainable
* max-min            the same lexicographically: the least rate as high as possible, then the second least, and so on. The
  rates of that optimum are unique, so as a rule it reads a_g / p_g >= its own level, group by group

Every rule has one **tolerance** d >= 0, 0 the strictest, which sliders and frontiers move: d itself for parity, at_most for
the mean difference, 1 - share for a max-min share.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from patrol_core.errors import InputError

Of = Literal["coverage", "residual"]
Between = Literal["groups", "zones"]
When = Literal["first", "after"]

#: What a rule may speak of, in words.
OF = {"coverage": "coverage per head", "residual": "residual harm per head"}


def plain_number(value: object) -> float:
    """The value as a float; NaN for text, truth values, infinities and anything else that is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer):
        return math.nan
    given: Any = value
    return float(given) if abs(given) < 1e300 else math.nan


def _check_word(kind: str, field: str, value: object, accepted: tuple[str, ...]) -> None:
    if value not in accepted:
        raise InputError(f"A {kind} rule has {field} = {value!r}: accepted are {' and '.join(accepted)}.")


@dataclass(frozen=True, slots=True)
class MeanDifference:
    """Mean absolute difference of per-head rates between groups (or zones) capped, as a share of the overall rate.

    Parameters
    ----------
    at_most
        The cap, >= 0: 0.2 is 20 % of the overall rate.
    of
        ``coverage`` per head, or ``residual`` harm per head.
    between
        ``groups`` of the game, or all ``zones`` that have people, both weighted by population.
    """

    at_most: float
    of: Of = "coverage"
    between: Between = "groups"

    def __post_init__(self) -> None:
        if not plain_number(self.at_most) >= 0:
            raise InputError(
                f"A mean-difference rule has at_most = {self.at_most!r}: accepted is a number >= 0 "
                "(0.2 means 20 % of the overall rate)."
            )
        _check_word("mean-difference", "of", self.of, ("coverage", "residual"))
        _check_word("mean-difference", "between", self.between, ("groups", "zones"))

    @property
    def name(self) -> str:
        """The rule in words, as messages and tables show it."""
        return f"mean difference of {OF[self.of]} between {self.between} of at most {self.at_most:g}"


@dataclass(frozen=True, slots=True)
class MaxMinShare:
    """Every group at least this share of the best least rate that budget and the other rules leave attainable.

    Parameters
    ----------
    share
        From 0 (says nothing) to 1 (the least group as high as can be).
    of
        ``coverage`` per head; or ``residual`` harm per head, then at most 1 / share times the least attainable
        largest rate.
    """

    share: float
    of: Of = "coverage"

    def __post_init__(self) -> None:
        if not 0 <= plain_number(self.share) <= 1:
            raise InputError(
                f"A max-min-share rule has share = {self.share!r}: accepted is a number from 0 to 1."
            )
        _check_word("max-min-share", "of", self.of, ("coverage", "residual"))

    @property
    def name(self) -> str:
        """The rule in words."""
        return f"max-min share of {self.share:g} in {OF[self.of]}"


@dataclass(frozen=True, slots=True)
class MaxMin:
    """Lexicographic max-min of the groups' per-head rates (min-max for residual harm).

    Parameters
    ----------
    of
        ``coverage`` or ``residual`` harm per head.
    when
        ``first``: before the game's own objective, which then only chooses among the plans with these rates.
        ``after``: among the plans with the least worst case (zone games with rational offenders only).
    """

    of: Of = "coverage"
    when: When = "first"

    def __post_init__(self) -> None:
        _check_word("max-min", "of", self.of, ("coverage", "residual"))
        _check_word("max-min", "when", self.when, ("first", "after"))

    @property
    def name(self) -> str:
        """The rule in words."""
        return f"max-min of {OF[self.of]}" + (", after the worst case" if self.when == "after" else "")
