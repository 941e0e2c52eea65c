"""Floors and caps on coverage: of a zone (a bound), of every zone, or of the sum over a group (a row)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, Self

import numpy as np

from patrol_core.arrays import Floats, Indices
from patrol_core.errors import InputError
from patrol_core.games.rules.rows import Harm, Line
from patrol_core.games.rules.rule import HoursForm, Loosening, Rule, RuleGame, plain_number


class _Level(Rule):
    """A level of one zone, of the sum over a group, or (neither named) of every zone."""

    __slots__ = ()
    #: The field that holds it, and the side of the row it stands on.
    field: ClassVar[str]
    side: ClassVar[str]
    zone: str | None
    group: str | None

    @property
    def level(self) -> float:
        """The level."""
        return float(getattr(self, self.field))

    @property
    def name(self) -> str:
        """The rule in words, as messages and tables show it."""
        place = "every zone"
        if self.zone is not None or self.group is not None:
            place = f"group {self.group!r}" if self.zone is None else f"zone {self.zone!r}"
        scale, unit = self.said_in
        return f"{self.kind} of {self.level * scale:g}{unit} on {place}"

    @property
    def couples(self) -> bool:
        """A sum over a group does."""
        return self.group is not None

    def at(self, level: float) -> Self:
        """At another level."""
        return replace(self, **{self.field: level})  # type: ignore[type-var]

    def check(self, game: RuleGame) -> None:
        """Refuse a zone or group that is not in the game, and more than one unit in a zone where no zone takes more."""
        if self.group is None and self.level > 1 and not game.curved:
            raise InputError(
                f"A {self.kind} has {self.field} = {self.level!r}: accepted is a number from 0 to 1."
            )
        if self.zone is not None and not game.has_zone(self.zone):
            raise InputError(
                f"The {self.name} names a zone that is not in the game; zones are {some(game.zone_ids)}."
            )
        if self.group is not None and self.group not in game.groups:
            known = ", ".join(map(repr, game.groups)) or "none"
            raise InputError(f"The {self.name} names an unknown group; the game's groups are: {known}.")

    def bound(self, game: RuleGame, lower: Floats, upper: Floats) -> None:
        """Bounds of zones; a group has a row."""
        if self.group is None:
            where = slice(None) if self.zone is None else game.position(self.zone)
            if self.side == "least":
                lower[where] = np.maximum(lower[where], self.level)
            else:
                upper[where] = np.minimum(upper[where], self.level)

    def lines(self, game: RuleGame, harm: Harm) -> dict[tuple[str, str], Line]:
        """C_g against the level."""
        if self.group is None:
            return {}
        return {(self.group, self.side): Line({("C", self.group): 1.0}, self.level)}

    def violation(self, game: RuleGame, coverage: Floats) -> float:
        """In zones covered."""
        amounts = coverage if self.zone is None else coverage[[game.position(self.zone)]]
        if self.group is not None:
            amounts = coverage[game.members(self.group)].sum(keepdims=True)
        over = self.level - amounts if self.side == "least" else amounts - self.level
        return max(0.0, float(over.max()))

    def loosenings(self, game: RuleGame) -> tuple[Loosening[Rule], ...]:
        """Down to 0, or up to all zones; to the budget where zones take more than one unit."""
        if self.side == "least":
            loose, verb = 0.0, "lower"
        elif game.curved:
            loose, verb = max(self.level, game.budget), "raise"
        else:
            whole = 1.0 if self.group is None else float(game.members(self.group).size)
            loose, verb = max(self.level, whole), "raise"
        advice, (scale, unit) = f"{verb} the {self.name} to ", self.said_in
        return (
            Loosening(self.level, loose, self.at, lambda v: advice + f"{v * scale:.10g}{unit}", scale, unit),
        )

    def hours_form(self) -> HoursForm:
        """Of a group, read as hours; a cap of 0 takes a zone out of the patrols."""
        if self.group is None and (self.side == "least" or self.level > 0):
            raise InputError(
                f"The rule '{self.name}' is in coverage (0 to 1); an hours plan needs hours in the month: use "
                "HoursFloor or HoursCap."
            )
        ends = {"least": (self.level, math.inf), "most": (-math.inf, self.level)}[self.side]
        return HoursForm(f"{self.kind} of {self.level:g} h", self.zone, self.group, *ends)

    def __post_init__(self) -> None:
        value = getattr(self, self.field)
        if self.zone is not None and self.group is not None:
            raise InputError(
                f"A {self.kind} names zone {self.zone!r} and group {self.group!r}: accepted is one of them, or neither "
                "for all."
            )
        for label, given in (("zone", self.zone), ("group", self.group)):
            if given is not None and not isinstance(given, str):
                raise InputError(
                    f"A {self.kind} has {label} = {given!r}: accepted is the {label}'s name as text."
                )
        if not plain_number(value) >= 0:
            raise InputError(f"A {self.kind} has {self.field} = {value!r}: accepted is a number >= 0.")


@dataclass(frozen=True, slots=True)
class Floor(_Level):
    """At least this much coverage: of one zone, of the sum over a group, or (neither named) of every zone."""

    at_least: float
    zone: str | None = None
    group: str | None = None

    kind, field, side, order = "floor", "at_least", "least", 1

    @property
    def slider(self) -> Literal["", "parity", "floor"]:
        """The floor of every zone has one."""
        return "floor" if self.zone is None and self.group is None else ""


@dataclass(frozen=True, slots=True)
class DailyFloor(Floor):
    """A floor that was given in hours a day, of which messages speak; ``hours`` are those of one unit."""

    hours: float = 24.0

    @property
    def said_in(self) -> tuple[float, str]:
        """Hours a day."""
        return self.hours, " h a day"

    def document(self) -> dict[str, object]:
        """As a floor in units."""
        return Floor(self.at_least, self.zone, self.group).document()


@dataclass(frozen=True, slots=True)
class Cap(_Level):
    """At most this much coverage: of one zone, of the sum over a group, or (neither named) of every zone."""

    at_most: float
    zone: str | None = None
    group: str | None = None

    kind, field, side, order = "cap", "at_most", "most", 2


@dataclass(frozen=True, slots=True)
class PlaceCap(Rule):
    """A budget of its own: at most so many units in the zones of a place.

    Args:
        place: Its name.
        zones: Labels of its zones.
        at_most: Units at once.
        what: What kind of place it is, in messages.
        hours: Hours a month of one unit, where the budget was given in hours: messages then speak of them.
    """

    place: str
    zones: tuple[str, ...]
    at_most: float
    what: str = "ward"
    hours: float | None = None

    kind, order = "place-cap", 2

    def __post_init__(self) -> None:
        if not plain_number(self.at_most) >= 0:
            raise InputError(f"The {self.name} is {self.at_most!r}: accepted is a number >= 0.")
        given: Any = self.zones
        if isinstance(given, str) or not given:
            raise InputError(f"The {self.name} has zones = {given!r}: accepted is a list of zone ids.")
        object.__setattr__(self, "zones", tuple(dict.fromkeys(self.zones)))

    @property
    def name(self) -> str:
        """The rule in words."""
        return f"budget of {self.what} {self.place!r}"

    @property
    def place_kind(self) -> str:
        """What kind of place it is."""
        return self.what

    def check(self, game: RuleGame) -> None:
        """Refuse zones that are not in the game."""
        unknown = [zone for zone in self.zones if not game.has_zone(zone)]
        if unknown:
            raise InputError(
                f"The {self.name} lists zone {unknown[0]!r}, which is not in the game; zones are {some(game.zone_ids)}."
            )

    def places(self, game: RuleGame) -> tuple[Indices, ...]:
        """Its zones."""
        return (np.array([game.position(zone) for zone in self.zones], dtype=np.intp),)

    def lines(self, game: RuleGame, harm: Harm) -> dict[tuple[str, str], Line]:
        """The sum against the budget."""
        (zones,) = self.places(game)
        return {(self.place, "most"): Line({("X", tuple(zones.tolist())): 1.0}, float(self.at_most))}

    def violation(self, game: RuleGame, coverage: Floats) -> float:
        """In units."""
        (zones,) = self.places(game)
        return max(0.0, float(coverage[zones].sum()) - self.at_most)

    def loosenings(self, game: RuleGame) -> tuple[Loosening[Rule], ...]:
        """Up to the whole budget."""
        most = max(self.at_most, game.budget)
        scale, unit = (1.0, "") if self.hours is None else (self.hours, " h a month")
        advice = f"raise the {self.name} from {self.at_most * scale:.10g} to "
        return (
            Loosening(
                self.at_most,
                most,
                lambda v: replace(self, at_most=v),
                lambda v: advice + f"{v * scale:.8g}{unit}",
                scale,
                unit,
            ),
        )

    def hours_form(self) -> HoursForm:
        """Hours have budgets of places of their own."""
        raise InputError(
            f"The {self.name} is in units; an hours plan takes budgets of wards and boroughs in hours."
        )


def some(labels: tuple[str, ...]) -> str:
    """The first labels, for a message."""
    shown = ", ".join(map(repr, labels[:5]))
    return shown + (f" and {len(labels) - 5} more" if len(labels) > 5 else "")
