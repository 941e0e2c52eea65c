"""The JSON games of kinds ``general`` and ``bayesian``: read, solve, write.

Keys of ``general``: kind, budget, targets, and where wanted method, groups, population, constraints. Keys of
``bayesian``: kind, budget, types, and where wanted method, effectiveness, groups, population, constraints; a type has
id, prior and either values (zero-sum, with its own effectiveness if it differs) or targets.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.files.strict_json import quoted as _shown
from patrol_core.games.rules import parse_constraints
from patrol_core.games.stackelberg import (
    FIELDS,
    BayesianGame,
    BayesianSolution,
    OffenderType,
    SecurityGame,
    StackelbergSolution,
    Target,
    bayesian,
    solve_bayesian,
    solve_stackelberg,
)
from patrol_core.games.stackelberg import solve as stackelberg

_RULE_KEYS = ("groups", "population", "constraints")


def solve_general_json(data: Mapping[str, Any]) -> dict[str, Any]:
    """Solve a game of kind ``general``.

    Parameters
    ----------
    data
        The game as parsed JSON.

    Returns
    -------
    dict
        The common fields of every solved result, ``coverage`` {id: x}, ``defender_utility``, ``attacker_utility``,
        ``attack_set`` [ids], ``attacked``, ``budget_used`` and ``note`` (why budget is left, if any is).

    Raises
    ------
    InputError
        In one sentence naming the field, the value and what is accepted.
    InfeasibleError
        If the rules cannot all be met.
    """
    game = parse_general(data)
    method = _method(data, stackelberg.METHODS)
    return _general_result(solve_stackelberg(game, method=method))


def solve_bayesian_json(data: Mapping[str, Any]) -> dict[str, Any]:
    """Solve a game of kind ``bayesian``.

    Parameters
    ----------
    data
        The game as parsed JSON.

    Returns
    -------
    dict
        As of :func:`solve_general_json` (utilities are expected over the types, ``attack_set`` is the union over
        types with prior above 0), and ``types``: a list of {id, prior, defender_utility, attacker_utility,
        attack_set, attacked}.

    Raises
    ------
    InputError, InfeasibleError
        As of :func:`solve_general_json`.
    """
    game = parse_bayesian(data)
    method = _method(data, bayesian.METHODS)
    return _bayesian_result(solve_bayesian(game, method=method))


def parse_general(data: Mapping[str, Any]) -> SecurityGame:
    """The game of kind ``general`` that parsed JSON describes; raises InputError as the solver's front door does."""
    _check_object(data, "The game")
    _check_keys(data, "The game", required=("targets", "budget"), optional=("kind", "method", *_RULE_KEYS))
    _check_kind(data, "general")
    targets = _targets(data["targets"], "")
    ids = [target.id for target in targets]
    return SecurityGame.from_targets(targets, _number(data["budget"], "budget"), **_rules(data, ids))


def parse_bayesian(data: Mapping[str, Any]) -> BayesianGame:
    """The game of kind ``bayesian`` that parsed JSON describes; raises InputError as the solver's front door does."""
    _check_object(data, "The game")
    optional = ("kind", "method", "effectiveness", *_RULE_KEYS)
    _check_keys(data, "The game", required=("types", "budget"), optional=optional)
    _check_kind(data, "bayesian")
    items = data["types"]
    if not isinstance(items, list | tuple) or not items:
        raise InputError(f"types = {_shown(items)}: accepted is a list with at least one type.")
    tables = [_type_table(item, i, data) for i, item in enumerate(items, start=1)]
    ids = list(tables[0][2])
    for name, _, table in tables[1:]:
        _check_same_zones(tables[0][0], ids, name, table)
    types = tuple(
        OffenderType(name, prior, *(np.array([getattr(table[z], field) for z in ids]) for field in FIELDS))
        for name, prior, table in tables
    )
    return BayesianGame(tuple(ids), types, _number(data["budget"], "budget"), **_rules(data, ids))


