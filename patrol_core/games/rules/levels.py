"""Floors and caps on coverage: of a zone (a bound), of every zone, or of the sum over a group (a row)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.games.rules.rows import Harm, Line
from patrol_core.games.rules.rule import HoursForm, Loosening, Rule, RuleGame, plain_number


class _Level(Rule):
    """A level of one zone, of the sum over a group, or (neither named) of every zone."""

    __slots__ = ()
    zone: str | None
    group: str | None

    @property
    def couples(self) -> bool:
        """A sum over a group does."""
        return self.group is not None

    def check(self, game: RuleGame) -> None:
        """Refuse a zone or group that is not in the game."""
        if self.zone is not None and not game.has_zone(self.zone):
            raise InputError(
                f"The {self.name} names a zone that is not in the game; zones are {some(game.zone_ids)}."
            )
        if self.group is not None and self.group not in game.groups:
            known = ", ".join(map(repr, game.groups)) or "none"
            raise InputError(f"The {self.name} names an unknown group; the game's groups are: {known}.")

    def _where(self, game: RuleGame) -> slice | int:
        return slice(None) if self.zone is None else game.position(self.zone)

    def _amounts(self, game: RuleGame, coverage: Floats) -> Floats:
        if self.group is not None:
            return np.asarray(coverage[game.members(self.group)].sum(keepdims=True))
        return np.atleast_1d(coverage[self._where(game)])

    def _place(self) -> str:
        if self.zone is not None:
            return f"zone {self.zone!r}"
        return f"group {self.group!r}" if self.group is not None else "every zone"

    def _check_level(self, field: str) -> None:
        kind, value = self.kind, getattr(self, field)
        if self.zone is not None and self.group is not None:
            raise InputError(
                f"A {kind} names zone {self.zone!r} and group {self.group!r}: accepted is one of them, or neither for all."
            )
        for label, given in (("zone", self.zone), ("group", self.group)):
            if given is not None and not isinstance(given, str):
                raise InputError(f"A {kind} has {label} = {given!r}: accepted is the {label}'s name as text.")
        top = "a number from 0 to 1" if self.group is None else "a number >= 0"
        number = plain_number(value)
        if not number >= 0 or (self.group is None and number > 1):
            raise InputError(f"A {kind} has {field} = {value!r}: accepted is {top}.")

    def _refuse_coverage(self) -> None:
        raise InputError(
            f"The rule '{self.name}' is in coverage (0 to 1); an hours plan needs hours in the month: use "
            "HoursFloor or HoursCap."
        )


@dataclass(frozen=True, slots=True)
class Floor(_Level):
    """At least this much coverage: of one zone, of the sum over a group, or (neither named) of every zone."""

    at_least: float
    zone: str | None = None
    group: str | None = None

    kind = "floor"
    order = 1

    def __post_init__(self) -> None:
        self._check_level("at_least")

    @property
    def slider(self) -> Literal["", "parity", "floor"]:
        """The floor of every zone has one."""
        return "floor" if self.zone is None and self.group is None else ""

    def at(self, level: float) -> Floor:
        """At another level."""
        return replace(self, at_least=level)

    @property
    def name(self) -> str:
        """The rule in words, as messages and tables show it."""
        return f"floor of {self.at_least:g} on {self._place()}"

    def bound(self, game: RuleGame, lower: Floats, upper: Floats) -> None:
        """Raise lower bounds.

        Parameters
        ----------
        game
            The game.
        upper
            (n,) upper bounds on coverage.
        """
        if self.group is None:
            where = self._where(game)
            lower[where] = np.maximum(lower[where], self.at_least)

    def lines(self, game: RuleGame, harm: Harm) -> dict[tuple[str, str], Line]:
        """C_g >= a."""
        if self.group is None:
            return {}
        return {(self.group, "least"): Line({("C", self.group): 1.0}, self.at_least)}

    def violation(self, game: RuleGame, coverage: Floats) -> float:
        """In zones covered."""
        return max(0.0, float((self.at_least - self._amounts(game, coverage)).max()))

    def loosenings(self, game: RuleGame) -> tuple[Loosening[Rule], ...]:
        """Down to 0."""
        advice = f"lower the {self.name} to "
        return (Loosening(self.at_least, 0.0, self.at, lambda v: advice + f"{v:.10g}"),)

    def hours_form(self) -> HoursForm:
        """Of a group, read as hours."""
        if self.group is None:
            self._refuse_coverage()
        return HoursForm(f"floor of {self.at_least:g} h", group=self.group, least=float(self.at_least))


@dataclass(frozen=True, slots=True)
class Cap(_Level):
    """At most this much coverage: of one zone, of the sum over a group, or (neither named) of every zone."""

    at_most: float
    zone: str | None = None
    group: str | None = None

    kind = "cap"
    order = 2

    def __post_init__(self) -> None:
        self._check_level("at_most")

    @property
    def name(self) -> str:
        """The rule in words."""
        return f"cap of {self.at_most:g} on {self._place()}"

    def bound(self, game: RuleGame, lower: Floats, upper: Floats) -> None:
        """Lower upper bounds.

        Parameters
        ----------
        game
            The game.
        lower
            (n,) lower bounds on coverage.
        """
        if self.group is None:
            where = self._where(game)
            upper[where] = np.minimum(upper[where], self.at_most)

    def lines(self, game: RuleGame, harm: Harm) -> dict[tuple[str, str], Line]:
        """C_g <= a."""
        if self.group is None:
            return {}
        return {(self.group, "most"): Line({("C", self.group): 1.0}, self.at_most)}

    def violation(self, game: RuleGame, coverage: Floats) -> float:
        """In zones covered."""
        return max(0.0, float((self._amounts(game, coverage) - self.at_most).max()))

    def loosenings(self, game: RuleGame) -> tuple[Loosening[Rule], ...]:
        """Up to all zones."""
        advice = f"raise the {self.name} to "
        most = 1.0 if self.group is None else max(self.at_most, float(game.members(self.group).size))
        return (
            Loosening(self.at_most, most, lambda v: replace(self, at_most=v), lambda v: advice + f"{v:.10g}"),
        )

    def hours_form(self) -> HoursForm:
        """Of a group, read as hours; 0 takes a zone out of the patrols."""
        if self.group is None and self.at_most > 0:
            self._refuse_coverage()
        words = f"cap of {self.at_most:g} h"
        return HoursForm(words, zone=self.zone, group=self.group, most=float(self.at_most))


def some(labels: tuple[str, ...]) -> str:
    """The first labels, for a message."""
    shown = ", ".join(map(repr, labels[:5]))
    return shown + (f" and {len(labels) - 5} more" if len(labels) > 5 else "")
