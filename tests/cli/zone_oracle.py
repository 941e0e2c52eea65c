"""The zone game as two linear programs: own matrices, SciPy's solver, nothing of the project."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog


def rows_of(document):
    """Every side rule as rows ``a . x <= b`` over the zones."""
    zones = list(document["values"])
    at = {zone: index for index, zone in enumerate(zones)}
    value = np.array([float(document["values"][zone]) for zone in zones])
    effect = float(document.get("effectiveness", 1.0))
    people = document.get("population") or {}
    head = np.array([float(people.get(zone) or 0.0) for zone in zones])
    groups = document.get("groups", {})
    matrix, limit = [np.ones(len(zones))], [float(document["budget"])]

    def indicator(names):
        row = np.zeros(len(zones))
        row[[at[name] for name in names]] = 1.0
        return row

    for rule in document.get("constraints", []):
        kind = rule["type"]
        if kind in ("must-cover", "no-patrol"):
            sign = -1.0 if kind == "must-cover" else 1.0
            matrix.append(sign * indicator([rule["zone"]]))
            limit.append(-1.0 if kind == "must-cover" else 0.0)
        elif kind in ("floor", "cap"):
            level = rule.get("at_least", rule.get("at_most"))
            sign = -1.0 if kind == "floor" else 1.0
            if "group" in rule:
                targets = [groups[rule["group"]]]
            else:
                targets = [[rule["zone"]]] if "zone" in rule else [[zone] for zone in zones]
            for target in targets:
                matrix.append(sign * indicator(target))
                limit.append(sign * level)
        else:
            for members in groups.values():
                inside = indicator(members)
                share = float(head @ inside) / float(head.sum())
                for sign in (1.0, -1.0):
                    factor = (1 + sign * rule["within"]) * share
                    if kind == "coverage-parity":
                        matrix.append(sign * (inside - factor))
                        limit.append(0.0)
                    else:  # harm left: sum over g of V (1 - e x) against factor times the whole
                        matrix.append(sign * (factor - inside) * effect * value)
                        limit.append(sign * float((factor - inside) @ value))
    return zones, value, effect, np.array(matrix), np.array(limit)


def oracle(document):
    """Least worst case, then least expected residual with it; None where no coverage keeps the rules.

    With the response ``several`` a zone's units are pieces of one unit each, of which the k-th prevents e (1 - e)^(k - 1) of
    the harm; rules are on the sums of pieces.
    """
    _, value, effect, matrix, limit = rows_of(document)
    pieces = 1 if document.get("response", "linear") == "linear" else min(int(document["budget"]) + 2, 40)
    prevents = np.tile(effect * (1 - effect) ** np.arange(pieces) if pieces > 1 else [effect], len(value))
    n = len(value) * pieces
    owner = np.repeat(np.arange(len(value)), pieces)
    harm = value[owner] * prevents
    less = np.zeros((len(value), n))
    less[owner, np.arange(n)] = -harm
    attack = np.hstack([less, -np.ones((len(value), 1))])  # V (1 - prevented) <= v
    a = np.vstack([np.hstack([matrix[:, owner], np.zeros((len(matrix), 1))]), attack])
    b = np.concatenate([limit, -value])
    box = [(0.0, 1.0)] * n
    first = linprog(np.eye(n + 1)[n], A_ub=a, b_ub=b, bounds=[*box, (0.0, None)], method="highs")
    if first.status == 2:
        return None
    assert first.status == 0, first.message
    worst = float(first.fun)
    second = linprog(
        np.append(-harm, 0.0),
        A_ub=a,
        b_ub=b,
        bounds=[*box, (0.0, worst * (1 + 1e-9) + 1e-9)],
        method="highs",
    )
    assert second.status == 0, second.message
    return worst, float(value.sum() + second.fun)
