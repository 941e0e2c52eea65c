"""Games as JSON: from the document of the command line to a solved result and back to plain data.

``{"kind": "zone", ...}`` is read here; every fault is one sentence that names the field, the value and what
is accepted. Other kinds, objectives and attacker models have one door each: :data:`KINDS` and :data:`SOLVERS`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.files import strict_json
from patrol_core.files.numbers import check_sizes, within_reach
from patrol_core.files.strict_json import shown as _shown
from patrol_core.games.documents.stackelberg import solve_bayesian_json, solve_general_json
from patrol_core.games.documents.variants import extra_fields, solve_variant
from patrol_core.games.rules import parse_constraints
from patrol_core.games.zone import Strategy, ZoneGame, solve_zone_game

_ZONE_KEYS = (
    "kind",
    "values",
    "effectiveness",
    "budget",
    "intervals",
    "objective",
    "groups",
    "population",
    "constraints",
    "attacker",
)
_AT_UPPER_ENDS = (
    "Values are given as intervals: the plan is made for their upper ends, the worst case; rules on residual harm are measured by "
    "the values as stated."
)
_ATTACKER_KEYS: Mapping[str, tuple[str, ...]] = {
    "rational": ("model",),
    "quantal": ("model", "lambda"),
    "suqr": ("model", "weights"),
}


_NEEDS = "a 'kind'"
_FORM = '{"kind": "zone", "values": {"north": 3, "south": 1}, "budget": 1}'


def load_document(text: str | bytes) -> dict[str, Any]:
    """The document of a game, not yet looked into.

    Raises
    ------
    InputError
        As :func:`patrol_core.files.strict_json.load_document`.
    """
    return strict_json.load_document(text, needs=f"{_NEEDS}, like {_FORM}")


class DeploymentsLike(Protocol):
    """What ``--deployments`` needs of :class:`patrol_core.allocation.deployments.sampling.Deployments`."""

    def records(self) -> list[dict[str, object]]:
        """The deployments as plain data."""


Decompose = Callable[[Sequence[str], Floats], DeploymentsLike]


@dataclass(frozen=True, eq=False)
class ZoneDocument:
    """A zone game as its JSON asked for it.

    Attributes
    ----------
    game
        The game; where intervals were given and the objective is a worst case or a total, its values are
        their upper ends and its rules are measured by the values as stated.
    objective
        ``worst-case`` or ``total``.
    attacker
        The attacker object, ``model`` and its parameters.
    stated
        (n,) the values as given.
    intervals
        (low, high), (n,) each, or None where the document has none; a zone without one keeps its value.
    notes
        What was done with the input that a reader should know.
    """

    game: ZoneGame
    objective: str
    attacker: Mapping[str, object]
    stated: Floats
    intervals: tuple[Floats, Floats] | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Solved:
    """A strategy, and the further fields that its objective or attacker model adds to the JSON."""

    strategy: Strategy
    extra: Mapping[str, object] = field(default_factory=dict)


def _solve_worst_case(document: ZoneDocument) -> Solved:
    return Solved(solve_zone_game(document.game))


def _solve_total(document: ZoneDocument) -> Solved:
    return Solved(solve_zone_game(document.game, objective="total"))


def _solve_variant(document: ZoneDocument) -> Solved:
    game = document.game.replace(values=document.stated, stated=None)
    strategy = solve_variant(game, document.objective, document.attacker, document.intervals)
    return Solved(strategy, extra_fields(strategy))


#: (objective, attacker model) to solver. A new objective or attacker model is one more line here (its
#: parameters' names go into ``_ATTACKER_KEYS``); error messages list what is in these tables.
SOLVERS: dict[tuple[str, str], Callable[[ZoneDocument], Solved]] = {
    ("worst-case", "rational"): _solve_worst_case,
    ("total", "rational"): _solve_total,
    ("regret", "rational"): _solve_variant,
    ("worst-case", "quantal"): _solve_variant,
    ("worst-case", "suqr"): _solve_variant,
}


def parse_zone_document(document: Mapping[str, Any]) -> ZoneDocument:
    """Check a ``{"kind": "zone", ...}`` document and make its game.

    Parameters
    ----------
    document
        Plain data. ``values`` and ``budget`` are required; ``effectiveness`` (1), ``intervals``,
        ``objective`` ("worst-case"), ``groups``, ``population``, ``constraints`` and ``attacker``
        ("rational") are optional.

    Raises
    ------
    InputError
        For an unknown or missing key, a wrong type, a number out of range, or a zone or group nobody knows.
    """
    _check_keys(document, "The game", _ZONE_KEYS, required=("values", "budget"))
    values = _numbers(document, "values")
    if not values:
        raise InputError("values = {}: accepted is an object of at least one zone id to number >= 0.")
    zone_ids = tuple(values)
    objective, attacker = _objective(document), _attacker(document)
    point = np.array(list(values.values()), dtype=float)
    intervals = _intervals(document, values) if "intervals" in document else None
    planned = point if intervals is None or objective == "regret" else intervals[1]
    notes: tuple[str, ...] = ()
    if intervals is not None and objective != "regret":
        notes = (_AT_UPPER_ENDS,)
    game = ZoneGame(
        zone_ids,
        planned,
        document["budget"],
        document.get("effectiveness", 1.0),
        population=_population(document, zone_ids),
        groups=_groups(document),
        constraints=parse_constraints(document.get("constraints", [])),
        stated=None if planned is point else point,
    )
    return ZoneDocument(game, objective, attacker, point, intervals, notes)


def solve_zone_document(
    document: Mapping[str, Any], *, decompose: Decompose | None = None
) -> dict[str, object]:
    """Result of a zone document, as plain data (see :func:`solve_game`)."""
    parsed = parse_zone_document(document)
    solved = SOLVERS[parsed.objective, str(parsed.attacker["model"])](parsed)
    result = strategy_as_dict(solved.strategy) | dict(solved.extra)
    if parsed.notes:
        result["notes"] = list(parsed.notes)
    return _with_deployments(result, decompose)


def _solve_general_document(
    document: Mapping[str, Any], *, decompose: Decompose | None = None
) -> dict[str, object]:
    return _with_deployments(solve_general_json(document), decompose)


def _solve_bayesian_document(
    document: Mapping[str, Any], *, decompose: Decompose | None = None
) -> dict[str, object]:
    return _with_deployments(solve_bayesian_json(document), decompose)


def _with_deployments(result: dict[str, Any], decompose: Decompose | None) -> dict[str, object]:
    """The result with deployments of its coverage, where they are asked for."""
    if decompose is not None:
        coverage = result["coverage"]
        levels = np.array(list(coverage.values()), dtype=float)
        result["deployments"] = decompose(tuple(coverage), levels).records()
    return result


#: Kind of game to its solver.
KINDS: dict[str, Callable[..., dict[str, object]]] = {
    "zone": solve_zone_document,
    "general": _solve_general_document,
    "bayesian": _solve_bayesian_document,
}


def solve_game(document: Mapping[str, Any], *, decompose: Decompose | None = None) -> dict[str, object]:
    """Solve one game document of any kind.

    Parameters
    ----------
    document
        The JSON of the command line's ``game``, already loaded (:func:`load_document`).
    decompose
        :func:`patrol_core.allocation.deployments.sampling.decompose` to add ``deployments``; it is handed in
        because games stand below allocation.

    Returns
    -------
    dict
        status, objective, bound, gap, solver, seconds; coverage {id: x}, defender_utility,
        attacker_utility, attack_set, and more figures. Plain floats and strings throughout.
    """
    if not isinstance(document, Mapping):
        raise InputError(
            f"The game is {_shown(document)}: accepted is a JSON object with {_NEEDS}, like {_FORM}."
        )
    if "kind" not in document:
        raise InputError(f"The game lacks 'kind': accepted are {_listed(KINDS)}.")
    kind = document["kind"]
    if not isinstance(kind, str) or kind not in KINDS:
        raise InputError(f"kind = {_shown(kind)}: accepted are {_listed(KINDS)}.")
    check_sizes(document, "The game")
    with within_reach(document, "The game"):
        return KINDS[kind](document, decompose=decompose)


def strategy_as_dict(strategy: Strategy) -> dict[str, object]:
    """A strategy as plain data: the common fields of every solved result, then its own."""
    return strategy.certificate.as_dict() | {
        "coverage": strategy.coverage_by_zone(),
        "defender_utility": strategy.defender_utility,
        "attacker_utility": strategy.attacker_utility,
        "attack_set": list(strategy.attack_set),
        "worst_case": strategy.worst_case,
        "expected_residual": strategy.expected_residual,
        "budget_used": strategy.budget_used,
        "budget_dual": strategy.budget_dual,
    }


# -- fields ---------------------------------------------------------------------------------------


def _objective(document: Mapping[str, Any]) -> str:
    accepted = list(dict.fromkeys(objective for objective, _ in SOLVERS))
    objective = document.get("objective", "worst-case")
    if not isinstance(objective, str) or objective not in accepted:
        raise InputError(f"objective = {_shown(objective)}: accepted are {_listed(accepted)}.")
    return objective


def _attacker(document: Mapping[str, Any]) -> Mapping[str, object]:
    attacker = document.get("attacker", {"model": "rational"})
    accepted = list(dict.fromkeys(model for _, model in SOLVERS))
    if not isinstance(attacker, Mapping) or "model" not in attacker:
        raise InputError(
            f"attacker = {_shown(attacker)}: accepted is an object with a 'model': {_listed(accepted)}."
        )
    model = attacker["model"]
    if not isinstance(model, str) or model not in accepted:
        raise InputError(f"attacker.model = {_shown(model)}: accepted are {_listed(accepted)}.")
    keys = _ATTACKER_KEYS[model]
    _check_keys(attacker, "attacker", keys, required=keys)
    if (_objective(document), model) not in SOLVERS:
        raise InputError(
            f"objective = {document.get('objective')!r} cannot be had with attacker.model = {model!r}."
        )
    return dict(attacker)


def _numbers(document: Mapping[str, Any], name: str, *, null_allowed: bool = False) -> dict[str, float]:
    """A mapping of zone id to number >= 0; null becomes NaN where it is allowed."""
    given = document[name]
    if not isinstance(given, Mapping):
        raise InputError(f"{name} = {_shown(given)}: accepted is an object of zone id to number >= 0.")
    return {
        str(zone): float("nan")
        if value is None and null_allowed
        else _number(f"{name} of zone {zone!r}", value)
        for zone, value in given.items()
    }


def _number(where: str, value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf"):
        number = float(value) if abs(value) < 1e300 else float("inf")
        if 0 <= number < float("inf"):
            return number
    raise InputError(f"{where} = {_shown(value)}: accepted is a finite number >= 0.")


def _intervals(document: Mapping[str, Any], values: Mapping[str, float]) -> tuple[Floats, Floats]:
    """(low, high) by zone; a zone without an interval keeps its value."""
    given = document["intervals"]
    if not isinstance(given, Mapping):
        raise InputError(f"intervals = {_shown(given)}: accepted is an object of zone id to [low, high].")
    ends = {zone: (value, value) for zone, value in values.items()}
    for zone, pair in given.items():
        where = f"intervals of zone {zone!r}"
        if zone not in values:
            raise InputError(f"{where}: the zone is not among the values; zones are {_listed(values)}.")
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise InputError(f"{where} = {_shown(pair)}: accepted is [low, high].")
        low, high = (_number(where, end) for end in pair)
        if not low <= values[zone] <= high:
            raise InputError(
                f"{where} = {_shown(pair)}: accepted is [low, high] with low <= value <= high, "
                f"and the zone's value is {values[zone]:g}."
            )
        ends[zone] = (low, high)
    both = np.array(list(ends.values()), dtype=float).reshape(-1, 2)
    return both[:, 0], both[:, 1]


def _population(document: Mapping[str, Any], zone_ids: tuple[str, ...]) -> Floats | None:
    if "population" not in document:
        return None
    given = _numbers(document, "population", null_allowed=True)
    known = set(zone_ids)
    for zone in given:
        if zone not in known:
            raise InputError(
                f"population names zone {zone!r}, which has no value; zones are {_listed(zone_ids)}."
            )
    for zone in zone_ids:
        if zone not in given:
            raise InputError(
                f"population lacks zone {zone!r}: give every zone's population (null if unknown)."
            )
    return np.array([given[zone] for zone in zone_ids], dtype=float)


def _groups(document: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    given = document.get("groups", {})
    if not isinstance(given, Mapping):
        raise InputError(
            f"groups = {_shown(given)}: accepted is an object of group name to list of zone ids."
        )
    for name, zones in given.items():
        if not isinstance(zones, list | tuple) or not all(isinstance(zone, str) for zone in zones):
            raise InputError(f"group {name!r} = {_shown(zones)}: accepted is a list of zone ids.")
    return {str(name): tuple(zones) for name, zones in given.items()}


# -- wording --------------------------------------------------------------------------------------


def _check_keys(
    given: Mapping[str, Any], what: str, accepted: Sequence[str], *, required: Sequence[str]
) -> None:
    for key in given:
        if key not in accepted:
            raise InputError(f"{what} has the unknown key {_shown(key)}: accepted are {', '.join(accepted)}.")
    for key in required:
        if key not in given:
            raise InputError(f"{what} lacks {key!r}: needed are {', '.join(required)}.")


def _listed(names: Sequence[str] | Mapping[str, Any]) -> str:
    shown = list(names)[:8]
    more = len(names) - len(shown)
    return ", ".join(json.dumps(name, ensure_ascii=False) for name in shown) + (
        f" and {more} more" if more else ""
    )
