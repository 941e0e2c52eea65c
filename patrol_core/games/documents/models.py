"""What a game in JSON holds: the kinds ``zone``, ``general`` and ``bayesian``, field by field."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Field, PlainValidator, RootModel, WithJsonSchema, model_validator

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.files.documents import Amount, Document, Maybe, Number, Share, Text, about
from patrol_core.games.behavioural import SUQR, QuantalResponse
from patrol_core.games.rules import Rule, parse_constraints, rule_keys

ZoneId = Text
Positive = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0)]


def _rule_schema(kind: str, needed: tuple[str, ...], other: tuple[str, ...]) -> dict[str, Any]:
    """One kind of rule; what its levels may be is said by the rule itself when it refuses one."""
    levels: dict[str, Any] = {
        key: {"description": f"Level or place of the rule {kind}; docs/files.md says which."}
        for key in (*needed, *other)
    }
    return {
        "type": "object",
        "description": f"The rule {kind}.",
        "required": ["type", *needed],
        "properties": {"type": {"const": kind, "description": "Kind of rule."}, **levels},
        "additionalProperties": False,
    }


_RULES: dict[str, Any] = {
    "type": "array",
    "items": {"oneOf": [_rule_schema(kind, needed, other) for kind, (needed, other) in rule_keys().items()]},
}
Rules = Annotated[tuple[Rule, ...], PlainValidator(parse_constraints), WithJsonSchema(_RULES)]


class _Game(Document):
    """What every kind of game has."""

    budget: Amount = Field(description="Zones that can be covered at once, on average.")
    groups: dict[str, list[ZoneId]] = Field(
        {}, description="Name of a group of zones to its zones; groups may overlap."
    )
    population: Maybe[dict[ZoneId, Amount | None]] = Field(
        None, description="People by zone, which rules of parity count; null where not known."
    )
    constraints: Rules = Field((), description="Rules that the coverage must keep.")


# -- zone games ---------------------------------------------------------------------------------------


class Rational(Document):
    """Offenders who know the coverage and take the zone that is best for them."""

    model: Literal["rational"] = Field(description="Kind of offender.")


class Quantal(Document):
    """Offenders who take better zones more often (quantal response)."""

    model: Literal["quantal"] = Field(description="Kind of offender.")
    rationality: Amount = Field(
        alias="lambda",
        description="0: every zone alike; the larger, the more often the best; per unit of the values.",
    )

    def attacker(self) -> QuantalResponse:
        """The model of behaviour."""
        return QuantalResponse(self.rationality)


class Suqr(Document):
    """Offenders who weigh coverage, reward and penalty (subjective utility quantal response)."""

    model: Literal["suqr"] = Field(description="Kind of offender.")
    weights: tuple[Number, Number, Number] = Field(
        description="Weights of coverage (negative where patrols deter), of reward and of penalty (per unit of payoff)."
    )

    def attacker(self) -> SUQR:
        """The model of behaviour."""
        return SUQR(*self.weights)


class ZoneDocument(_Game):
    """A zone game: offenders gain what a zone is worth, less what patrol prevents there, and the defender loses it."""

    kind: Literal["zone"] = Field(description="Kind of game.")
    values: dict[ZoneId, Amount] = Field(
        min_length=1, description="What an offence in each zone costs, in any one unit."
    )
    effectiveness: Share = Field(
        1.0, description="Share of the value that one unit prevents while it is there."
    )
    response: Literal["linear", "several", "log"] = Field(
        "linear",
        description="What further units do: linear (at most one a zone), several (each prevents the same share of what the others "
        "left), or log (each hour is worth less than the one before).",
    )
    upper: Maybe[dict[ZoneId, Amount]] = Field(
        None,
        description="Most units a zone can take; a zone not named takes its size, with response several the budget.",
    )
    size: Maybe[dict[ZoneId, Positive]] = Field(
        None,
        description="Units that do in the zone what one does in a zone of size 1; 1 for a zone not named.",
    )
    hours_per_unit: Positive = Field(
        730.0, description="Hours a month that one unit makes; with response log."
    )
    intervals: Maybe[dict[ZoneId, tuple[Amount, Amount]]] = Field(
        None,
        description="[low, high] between which the value of a zone lies; a zone without one has its value.",
    )
    objective: Literal["worst-case", "total", "regret"] = Field(
        "worst-case",
        description="What is made least: the largest loss, the sum of losses, or the largest regret.",
    )
    attacker: Annotated[Rational | Quantal | Suqr, Field(discriminator="model")] = Field(
        Rational(model="rational"), description="How offenders choose a zone."
    )

    @model_validator(mode="after")
    def _units_fit(self) -> Self:
        for name in ("upper", "size"):
            unknown = next((zone for zone in getattr(self, name) or () if zone not in self.values), None)
            if unknown is not None:
                raise InputError(
                    f"{name} names zone {unknown!r}, which has no value; zones are {_some(self.values)}."
                )
        return self

    @model_validator(mode="after")
    def _known_zones(self) -> Self:
        for zone, (low, high) in (self.intervals or {}).items():
            where = f"intervals of zone {zone!r}"
            if zone not in self.values:
                raise InputError(
                    f"{where}: the zone is not among the values; zones are {_some(self.values)}."
                )
            if not low <= self.values[zone] <= high:
                raise InputError(
                    f"{where} = [{low:g}, {high:g}]: accepted is [low, high] with low <= value <= high, and the zone's value "
                    f"is {self.values[zone]:g}."
                )
        if self.population is not None:
            unknown = next((zone for zone in self.population if zone not in self.values), None)
            if unknown is not None:
                raise InputError(
                    f"population names zone {unknown!r}, which has no value; zones are {_some(self.values)}."
                )
            missing = next((zone for zone in self.values if zone not in self.population), None)
            if missing is not None:
                raise InputError(
                    f"population lacks zone {missing!r}: give every zone's population (null if unknown)."
                )
        return self

    @model_validator(mode="after")
    def _can_be_combined(self) -> Self:
        if self.objective == "regret" and self.intervals is None:
            raise InputError('objective = "regret" needs intervals: give {"zone": [low, high], ...}.')
        if isinstance(self.attacker, Rational):
            return self
        if self.objective != "worst-case":
            raise InputError(
                f'objective = "{self.objective}" cannot be combined with an attacker of model "{self.attacker.model}": the '
                "objective is then the expected loss; leave the objective or the attacker out."
            )
        if self.intervals is not None:
            raise InputError(
                f'intervals cannot be combined with an attacker of model "{self.attacker.model}": such offenders choose by the '
                "stated values; leave the intervals or the attacker out."
            )
        return self

    @property
    def at_upper_ends(self) -> bool:
        """Whether the plan is made for the upper ends of intervals instead of the values as stated."""
        return self.intervals is not None and self.objective != "regret"

    def ends(self) -> tuple[Floats, Floats]:
        """(low, high), (n,) each, of the values; a zone without an interval keeps its value."""
        pairs = {zone: (value, value) for zone, value in self.values.items()} | (self.intervals or {})
        both = np.array(list(pairs.values()), dtype=float)
        return both[:, 0], both[:, 1]

    def sizes(self) -> Floats | None:
        """(n,) sizes; None where all are 1."""
        return None if self.size is None else np.array([self.size.get(zone, 1.0) for zone in self.values])

    def most(self) -> Floats | None:
        """(n,) most units a zone can take; None where no zone says."""
        if self.upper is None:
            return None
        sizes = self.size or {}
        default = {
            zone: self.budget if self.response == "several" else sizes.get(zone, 1.0) for zone in self.values
        }
        return np.array(list((default | self.upper).values()), dtype=float)

    def people(self) -> Floats | None:
        """(n,) population, NaN where it is not known."""
        if self.population is None:
            return None
        return np.array([self.population[zone] for zone in self.values], dtype=float)


def _some(names: dict[str, float]) -> str:
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(f'"{name}"' for name in list(names)[:8]) + more


# -- general and Bayesian games -----------------------------------------------------------------------


class TargetDocument(Document):
    """A target with its four payoffs."""

    id: Text = Field(description="Name of the target, once in the game.")
    defender_covered: Number = Field(description="What the defender gets when it is attacked while covered.")
    defender_uncovered: Number = Field(
        description="What the defender gets when it is attacked while not covered."
    )
    attacker_covered: Number = Field(description="What the attacker gets when it is covered.")
    attacker_uncovered: Number = Field(description="What the attacker gets when it is not covered.")


Targets = Annotated[list[TargetDocument], Field(min_length=1)]


class GeneralDocument(_Game):
    """A general-sum security game: the attacker's gain is not the defender's loss, and the defender commits first."""

    kind: Literal["general"] = Field(description="Kind of game.")
    targets: Targets = Field(description="The targets with their payoffs.")
    method: Literal["auto", "multiple-lp", "eraser", "origami"] = Field(
        "auto", description="How it is solved."
    )


class TypeDocument(Document):
    """One type of offender, with values of the zones (zero-sum) or with the payoffs of targets."""

    id: Text = Field(description="Name of the type, once in the game.")
    prior: Number = Field(ge=0, le=1, description="Chance of meeting this type; all together make 1.")
    values: Maybe[dict[ZoneId, Amount]] = Field(
        None, min_length=1, description="What each zone is worth to it."
    )
    effectiveness: Maybe[Share] = Field(
        None, description="Share of the value that full coverage prevents; with values only."
    )
    targets: Maybe[Targets] = Field(None, description="The targets with the payoffs of this type.")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.values is None) == (self.targets is None):
            found = "neither values nor targets" if self.values is None else "both values and targets"
            raise InputError(f"Type {self.id!r} has {found}: give one of them.")
        if self.targets is not None and self.effectiveness is not None:
            raise InputError(
                f"Type {self.id!r} has effectiveness with targets: it goes with values; targets say it by themselves."
            )
        seen: set[str] = set()
        for target in self.targets or ():
            if target.id in seen:
                raise InputError(
                    f"Type {self.id!r}: target id {target.id!r} appears more than once: ids must be unique."
                )
            seen.add(target.id)
        return self

    def zones(self) -> list[str]:
        """The zones or targets, in order."""
        return list(self.values or ()) if self.targets is None else [target.id for target in self.targets]


class BayesianDocument(_Game):
    """A security game against several types of offender, of whom one comes and is not known before."""

    kind: Literal["bayesian"] = Field(description="Kind of game.")
    types: list[TypeDocument] = Field(min_length=1, description="The types; all have the same zones.")
    effectiveness: Share = Field(
        1.0, description="Share of the value that full coverage prevents, where a type says none."
    )
    method: Literal["auto", "lp", "branch-and-cut", "dobss"] = Field("auto", description="How it is solved.")

    @model_validator(mode="after")
    def _same_zones(self) -> Self:
        first = self.types[0]
        for other in self.types[1:]:
            _check_listed(first, other)
            _check_listed(other, first)
        return self


def _check_listed(one: TypeDocument, other: TypeDocument) -> None:
    """Refuse a zone of ``one`` that ``other`` lacks."""
    known = set(other.zones())
    missing = next((zone for zone in one.zones() if zone not in known), None)
    if missing is not None:
        raise InputError(
            f"Type {other.id!r} has no payoffs for target {missing!r}, which type {one.id!r} has: accepted are types that all "
            "list the same targets."
        )


class GameDocument(
    RootModel[Annotated[ZoneDocument | GeneralDocument | BayesianDocument, Field(discriminator="kind")]]
):
    """One security game, of the kind that its ``kind`` says."""

    model_config = about("Game", {"kind": "zone", "values": {"north": 3, "south": 1}, "budget": 1})


def population_of(game: _Game, ids: Sequence[str]) -> Floats | None:
    """(n,) people of the targets of a general or Bayesian game; NaN where none are given."""
    if game.population is None:
        return None
    unknown = next((name for name in game.population if name not in set(ids)), None)
    if unknown is not None:
        raise InputError(
            f"population names {unknown!r}, which is not one of the game's targets: check the id."
        )
    return np.array([game.population.get(name) for name in ids], dtype=float)
