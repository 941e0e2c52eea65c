r"""The worst-off group first: max-min shares of per-head rates, and their lexicographic max-min.

With a_g(x) the amount of group g (coverage, or residual harm) and p_g its share of all people:

* max-min share      a_g / p_g >= share * m,  m the largest least rate that budget and the other rules leave attainable;
  for residual harm   a_g / p_g <= M / share,  M the least largest rate attainable
* max-min            the same lexicographically: the least rate as high as possible, then the second least, and so on. The
  rates of that optimum are unique, so as a rule it reads a_g / p_g >= its own level, group by group
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.games.rules.rows import Harm, Line, Of
from patrol_core.games.rules.rule import (
    NO_RESIDUAL_HOURS,
    OF,
    Fairness,
    HoursForm,
    Loosening,
    Rule,
    RuleGame,
    amounts,
    check_groups,
    check_people,
    check_word,
    checked_tolerance,
    plain_number,
    total_of,
)

When = Literal["first", "after"]

#: Levels are loosened by this share: at the extreme itself rounding would decide whether a plan is left.
_SLACK = 1e-9


class _Attained(Rule):
    """Every group's rate on the right side of a level that follows from what is attainable."""

    __slots__ = ()
    of_attainable = True

    def _levels(self, game: RuleGame) -> Floats | None:
        """Level of each group's rate a_g / p_g (residual: in shares of all harm); infinite where it says nothing."""
        raise NotImplementedError

    @property
    def _slack(self) -> float:
        return 1 - _SLACK if self.of == "coverage" else 1 + _SLACK

    def check(self, game: RuleGame) -> None:
        """Groups, and people in each."""
        check_groups(self, game)
        check_people(self, game)

    def lines(self, game: RuleGame, harm: Harm) -> dict[tuple[str, str], Line]:
        """One row a group."""
        levels, side = self._levels(game), "most" if self.of == "residual" else "least"
        result: dict[tuple[str, str], Line] = {}
        if levels is not None:
            for group, level in zip(game.groups, levels.tolist(), strict=True):
                constant, total, slope = total_of(self.of, harm, game, group)
                # something, where next to nothing is left
                room = _SLACK if self.of == "residual" and game.curved else 0.0
                limit = (level + room) * game.population_share(group) - constant
                result[group, side] = Line({total: slope}, limit)
        return result

    def violation(self, game: RuleGame, coverage: Floats) -> float:
        """What the worst-off group lacks, as a share of the extreme rate attainable."""
        levels = self._levels(game)
        if levels is None:
            return 0.0
        constant, slope = amounts(self.of, game.harm)
        amount, sign = constant + slope * coverage, 1.0 if self.of == "residual" else -1.0
        if self.of == "residual" and game.curved:
            amount = constant * game.left(coverage)
        over = [
            sign * (float(amount[game.members(g)].sum()) / game.population_share(g) - level)
            for g, level in zip(game.groups, levels.tolist(), strict=True)
            if np.isfinite(level)
        ]
        unit = abs(game.attainable(self.of).extreme) if over else 0.0
        return float(max([0.0, *over])) / (unit or 1.0)


@dataclass(frozen=True, slots=True)
class MaxMinShare(_Attained, Fairness):
    """Every group at least this share of the best least rate that budget and the other rules leave attainable.

    Args:
        share: From 0 (says nothing) to 1 (the least group as high as can be).
        of: ``coverage`` per head; or ``residual`` harm per head, then at most 1 / share times the least
            attainable largest rate.
    """

    share: float
    of: Of = "coverage"

    kind = "max-min-share"

    def __post_init__(self) -> None:
        if not 0 <= plain_number(self.share) <= 1:
            raise InputError(
                f"A max-min-share rule has share = {self.share!r}: accepted is a number from 0 to 1."
            )
        check_word("max-min-share", "of", self.of, ("coverage", "residual"))

    @property
    def name(self) -> str:
        """The rule in words."""
        return f"max-min share of {self.share:g} in {OF[self.of]}"

    @property
    def tolerance(self) -> float:
        """1 - share."""
        return 1.0 - self.share

    def with_tolerance(self, tolerance: float) -> Self:
        """At another share."""
        return replace(self, share=max(0.0, 1.0 - checked_tolerance(tolerance)))

    def met_at(self, game: RuleGame, coverage: Floats) -> float:
        """1 minus the share that the plan's worst-off group attains."""
        lacks = self.with_tolerance(0.0).violation(game, coverage)
        return lacks / (1.0 + lacks) if self.of == "residual" else min(lacks, 1.0)

    def most_tolerance(self) -> float:
        """Share 0."""
        return 1.0

    def loosenings(self, game: RuleGame) -> tuple[Loosening[Rule], ...]:
        """Down to share 0."""
        advice = f"lower the {self.name} to "
        return (Loosening(self.tolerance, 1.0, self.with_tolerance, lambda v: advice + f"{1 - v:.10g}"),)

    def hours_form(self) -> HoursForm:
        """Floors of hours per head."""
        if self.of == "residual":
            raise InputError(NO_RESIDUAL_HOURS)
        return HoursForm(f"max-min share of {self.share:g} of hours per head", of_best=self.share)

    def _levels(self, game: RuleGame) -> Floats:
        extreme = self._slack * game.attainable(self.of).extreme
        if self.of == "coverage":
            level = self.share * extreme
        else:
            level = extreme / self.share if self.share > 0 else np.inf
        return np.full(len(game.groups), level)


@dataclass(frozen=True, slots=True)
class MaxMin(_Attained):
    """Lexicographic max-min of the groups' per-head rates (min-max for residual harm).

    Args:
        of: ``coverage`` or ``residual`` harm per head.
        when: ``first``: before the game's own objective, which then only chooses among the plans with these
            rates. ``after``: among the plans with the least worst case (zone games with rational offenders
            only).
    """

    of: Of = "coverage"
    when: When = "first"

    kind = "max-min"

    def __post_init__(self) -> None:
        check_word("max-min", "of", self.of, ("coverage", "residual"))
        check_word("max-min", "when", self.when, ("first", "after"))

    @property
    def name(self) -> str:
        """The rule in words."""
        return f"max-min of {OF[self.of]}" + (", after the worst case" if self.when == "after" else "")

    @property
    def after(self) -> bool:
        """After the worst case."""
        return self.when == "after"

    def brought_forward(self) -> MaxMin:
        """Before the objective."""
        return replace(self, when="first")

    def hours_form(self) -> HoursForm:
        """Hours hold the share only."""
        if self.of == "residual":
            raise InputError(NO_RESIDUAL_HOURS)
        raise InputError(
            "Lexicographic max-min cannot be asked of an hours plan; ask for a max-min share (1 for the best)."
        )

    def _levels(self, game: RuleGame) -> Floats | None:
        return None if self.after else self._slack * game.attainable(self.of).levels