# -- parts ----------------------------------------------------------------------------------------


def _type_table(item: object, position: int, data: Mapping[str, Any]) -> tuple[str, float, dict[str, Target]]:
    """(id, prior, payoffs by zone) of one type."""
    where = f"Type {position}"
    if not isinstance(item, Mapping):
        raise InputError(
            f"{where} is {_shown(item)}: accepted is an object with id, prior and values or targets."
        )
    where = f"Type {item['id']!r}" if isinstance(item.get("id"), str) else where
    _check_keys(item, where, required=("id", "prior"), optional=("values", "targets", "effectiveness"))
    if not isinstance(item["id"], str):
        raise InputError(f"{where} has id = {_shown(item['id'])}: accepted is text.")
    prior = _number(item["prior"], f"{where}: prior")
    if ("values" in item) == ("targets" in item):
        found = "both values and targets" if "values" in item else "neither values nor targets"
        raise InputError(f"{where} has {found}: give one of them.")
    if "targets" in item:
        if "effectiveness" in item:
            raise InputError(
                f"{where} has effectiveness with targets: it goes with values; targets say it by themselves."
            )
        targets = _targets(item["targets"], f"{where}: ")
        table = {target.id: target for target in targets}
        if len(table) < len(targets):
            twice = next(t.id for i, t in enumerate(targets) if t.id in {o.id for o in targets[:i]})
            raise InputError(f"{where}: target id {twice!r} appears more than once: ids must be unique.")
        return item["id"], prior, table
    return item["id"], prior, _zero_sum_table(item, where, data)


def _zero_sum_table(item: Mapping[str, Any], where: str, data: Mapping[str, Any]) -> dict[str, Target]:
    values = item["values"]
    if not isinstance(values, Mapping) or not values:
        raise InputError(
            f"{where}: values = {_shown(values)}: accepted is an object of zone id to a number >= 0."
        )
    e = _number(item.get("effectiveness", data.get("effectiveness", 1.0)), f"{where}: effectiveness")
    if not 0 < e <= 1:
        raise InputError(f"{where}: effectiveness = {e:g}: accepted is a number above 0 and at most 1.")
    table = {}
    for zone, value in values.items():
        v = _number(value, f"{where}: value of zone {zone!r}")
        if v < 0:
            raise InputError(f"{where}: value of zone {zone!r} is {v:g}: accepted are finite numbers >= 0.")
        table[str(zone)] = Target(str(zone), -v * (1 - e), -v, v * (1 - e), v)
    return table


def _targets(items: object, where: str) -> list[Target]:
    if not isinstance(items, list | tuple) or not items:
        raise InputError(f"{where}targets = {_shown(items)}: accepted is a list with at least one target.")
    targets = []
    for position, item in enumerate(items, start=1):
        name = f"{where}target {position}"
        if not isinstance(item, Mapping):
            raise InputError(f"{name} is {_shown(item)}: accepted is an object with id, {', '.join(FIELDS)}.")
        if isinstance(item.get("id"), str):
            name = f"{where}target {item['id']!r}"
        _check_keys(item, name, required=("id", *FIELDS))
        if not isinstance(item["id"], str):
            raise InputError(f"{name} has id = {_shown(item['id'])}: accepted is text.")
        targets.append(Target(item["id"], *(_number(item[field], f"{name}: {field}") for field in FIELDS)))
    return targets


def _check_same_zones(first: str, ids: Sequence[str], name: str, table: Mapping[str, Target]) -> None:
    missing = [z for z in ids if z not in table]
    if missing:
        raise InputError(f"Type {name!r} has no payoffs for target {missing[0]!r}, which type {first!r} has: "
                         "accepted are types that all list the same targets.")  # fmt: skip
    extra = [z for z in table if z not in set(ids)]
    if extra:
        raise InputError(f"Type {first!r} has no payoffs for target {extra[0]!r}, which type {name!r} has: "
                         "accepted are types that all list the same targets.")  # fmt: skip


