"""Games as JSON: from the document of the command line to a solved result as plain data.

What a document may hold is in :mod:`patrol_core.games.documents.models`; how each objective and each model of offenders is
solved is in :data:`SOLVERS`, and each kind of game in :data:`KINDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.files.documents import document_of
from patrol_core.files.numbers import within_reach
from patrol_core.games.behavioural import BehaviouralStrategy, solve_behavioural
from patrol_core.games.documents.models import (
    BayesianDocument,
    GameDocument,
    GeneralDocument,
    Rational,
    TypeDocument,
    ZoneDocument,
    population_of,
)
from patrol_core.games.robust import RobustStrategy, solve_regret
from patrol_core.games.stackelberg import (
    FIELDS,
    BayesianGame,
    BayesianSolution,
    OffenderType,
    SecurityGame,
    StackelbergSolution,
    Target,
    TypeOutcome,
    solve_bayesian,
    solve_stackelberg,
)
from patrol_core.games.zone import Strategy, ZoneGame, solve_zone_game

_AT_UPPER_ENDS = (
    "Values are given as intervals: the plan is made for their upper ends, the worst case; rules on residual harm are measured by "
    "the values as stated."
)


class DeploymentsLike(Protocol):
    """What ``--deployments`` needs of :class:`patrol_core.allocation.deployments.sampling.Deployments`."""

    def records(self) -> list[dict[str, object]]:
        """The deployments as plain data."""


Decompose = Callable[[Sequence[str], Floats], DeploymentsLike]


def solve_game(document: object, *, decompose: Decompose | None = None) -> dict[str, object]:
    """Solve one game document of any kind.

    Args:
        document: The JSON of the command line's ``game``, already loaded
            (:func:`patrol_core.files.strict_json.load_json`).
        decompose: :func:`patrol_core.allocation.deployments.sampling.decompose` to add ``deployments``; it is
            handed in because games stand below allocation.

    Returns:
        dict: status, objective, bound, gap, solver, seconds; coverage {id: x}, defender_utility,
            attacker_utility, attack_set, and more figures. Plain floats and strings throughout.

    Raises:
        InputError: One sentence that names the place, the value and what is accepted.
        InfeasibleError: When the rules cannot all be met.
    """
    game = document_of(GameDocument, document).root
    with within_reach(document, "The game"):
        result = KINDS[game.kind](game)
    if decompose is not None:
        coverage = result["coverage"]
        levels = np.array(list(coverage.values()), dtype=float)
        result["deployments"] = decompose(tuple(coverage), levels).records()
    return result


# -- zone games -----------------------------------------------------------------------------------


def zone_game(document: ZoneDocument) -> ZoneGame:
    """The game of a document; under intervals, a worst case or a total is planned for their upper ends."""
    stated = np.array(list(document.values.values()), dtype=float)
    return ZoneGame(
        tuple(document.values),
        document.ends()[1] if document.at_upper_ends else stated,
        document.budget,
        document.effectiveness,
        population=document.people(),
        groups={name: tuple(zones) for name, zones in document.groups.items()},
        constraints=document.constraints,
        stated=stated if document.at_upper_ends else None,
        response=document.response,
        sizes=document.sizes(),
        upper=document.most(),
        hours_per_unit=document.hours_per_unit,
    )


def _solve_stated(document: ZoneDocument) -> Strategy:
    assert document.objective != "regret"
    return solve_zone_game(zone_game(document), objective=document.objective)


def _solve_regret(document: ZoneDocument) -> Strategy:
    return solve_regret(zone_game(document), *document.ends())


def _solve_behavioural(document: ZoneDocument) -> Strategy:
    assert not isinstance(document.attacker, Rational)
    return solve_behavioural(zone_game(document), document.attacker.attacker())


#: (objective, attacker model) to solver; a new one is a line here and a model in :mod:`patrol_core.games.documents.models`.
SOLVERS: dict[tuple[str, str], Callable[[ZoneDocument], Strategy]] = {
    ("worst-case", "rational"): _solve_stated,
    ("total", "rational"): _solve_stated,
    ("regret", "rational"): _solve_regret,
    ("worst-case", "quantal"): _solve_behavioural,
    ("worst-case", "suqr"): _solve_behavioural,
}


def _solve_zone(document: ZoneDocument) -> dict[str, Any]:
    strategy = SOLVERS[document.objective, document.attacker.model](document)
    result = strategy.certificate.as_dict() | {
        "coverage": strategy.coverage_by_zone(),
        "defender_utility": strategy.defender_utility,
        "attacker_utility": strategy.attacker_utility,
        "attack_set": list(strategy.attack_set),
        "worst_case": strategy.worst_case,
        "expected_residual": strategy.expected_residual,
        "budget_used": strategy.budget_used,
        "budget_dual": strategy.budget_dual,
    }
    result |= _further_figures(strategy)
    if document.at_upper_ends:
        result["notes"] = [_AT_UPPER_ENDS]
    return result


def _further_figures(strategy: Strategy) -> dict[str, object]:
    """What a robust or behavioural strategy adds to the fields that every strategy has."""
    if isinstance(strategy, BehaviouralStrategy):
        return {
            "attack_probability": strategy.probability_by_zone(),
            "expected_loss": strategy.value,
            "expected_loss_at_least": strategy.lower,
        }
    if not isinstance(strategy, RobustStrategy):
        return {}
    data: dict[str, object] = {"model": strategy.model, "value": strategy.value}
    if strategy.worst_zone is not None:
        data["worst_zone"] = strategy.worst_zone
    if strategy.worst_values is not None:
        data["worst_values"] = dict(zip(strategy.zone_ids, strategy.worst_values.tolist(), strict=True))
    return data


# -- general and Bayesian games -------------------------------------------------------------------


def _rules(document: GeneralDocument | BayesianDocument, ids: Sequence[str]) -> dict[str, Any]:
    return {
        "groups": {name: tuple(members) for name, members in document.groups.items()},
        "population": population_of(document, ids),
        "constraints": document.constraints,
    }


def _solve_general(document: GeneralDocument) -> dict[str, Any]:
    targets = [Target(**target.model_dump()) for target in document.targets]
    ids = [target.id for target in targets]
    game = SecurityGame.from_targets(targets, document.budget, **_rules(document, ids))
    solution = solve_stackelberg(game, method=document.method)
    return _commitment(solution, {"attacked": solution.attacked})


def _solve_bayesian(document: BayesianDocument) -> dict[str, Any]:
    ids = document.types[0].zones()
    types = tuple(_offender_type(kind, ids, document.effectiveness) for kind in document.types)
    game = BayesianGame(tuple(ids), types, document.budget, **_rules(document, ids))
    solution = solve_bayesian(game, method=document.method)
    outcomes = [
        {"id": kind.id, "prior": kind.prior, **_answer(kind), "attacked": kind.attacked}
        for kind in solution.types
    ]
    return _commitment(solution, {"types": outcomes})


def _offender_type(kind: TypeDocument, ids: Sequence[str], effectiveness: float) -> OffenderType:
    if kind.values is not None:
        e = effectiveness if kind.effectiveness is None else kind.effectiveness
        return OffenderType.zero_sum(kind.id, kind.prior, [kind.values[zone] for zone in ids], e)
    table = {target.id: target for target in kind.targets or ()}
    payoffs = (np.array([getattr(table[zone], field) for zone in ids]) for field in FIELDS)
    return OffenderType(kind.id, kind.prior, *payoffs)


def _commitment(
    solution: StackelbergSolution | BayesianSolution, more: Mapping[str, object]
) -> dict[str, Any]:
    return {
        **solution.certificate.as_dict(),
        "coverage": solution.coverage_by_zone(),
        **_answer(solution),
        **more,
        "budget_used": solution.budget_used,
        "note": solution.note,
    }


def _answer(found: StackelbergSolution | BayesianSolution | TypeOutcome) -> dict[str, Any]:
    return {
        "defender_utility": found.defender_utility,
        "attacker_utility": found.attacker_utility,
        "attack_set": list(found.attack_set),
    }


#: Kind of game to its solver.
KINDS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "zone": _solve_zone,
    "general": _solve_general,
    "bayesian": _solve_bayesian,
}
