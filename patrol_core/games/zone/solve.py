"""The nouns of the zone security game: what is given (ZoneGame) and what comes back (Strategy).

Zones t = 1..n with value V_t >= 0 (expected harm or count if unopposed), effectiveness e in (0, 1] (share of
V_t that one unit prevents while it is there), coverage x_t >= 0 (units there on average), budget B = units out at once.
Residual harm of a zone is V_t s_t(x_t): what the attacker gets there and the defender loses, with the response s_t of
:mod:`~patrol_core.games.zone.response`; by default 1 - e x_t with x_t at most 1.
"""

from __future__ import annotations

import copy
import hashlib
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats, Indices
from patrol_core.certificate import Certificate
from patrol_core.errors import InputError
from patrol_core.games.rules import Harm, Of, Rule, checked_rules, some
from patrol_core.games.zone.response import SHAPES, Response, Shape
from patrol_core.solvers import unit_of


@dataclass(frozen=True, eq=False)
class Attainable:
    """What can be attained for the group that comes off worst.

    Attributes:
        extreme: m, the best least rate a_g / p_g (residual harm: M, the least largest, in shares of all
            unopposed harm).
        levels: Rates of all groups at the leximin optimum, in the order of the game's groups.
        bound: Proved: no allowed plan has a better extreme.
    """

    extreme: float
    levels: Floats
    bound: float