def _rules(data: Mapping[str, Any], ids: Sequence[str]) -> dict[str, Any]:
    """groups, population and constraints, as the games' constructors take them."""
    groups = data.get("groups", {})
    if not isinstance(groups, Mapping):
        raise InputError(f"groups = {_shown(groups)}: accepted is an object of group name to a list of ids.")
    for name, members in groups.items():
        if not isinstance(members, list | tuple) or not all(isinstance(z, str) for z in members):
            raise InputError(f"Group {name!r} is {_shown(members)}: accepted is a list of ids.")
    return {
        "groups": {str(name): tuple(members) for name, members in groups.items()},
        "population": _population(data["population"], ids) if "population" in data else None,
        "constraints": parse_constraints(data.get("constraints", [])),
    }


def _population(people: object, ids: Sequence[str]) -> Floats:
    if not isinstance(people, Mapping):
        raise InputError(f"population = {_shown(people)}: accepted is an object of id to a number >= 0.")
    unknown = [z for z in people if z not in set(ids)]
    if unknown:
        raise InputError(
            f"population names {unknown[0]!r}, which is not one of the game's targets: check the id."
        )
    return np.array([_number(people[z], f"population of {z!r}") if z in people else np.nan for z in ids])


def _method(data: Mapping[str, Any], accepted: tuple[Any, ...]) -> Any:
    method = data.get("method", "auto")
    if method not in accepted:
        raise InputError(f"method = {_shown(method)}: accepted are {', '.join(accepted)}.")
    return method


# -- checks ---------------------------------------------------------------------------------------


def _check_object(data: object, where: str) -> None:
    if not isinstance(data, Mapping):
        raise InputError(f"{where} is {_shown(data)}: accepted is a JSON object.")


def _check_kind(data: Mapping[str, Any], kind: str) -> None:
    if data.get("kind", kind) != kind:
        raise InputError(f"kind = {_shown(data['kind'])}: accepted here is {kind!r}.")


def _check_keys(
    item: Mapping[str, Any], where: str, *, required: Sequence[str], optional: Iterable[str] = ()
) -> None:
    accepted = (*required, *optional)
    for key in item:
        if key not in accepted:
            raise InputError(f"{where} has the unknown key {key!r}: accepted are {', '.join(accepted)}.")
    for key in required:
        if key not in item:
            raise InputError(f"{where} lacks {key!r}: needed are {', '.join(required)}.")


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{where} = {_shown(value)}: accepted is a finite number.")
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if not np.isfinite(number):
        raise InputError(f"{where} = {number}: accepted is a finite number.")
    return number


# -- results --------------------------------------------------------------------------------------


def _general_result(solution: StackelbergSolution) -> dict[str, Any]:
    return {
        **solution.certificate.as_dict(),
        "coverage": solution.coverage_by_zone(),
        "defender_utility": solution.defender_utility,
        "attacker_utility": solution.attacker_utility,
        "attack_set": list(solution.attack_set),
        "attacked": solution.attacked,
        "budget_used": solution.budget_used,
        "note": solution.note,
    }


def _bayesian_result(solution: BayesianSolution) -> dict[str, Any]:
    return {
        **solution.certificate.as_dict(),
        "coverage": solution.coverage_by_zone(),
        "defender_utility": solution.defender_utility,
        "attacker_utility": solution.attacker_utility,
        "attack_set": list(solution.attack_set),
        "types": [
            {
                "id": kind.id,
                "prior": kind.prior,
                "defender_utility": kind.defender_utility,
                "attacker_utility": kind.attacker_utility,
                "attack_set": list(kind.attack_set),
                "attacked": kind.attacked,
            }
            for kind in solution.types
        ],
        "budget_used": solution.budget_used,
        "note": solution.note,
    }
