"""Patrol planning as a library: recorded crime in, a patrol plan with its certificate out.

>>> import patrol_core as pc
>>> plan = pc.plan(pc.open_area("sample"), units=12, fairness=0.2)
>>> round(plan.certificate.gap, 9)
0.0

The dashboard (``app.py``) and the command line (``patrol``) are thin layers over the same functions. Nothing
heavy loads before it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from patrol_core.version import VERSION as __version__

if TYPE_CHECKING:
    from patrol_core.api import Comparison, PatrolPlan, compare, open_area, plan
    from patrol_core.areas import AreaData
    from patrol_core.errors import InfeasibleError, InputError, PatrolError, SourceError
    from patrol_core.scenario import Scenario

_HOMES = {
    "AreaData": "areas",
    "Comparison": "api",
    "InfeasibleError": "errors",
    "InputError": "errors",
    "PatrolError": "errors",
    "PatrolPlan": "api",
    "Scenario": "scenario",
    "SourceError": "errors",
    "compare": "api",
    "open_area": "api",
    "plan": "api",
}

__all__ = [
    "AreaData",
    "Comparison",
    "InfeasibleError",
    "InputError",
    "PatrolError",
    "PatrolPlan",
    "Scenario",
    "SourceError",
    "__version__",
    "compare",
    "open_area",
    "plan",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