@dataclass(frozen=True, eq=False)
class ZoneGame:
    """A zero-sum security game over zones, checked once when it is made.

    Args:
        zone_ids: Unique labels, n of them.
        values: (n,) V_t >= 0, any unit; the unit of every worst case and residual that comes out.
        budget: B >= 0, expected number of zones covered at once. More than n is allowed and means n.
        effectiveness: e in (0, 1].
        population: (n,) people per zone, >= 0; needed by parity rules only.
        groups: Group name to zone labels; groups may overlap and need not cover all zones.
        constraints: Side rules of :mod:`patrol_core.games.rules`.
        stated: (n,) values that rules on residual harm are measured by, where ``values`` are something else
            (upper ends of intervals); ``values`` by default.
        response: What further units do: ``linear``, ``several`` (e below 1) or ``log``.
        sizes: (n,) k_t > 0, units that do in zone t what one does in a zone of size 1; 1 by default.
        upper: (n,) most units a zone can take; by default its size for ``linear`` and ``log``, the budget for
            ``several``.
        hours_per_unit: h of ``log``: hours a month that one unit makes.

    Raises:
        InputError: For anything that cannot be used, naming the field, the value and what is accepted.
    """

    zone_ids: tuple[str, ...]
    values: Floats
    budget: float
    effectiveness: float = 1.0
    population: Floats | None = None
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    constraints: tuple[Rule, ...] = ()
    stated: Floats | None = None
    response: Shape = "linear"
    sizes: Floats | None = None
    upper: Floats | None = None
    hours_per_unit: float = 730.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone_ids", _checked_ids(self.zone_ids))
        object.__setattr__(self, "values", _checked_array("values", self.values, self.zone_ids))
        if self.stated is not None:
            object.__setattr__(self, "stated", _checked_array("stated", self.stated, self.zone_ids))
        if self.population is not None:
            population = _checked_array("population", self.population, self.zone_ids, allow_nan=True)
            with np.errstate(over="ignore"):
                endless = np.isinf(np.nansum(population))
            if endless:  # shares of an infinite whole are all 0
                raise InputError(
                    "population adds up to more than a number can hold: give it in a larger unit."
                )
            object.__setattr__(self, "population", population)
        object.__setattr__(self, "effectiveness", _checked_effectiveness(self.effectiveness))
        self._check_response()
        object.__setattr__(self, "_position", {z: i for i, z in enumerate(self.zone_ids)})
        object.__setattr__(self, "groups", self._checked_groups())
        index = {
            group: np.array([self._position[z] for z in zones], dtype=np.intp)
            for group, zones in self.groups.items()
        }
        object.__setattr__(self, "_group_index", index)
        self._check_levels()

    #: What works out :meth:`attainable`; the module with the models of games sets it when the package is loaded.
    rates_from: ClassVar[Callable[[ZoneGame, Of], Attainable]]

    _position: dict[str, int] = field(init=False, repr=False, default_factory=dict)
    _group_index: dict[str, Indices] = field(init=False, repr=False, default_factory=dict)
    _attainable: dict[str, Attainable] = field(init=False, repr=False, default_factory=dict)
    _measured: dict[float, ZoneGame] = field(init=False, repr=False, default_factory=dict)
    _does: Response | None = field(init=False, repr=False, default=None)

    # -- checks -----------------------------------------------------------------------------------

    def _check_response(self) -> None:
        if self.response not in SHAPES:
            raise InputError(f"response = {self.response!r}: accepted are {', '.join(SHAPES)}.")
        if self.response == "several" and self.effectiveness >= 1.0:
            raise InputError(
                "effectiveness = 1 leaves nothing for a second unit to prevent: with response 'several' accepted is a number "
                "above 0 and below 1."
            )
        for name in ("sizes", "upper"):
            given = getattr(self, name)
            if given is not None:
                object.__setattr__(self, name, _checked_array(name, given, self.zone_ids))
        if self.sizes is not None and not self.sizes.min() > 0:
            zone = self.zone_ids[int(np.argmin(self.sizes))]
            raise InputError(f"size of zone {zone!r} is 0: accepted are finite numbers above 0.")
        if self.response == "linear" and self.upper is not None and (self.upper > self.does.sizes).any():
            zone = self.zone_ids[int(np.argmax(self.upper - self.does.sizes))]
            raise InputError(
                f"upper of zone {zone!r} is above its size: with response 'linear' no zone takes more units than its size "
                "(1 by default)."
            )
        hours = _as_number(self.hours_per_unit)
        if hours is None or not 0 < hours < math.inf:
            raise InputError(
                f"hours_per_unit = {self.hours_per_unit!r}: accepted is a finite number above 0."
            )

    def _check_levels(self) -> None:
        """Budget and rules: the part that a slider changes."""
        object.__setattr__(self, "budget", _checked_budget(self.budget))
        object.__setattr__(self, "constraints", checked_rules(self.constraints))
        object.__setattr__(self, "_attainable", {})
        object.__setattr__(self, "_measured", {})
        for rule in self.constraints:
            rule.check(self)

    def _checked_groups(self) -> dict[str, tuple[str, ...]]:
        result: dict[str, tuple[str, ...]] = {}
        for name, zones in self.groups.items():
            given: Any = zones
            if isinstance(given, str):
                raise InputError(f"Group {name!r} is the text {given!r}: accepted is a list of zone ids.")
            labels: tuple[str, ...] = tuple(given)
            unknown = [z for z in labels if z not in self._position]
            if unknown:
                raise InputError(
                    f"Group {name!r} lists zone {unknown[0]!r}, which is not in the game; zones are {some(self.zone_ids)}."
                )
            if not labels:
                raise InputError(f"Group {name!r} has no zones: leave it out or list at least one zone.")
            if len(set(labels)) != len(labels):
                raise InputError(f"Group {name!r} lists a zone twice: each zone counts once in a group.")
            result[str(name)] = labels
        return result

    # -- views ------------------------------------------------------------------------------------

    @property
    def size(self) -> int:
        """Number of zones n."""
        return len(self.zone_ids)

    @property
    def rule_values(self) -> Floats:
        """(n,) values that rules on residual harm are measured by."""
        return self.values if self.stated is None else self.stated

    def members(self, group: str) -> Indices:
        """Positions of a group's zones."""
        return self._group_index[group]

    def position(self, zone: str) -> int:
        """Position of a zone."""
        return self._position[zone]

    def has_zone(self, zone: str) -> bool:
        """Whether a zone is in the game."""
        return zone in self._position

    def population_share(self, group: str) -> float:
        """n_g / N, the group's share of all people."""
        assert self.population is not None  # parity rules were checked at the door
        return float(self.population[self.members(group)].sum() / self.population.sum())

    def harm_share(self, group: str) -> float:
        """The group's share of all harm, as rules measure it."""
        return float(self.rule_values[self.members(group)].sum() / (self.rule_values.sum() or 1.0))

    @property
    def harm(self) -> Harm:
        """Residual harm as rules measure it; of a curved response, per share prevented in place of coverage."""
        share = self.rule_values / (self.rule_values.sum() or 1.0)
        if self.curved:
            return Harm(share, share, 1.0)
        return Harm(share, share, self.effectiveness)

    @property
    def curved(self) -> bool:
        """Whether residual harm is anything else than V_t (1 - e x_t)."""
        return self.response != "linear" or self.sizes is not None

    @property
    def does(self) -> Response:
        """What patrol does in every zone."""
        if self._does is None:
            sizes = np.ones(self.size) if self.sizes is None else self.sizes
            most = sizes if self.upper is None else self.upper
            made = Response(self.response, self.effectiveness, sizes, most, float(self.hours_per_unit))
            object.__setattr__(self, "_does", made)
            return made
        return self._does

    def left(self, coverage: Floats) -> Floats:
        """(n,) share of each zone's harm that a coverage leaves."""
        return self.does.left(coverage)

    def bounds(self) -> tuple[Floats, Floats]:
        """(lower, upper) coverage per zone after all zone floors and caps; lower may exceed upper."""
        lower, upper = np.zeros(self.size), self.most
        for rule in self.constraints:
            rule.bound(self, lower, upper)
        # nobody can send more than the budget, so one unit beyond it never binds; a floor above it is the budget's fault
        return lower, np.where(np.isinf(upper), np.maximum(self.budget, lower) + 1, upper)

    @property
    def most(self) -> Floats:
        """(n,) most units a zone can take, before rules; infinite where only the budget limits them."""
        if self.upper is not None:
            return self.upper.copy()
        return np.full(self.size, np.inf) if self.response == "several" else self.does.sizes.copy()

    def coupling_rules(self) -> tuple[Rule, ...]:
        """Rules over several zones at once."""
        return tuple(rule for rule in self.constraints if rule.couples)

    def attainable(self, of: Of) -> Attainable:
        """The best least rate per head of any group (residual: the least largest), and all levels in that manner.

        Worked out once a game, under the budget and every rule but the max-min ones.

        Raises:
            InfeasibleError: If the other rules cannot all be met.
        """
        found = self._attainable.get(of)
        if found is None:
            found = self._attainable[of] = ZoneGame.rates_from(self, of)
        return found

    def without_max_min(self) -> tuple[Rule, ...]:
        """The rules that what is attainable depends on."""
        return tuple(rule for rule in self.constraints if not rule.of_attainable)

    def replace(self, **changes: Any) -> ZoneGame:
        """A copy with some fields changed; cheap when only budget or constraints change."""
        names = {f.name for f in fields(self) if f.init}
        unknown = set(changes) - names
        if unknown:
            known = ", ".join(sorted(names))
            raise InputError(f"A zone game has no field {min(unknown)!r}: fields are {known}.")
        if set(changes) <= {"budget", "constraints"}:
            twin = copy.copy(self)
            for name, value in changes.items():
                object.__setattr__(twin, name, value)
            twin._check_levels()
            if twin.budget == self.budget and twin.without_max_min() == self.without_max_min():
                object.__setattr__(twin, "_attainable", self._attainable)
            return twin
        return ZoneGame(**({name: getattr(self, name) for name in names} | changes))

    def in_unit(self, unit: float) -> ZoneGame:
        """The same game with values in this unit and people in one of their own; nothing else changes.

        Args:
            unit: A power of two (:func:`~patrol_core.solvers.units.unit_of`), in the unit of the values.
        """
        people = 1.0 if self.population is None else unit_of(self.population)
        if unit == 1.0 and people == 1.0:
            return self
        twin = self._measured.get(unit)
        if twin is None:
            twin = copy.copy(self)
            object.__setattr__(twin, "values", self.values / unit)
            if self.stated is not None:
                object.__setattr__(twin, "stated", self.stated / unit)
            if self.population is not None:
                object.__setattr__(twin, "population", self.population / people)
            object.__setattr__(twin, "_measured", {})
            # rates per head are shares of all people and of all harm, so _attainable is the same for both
            self._measured[unit] = twin
        return twin

    def as_dict(self) -> dict[str, object]:
        """The game as plain data, in the JSON form of the command line."""
        data: dict[str, object] = {
            "kind": "zone",
            "values": dict(zip(self.zone_ids, self.rule_values.tolist(), strict=True)),
            "effectiveness": self.effectiveness,
            "budget": self.budget,
        }
        if self.stated is not None:
            ends = zip(self.zone_ids, self.stated.tolist(), self.values.tolist(), strict=True)
            data["intervals"] = {zone: [low, high] for zone, low, high in ends}
        if self.groups:
            data["groups"] = {name: list(zones) for name, zones in self.groups.items()}
        if self.population is not None:
            people = zip(self.zone_ids, self.population.tolist(), strict=True)
            data["population"] = {z: None if math.isnan(p) else p for z, p in people}
        if self.response != "linear":
            data["response"] = self.response
        for name, given in (("size", self.sizes), ("upper", self.upper)):
            if given is not None:
                data[name] = dict(zip(self.zone_ids, given.tolist(), strict=True))
        if self.response == "log":
            data["hours_per_unit"] = float(self.hours_per_unit)
        if self.constraints:
            data["constraints"] = [rule.document() for rule in self.constraints]
        return data

    def hash(self) -> str:
        """sha256 hex over everything that decides the result (zone order included)."""
        text = json.dumps(self.as_dict(), separators=(",", ":"), allow_nan=False)
        return hashlib.sha256(text.encode()).hexdigest()


