"""Side constraints and fairness rules shared by every model (models.md section 7).

With coverage x_t in [0, 1], values V_t, effectiveness e, population n_t, groups g with n_g = sum of n_t,
N = sum of n_t over all zones:

* floor        x_t >= a for a zone (or every zone); sum over g of x_t >= a for a group
* cap          x_t <= a for a zone (or every zone); sum over g of x_t <= a for a group
* coverage parity   (sum over g of x_t) / n_g within (1 +- d) of (sum of x_t) / N, for every group g
* residual parity   (sum over g of V_t (1 - e x_t)) / n_g within (1 +- d) of (sum of V_t (1 - e x_t)) / N

* mean difference, max-min share and lexicographic max-min of either: :mod:`~patrol_core.games.rules.fairness`

Groups may overlap, and zones in no group still count in the overall rate.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from patrol_core.errors import InputError
from patrol_core.games.rules.fairness import MaxMin, MaxMinShare, MeanDifference
from patrol_core.games.rules.fairness import plain_number as _number

__all__ = [
    "FAIRNESS",
    "Cap",
    "Constraint",
    "CoverageParity",
    "Fairness",
    "Floor",
    "MaxMin",
    "MaxMinShare",
    "MeanDifference",
    "Parity",
    "ResidualParity",
    "constraint_as_dict",
    "fairness_rule",
    "parse_constraints",
    "tolerance_of",
    "with_tolerance",
]


@dataclass(frozen=True, slots=True)
class Floor:
    """At least this much coverage: of one zone, of the sum over a group, or (neither named) of every zone."""

    at_least: float
    zone: str | None = None
    group: str | None = None

    def __post_init__(self) -> None:
        _check_level("floor", "at_least", self.at_least, self.zone, self.group)

    @property
    def name(self) -> str:
        """The rule in words, as messages and tables show it."""
        return f"floor of {self.at_least:g} on {_place(self.zone, self.group)}"


@dataclass(frozen=True, slots=True)
class Cap:
    """At most this much coverage: of one zone, of the sum over a group, or (neither named) of every zone."""

    at_most: float
    zone: str | None = None
    group: str | None = None

    def __post_init__(self) -> None:
        _check_level("cap", "at_most", self.at_most, self.zone, self.group)

    @property
    def name(self) -> str:
        """The rule in words."""
        return f"cap of {self.at_most:g} on {_place(self.zone, self.group)}"


@dataclass(frozen=True, slots=True)
class CoverageParity:
    """Coverage per head of every group within (1 +- within) of the overall rate."""

    within: float

    def __post_init__(self) -> None:
        _check_within("coverage-parity", self.within)

    @property
    def name(self) -> str:
        """The rule in words."""
        return f"coverage-parity within {self.within:g}"


@dataclass(frozen=True, slots=True)
class ResidualParity:
    """Residual harm per head of every group within (1 +- within) of the overall rate."""

    within: float

    def __post_init__(self) -> None:
        _check_within("residual-parity", self.within)

    @property
    def name(self) -> str:
        """The rule in words."""
        return f"residual-parity within {self.within:g}"


Constraint = Floor | Cap | CoverageParity | ResidualParity | MeanDifference | MaxMinShare | MaxMin
Parity = CoverageParity | ResidualParity
Fairness = CoverageParity | ResidualParity | MeanDifference | MaxMinShare

#: Name of a fairness rule, as scenarios and JSON know it, to the rule at a tolerance d >= 0 (0 the strictest).
FAIRNESS: Mapping[str, Callable[[float], Fairness]] = {
    "coverage-parity": CoverageParity,
    "residual-parity": ResidualParity,
    "mean-difference": MeanDifference,
    "max-min": lambda d: MaxMinShare(max(0.0, 1.0 - _checked_tolerance(d))),
    "residual-max-min": lambda d: MaxMinShare(max(0.0, 1.0 - _checked_tolerance(d)), of="residual"),
}


def fairness_rule(name: str, tolerance: float) -> Fairness:
    """The fairness rule of this name at a tolerance d >= 0: d of parity, at_most, or 1 - share of a max-min share.

    Raises
    ------
    InputError
        For an unknown name or a tolerance that is no number >= 0.
    """
    if name not in FAIRNESS:
        raise InputError(f"Fairness rule {name!r}: accepted are {', '.join(FAIRNESS)}.")
    return FAIRNESS[name](_checked_tolerance(tolerance))


def with_tolerance(rule: Fairness, tolerance: float) -> Fairness:
    """The same kind of rule at another tolerance d >= 0; see :func:`fairness_rule`."""
    if isinstance(rule, MeanDifference):
        return replace(rule, at_most=tolerance)
    if isinstance(rule, MaxMinShare):
        return replace(rule, share=max(0.0, 1.0 - _checked_tolerance(tolerance)))
    return replace(rule, within=tolerance)


def tolerance_of(rule: Fairness) -> float:
    """The tolerance d of a fairness rule: 0 is the strictest."""
    if isinstance(rule, MeanDifference):
        return rule.at_most
    return 1.0 - rule.share if isinstance(rule, MaxMinShare) else rule.within


def _checked_tolerance(tolerance: float) -> float:
    if not _number(tolerance) >= 0:
        raise InputError(
            f"A fairness rule has tolerance {tolerance!r}: accepted is a number >= 0 (0 the strictest)."
        )
    return tolerance


def _place(zone: str | None, group: str | None) -> str:
    if zone is not None:
        return f"zone {zone!r}"
    return f"group {group!r}" if group is not None else "every zone"


def _check_level(kind: str, field: str, value: object, zone: object, group: object) -> None:
    if zone is not None and group is not None:
        raise InputError(
            f"A {kind} names zone {zone!r} and group {group!r}: accepted is one of them, or neither for all."
        )
    for label, given in (("zone", zone), ("group", group)):
        if given is not None and not isinstance(given, str):
            raise InputError(f"A {kind} has {label} = {given!r}: accepted is the {label}'s name as text.")
    top = "a number from 0 to 1" if group is None else "a number >= 0"
    number = _number(value)
    if not number >= 0 or (group is None and number > 1):
        raise InputError(f"A {kind} has {field} = {value!r}: accepted is {top}.")


def _check_within(kind: str, value: object) -> None:
    if not _number(value) >= 0:
        raise InputError(f"A {kind} rule has within = {value!r}: accepted is a number >= 0 (0.2 means 20 %).")


# -- the JSON of the command line ---------------------------------------------------------------


def _floor(item: Mapping[str, object], where: str) -> Constraint:
    _check_keys(item, where, required=("at_least",), optional=("zone", "group"))
    return Floor(item["at_least"], item.get("zone"), item.get("group"))  # type: ignore[arg-type]


def _cap(item: Mapping[str, object], where: str) -> Constraint:
    _check_keys(item, where, required=("at_most",), optional=("zone", "group"))
    return Cap(item["at_most"], item.get("zone"), item.get("group"))  # type: ignore[arg-type]


def _coverage_parity(item: Mapping[str, object], where: str) -> Constraint:
    _check_keys(item, where, required=("within",))
    return CoverageParity(item["within"])  # type: ignore[arg-type]


def _residual_parity(item: Mapping[str, object], where: str) -> Constraint:
    _check_keys(item, where, required=("within",))
    return ResidualParity(item["within"])  # type: ignore[arg-type]


def _mean_difference(item: Mapping[str, object], where: str) -> Constraint:
    _check_keys(item, where, required=("at_most",), optional=("of", "between"))
    options = {key: item[key] for key in ("of", "between") if key in item}
    return MeanDifference(item["at_most"], **options)  # type: ignore[arg-type]


def _max_min_share(item: Mapping[str, object], where: str) -> Constraint:
    _check_keys(item, where, required=("share",), optional=("of",))
    return MaxMinShare(item["share"], **({"of": item["of"]} if "of" in item else {}))  # type: ignore[arg-type]


def _max_min(item: Mapping[str, object], where: str) -> Constraint:
    _check_keys(item, where, required=(), optional=("of", "when"))
    return MaxMin(**{key: item[key] for key in ("of", "when") if key in item})  # type: ignore[arg-type]


def _must_cover(item: Mapping[str, object], where: str) -> Constraint:
    _check_keys(item, where, required=("zone",))
    return Floor(1.0, zone=item["zone"])  # type: ignore[arg-type]


def _no_patrol(item: Mapping[str, object], where: str) -> Constraint:
    _check_keys(item, where, required=("zone",))
    return Cap(0.0, zone=item["zone"])  # type: ignore[arg-type]


_READERS: Mapping[str, Callable[[Mapping[str, object], str], Constraint]] = {
    "floor": _floor,
    "cap": _cap,
    "coverage-parity": _coverage_parity,
    "residual-parity": _residual_parity,
    "mean-difference": _mean_difference,
    "max-min-share": _max_min_share,
    "max-min": _max_min,
    "must-cover": _must_cover,
    "no-patrol": _no_patrol,
}


def _check_keys(
    item: Mapping[str, object], where: str, *, required: Sequence[str], optional: Sequence[str] = ()
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


def parse_constraints(items: object) -> tuple[Constraint, ...]:
    """Rules from the list of dicts that a JSON game or scenario carries.

    Parameters
    ----------
    items
        ``[{"type": "floor", "zone": "a", "at_least": 0.1}, ...]``. Types: floor, cap (``zone`` or ``group``
        or neither), coverage-parity, residual-parity (``within``), mean-difference (``at_most``, ``of``,
        ``between``), max-min-share (``share``, ``of``), max-min (``of``, ``when``), must-cover, no-patrol (``zone``).

    Raises
    ------
    InputError
        Naming the position in the list (from 1), the field, the value and what is accepted.
    """
    if not isinstance(items, list | tuple):
        raise InputError(
            f"constraints = {items!r}: accepted is a list of objects such as "
            '{"type": "floor", "zone": "a", "at_least": 0.1}.'
        )
    return tuple(_parse_one(item, f"Constraint {i}") for i, item in enumerate(items, start=1))


def _parse_one(item: object, where: str) -> Constraint:
    if not isinstance(item, Mapping):
        raise InputError(f"{where} is {item!r}: accepted is an object with a 'type'.")
    kind = item.get("type")
    if not isinstance(kind, str) or kind not in _READERS:
        raise InputError(f"{where} has type = {kind!r}: accepted are {', '.join(_READERS)}.")
    try:
        return _READERS[kind](item, where)
    except InputError as error:
        text = str(error)
        raise InputError(text if text.startswith(where) else f"{where}: {text}") from None


def constraint_as_dict(rule: Constraint) -> dict[str, object]:
    """The JSON form of a rule; ``parse_constraints([constraint_as_dict(r)]) == (r,)``."""
    if isinstance(rule, CoverageParity):
        return {"type": "coverage-parity", "within": rule.within}
    if isinstance(rule, ResidualParity):
        return {"type": "residual-parity", "within": rule.within}
    if isinstance(rule, MeanDifference):
        return {"type": "mean-difference", "at_most": rule.at_most, "of": rule.of, "between": rule.between}
    if isinstance(rule, MaxMinShare):
        return {"type": "max-min-share", "share": rule.share, "of": rule.of}
    if isinstance(rule, MaxMin):
        return {"type": "max-min", "of": rule.of, "when": rule.when}
    level: dict[str, object] = (
        {"type": "floor", "at_least": rule.at_least}
        if isinstance(rule, Floor)
        else {"type": "cap", "at_most": rule.at_most}
    )
    if rule.zone is not None:
        level["zone"] = rule.zone
    if rule.group is not None:
        level["group"] = rule.group
    return level
