"""Rules by name and as JSON: the tables of all rules, and the one place that asks what kind of rule an object is.

* floor        x_t >= a for a zone (or every zone); sum over g of x_t >= a for a group
* cap          x_t <= a for a zone (or every zone); sum over g of x_t <= a for a group
* coverage parity, residual parity, proportionality: :mod:`~patrol_core.games.rules.bands`
* mean difference: :mod:`~patrol_core.games.rules.differences`
* max-min share, lexicographic max-min: :mod:`~patrol_core.games.rules.max_min`
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields

from patrol_core.errors import InputError
from patrol_core.games.rules.bands import CoverageParity, Proportionality, ResidualParity, between
from patrol_core.games.rules.differences import MeanDifference
from patrol_core.games.rules.levels import Cap, Floor
from patrol_core.games.rules.max_min import MaxMin, MaxMinShare
from patrol_core.games.rules.rule import Fairness, Rule, checked_tolerance
from patrol_core.words import of_heads

#: Every kind of rule.
KINDS: tuple[type[Rule], ...] = (
    Floor,
    Cap,
    CoverageParity,
    ResidualParity,
    MeanDifference,
    MaxMinShare,
    MaxMin,
    Proportionality,
)


@dataclass(frozen=True)
class FairnessName:
    """A fairness rule as scenarios, sliders and tables name it.

    Attributes:
        make: The rule at a tolerance d >= 0 (0 the strictest).
        label, differs: The rule in words, and what its tolerance is.
        at: A level of its slider in words.
        of_hours: Whether hours can be divided under it as it stands, without a game.
    """

    make: Callable[[float], Fairness]
    label: str
    differs: str
    at: Callable[[float], str] = "± {:.0%}".format
    of_hours: bool = False


def _of_the_best(d: float) -> str:
    return f"≥ {max(0.0, 1.0 - d):.0%} of the best"


#: Every fairness rule by the name that scenarios and JSON know it by.
FAIRNESS: Mapping[str, FairnessName] = {
    "coverage-parity": FairnessName(
        CoverageParity,
        "Patrol per head",
        "patrol per head of groups may differ by at most",
        of_hours=True,
    ),
    "residual-parity": FairnessName(
        ResidualParity, "Harm left per head", "harm left per head of groups may differ by at most"
    ),
    "mean-difference": FairnessName(
        MeanDifference,
        "Mean difference of patrol",
        "mean difference of patrol per head, at most",
        "mean ≤ {:.0%}".format,
    ),
    "max-min": FairnessName(
        lambda d: MaxMinShare(1.0).with_tolerance(d),
        "Least patrolled group first",
        "least patrolled group below the best it could have, at most",
        _of_the_best,
        of_hours=True,
    ),
    "residual-max-min": FairnessName(
        lambda d: MaxMinShare(1.0, of="residual").with_tolerance(d),
        "Worst harmed group first",
        "worst harmed group from the best it could have, at most",
        _of_the_best,
    ),
    "proportionality": FairnessName(
        between,
        "Patrol in proportion to harm",
        "share of the patrols over share of the harm may differ from 1 by at most",
        lambda d: f"{max(0.0, 1.0 - d):.0%} to {1.0 + d:.0%} of its share",
        of_hours=True,
    ),
}


def rule_label(name: str, head: str) -> str:
    """What a fairness rule is called where it counts ``residents``, or ``zones`` for want of residents."""
    return of_heads(FAIRNESS[name].label, head)


def fairness_rule(name: str, tolerance: float) -> Fairness:
    """The fairness rule of this name at a tolerance d >= 0: d of parity, at_most, or 1 - share of a max-min share.

    Raises:
        InputError: For an unknown name or a tolerance that is no number >= 0.
    """
    if name not in FAIRNESS:
        raise InputError(f"Fairness rule {name!r}: accepted are {', '.join(FAIRNESS)}.")
    return FAIRNESS[name].make(checked_tolerance(tolerance))


def checked_rules(given: Iterable[object]) -> tuple[Rule, ...]:
    """The rules, each an object of a kind there is.

    Raises:
        InputError: Naming what is no rule, and what is accepted.
    """
    rules: list[Rule] = []
    for rule in given:
        if not isinstance(rule, Rule):
            names = ", ".join(kind.__name__ for kind in KINDS)
            raise InputError(f"constraints holds {rule!r}: accepted are {names}.")
        rules.append(rule)
    return tuple(rules)


#: JSON type to (what makes the rule, keys it needs, keys it may have).
_READERS: Mapping[str, tuple[Callable[..., Rule], tuple[str, ...], tuple[str, ...]]] = {
    **{
        kind.kind: (
            kind,
            tuple(field.name for field in fields(kind) if field.default is MISSING),  # type: ignore[arg-type]
            tuple(field.name for field in fields(kind) if field.default is not MISSING),  # type: ignore[arg-type]
        )
        for kind in KINDS
    },
    "must-cover": (lambda zone: Floor(1.0, zone=zone), ("zone",), ()),
    "no-patrol": (lambda zone: Cap(0.0, zone=zone), ("zone",), ()),
}


def rule_keys() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """JSON type of every rule to the keys it needs and those it may have."""
    return {kind: (needed, other) for kind, (_, needed, other) in _READERS.items()}


def _check_keys(
    item: Mapping[str, object], where: str, *, required: Sequence[str], optional: Sequence[str]
) -> None:
    accepted = ("type", *required, *optional)
    for key in item:
        if key not in accepted:
            raise InputError(f"{where} has the unknown key {key!r}: accepted are {', '.join(accepted)}.")
    for key in required:
        if item.get(key) is None:
            raise InputError(f"{where} lacks {key!r}: a {item['type']} rule needs {', '.join(required)}.")
    for key in optional:
        if key in item and item[key] is None:
            raise InputError(f"{where} has {key} = null: give a name, or leave the key out.")


def parse_constraints(items: object) -> tuple[Rule, ...]:
    """Rules from the list of dicts that a JSON game or scenario carries.

    Args:
        items: ``[{"type": "floor", "zone": "a", "at_least": 0.1}, ...]``. Types: floor, cap (``zone`` or
            ``group`` or neither), coverage-parity, residual-parity (``within``), mean-difference (``at_most``,
            ``of``, ``between``), max-min-share (``share``, ``of``), max-min (``of``, ``when``), proportionality
            (``at_least``, ``at_most``), must-cover, no-patrol (``zone``).

    Raises:
        InputError: Naming the position in the list (from 1), the field, the value and what is accepted.
    """
    if not isinstance(items, list | tuple):
        raise InputError(
            f"constraints = {items!r}: accepted is a list of objects such as "
            '{"type": "floor", "zone": "a", "at_least": 0.1}.'
        )
    return tuple(_parse_one(item, f"Constraint {i}") for i, item in enumerate(items, start=1))


def _parse_one(item: object, where: str) -> Rule:
    if not isinstance(item, Mapping):
        raise InputError(f"{where} is {item!r}: accepted is an object with a 'type'.")
    kind = item.get("type")
    if not isinstance(kind, str) or kind not in _READERS:
        raise InputError(f"{where} has type = {kind!r}: accepted are {', '.join(_READERS)}.")
    make, required, optional = _READERS[kind]
    _check_keys(item, where, required=required, optional=optional)
    try:
        return make(**{key: value for key, value in item.items() if key != "type"})
    except InputError as error:
        raise InputError(f"{where}: {error}") from None