class Coverage:
    """What follows from the coverage of any plan and its worst case."""

    zone_ids: tuple[str, ...]
    coverage: Floats
    worst_case: float

    @property
    def defender_utility(self) -> float:
        """Minus the worst case (the game is zero-sum)."""
        return -self.worst_case

    @property
    def attacker_utility(self) -> float:
        """The worst case."""
        return self.worst_case

    def coverage_by_zone(self) -> dict[str, float]:
        """Zone label to coverage."""
        return dict(zip(self.zone_ids, self.coverage.tolist(), strict=True))


@dataclass(frozen=True, eq=False)
class Strategy(Coverage):
    """A coverage plan with its figures and its proof.

    Attributes:
        zone_ids, coverage: Labels and (n,) x_t, units there on average (share of the time where at most 1).
        residual: (n,) V_t s_t(x_t), unit of the values.
        worst_case: Largest residual: what a fully informed offender can get.
        expected_residual: Sum of the residuals.
        attack_set: Every zone whose residual equals the worst case (1e-9 relative).
        certificate: Objective recomputed outside the model, proved bound, gap, phases, largest violation.
        budget_used: Sum of the coverage.
        budget_dual: Fall of the objective per further unit of budget (>= 0; zones covered at once), where
            proved.
    """

    zone_ids: tuple[str, ...]
    coverage: Floats
    residual: Floats
    worst_case: float
    expected_residual: float
    attack_set: tuple[str, ...]
    certificate: Certificate
    budget_used: float
    budget_dual: float | None = None

    def times(self, unit: float) -> Self:
        """The same plan with every figure that has the unit of the values multiplied: back from a game in that unit.

        Args:
            unit: What :meth:`ZoneGame.in_unit` was given.
        """
        return self if unit == 1.0 else replace(self, **self._figures(unit))

    def _figures(self, unit: float) -> dict[str, Any]:
        """The fields that have the unit of the values, multiplied."""
        proof = self.certificate
        return {
            "residual": self.residual * unit,
            "worst_case": self.worst_case * unit,
            "expected_residual": self.expected_residual * unit,
            "certificate": replace(proof, objective=proof.objective * unit, bound=proof.bound * unit),
            "budget_dual": None if self.budget_dual is None else self.budget_dual * unit,
        }


def _checked_ids(zone_ids: Sequence[str]) -> tuple[str, ...]:
    if isinstance(zone_ids, str):
        raise InputError(f"zone_ids is the text {zone_ids!r}: accepted is a sequence of labels.")
    ids = tuple(zone_ids)
    if not ids:
        raise InputError("The game has no zones: give at least one zone with a value.")
    wrong: list[Any] = [z for z in ids if type(z) is not str and not issubclass(type(z), str)]
    if wrong:
        raise InputError(f"Zone id {wrong[0]!r} is not text: ids are strings.")
    if len(set(ids)) != len(ids):
        seen: set[str] = set()
        twice = next(z for z in ids if z in seen or seen.add(z))  # type: ignore[func-returns-value]
        raise InputError(f"Zone id {twice!r} appears more than once: ids must be unique.")
    return ids


def _checked_array(
    name: str, given: ArrayLike, zone_ids: tuple[str, ...], *, allow_nan: bool = False
) -> Floats:
    try:
        array = np.array(given, dtype=float)
    except (TypeError, ValueError):
        raise InputError(f"{name} holds something that is not a number: accepted are numbers >= 0.") from None
    if array.shape != (len(zone_ids),):
        raise InputError(f"{name} has shape {array.shape} for {len(zone_ids)} zones: give one number a zone.")
    bad = ~((array >= 0) & np.isfinite(array)) & ~(np.isnan(array) & allow_nan)
    if bad.any():
        i = int(np.flatnonzero(bad)[0])
        raise InputError(f"{name} of zone {zone_ids[i]!r} is {array[i]!s}: accepted are finite numbers >= 0.")
    array.setflags(write=False)
    return array


def _checked_budget(budget: Any) -> float:
    number = _as_number(budget)
    if number is None or not np.isfinite(number) or number < 0:
        raise InputError(f"budget = {budget!r}: accepted is a finite number >= 0 (zones covered at once).")
    return number


def _checked_effectiveness(effectiveness: Any) -> float:
    number = _as_number(effectiveness)
    if number is None or not 0 < number <= 1:
        raise InputError(f"effectiveness = {effectiveness!r}: accepted is a number above 0 and at most 1.")
    return number


def _as_number(value: Any) -> float | None:
    """The value as float, or None where it is text, a truth value or no number at all."""
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:  # a whole number beyond all floats
            return None
    return None
