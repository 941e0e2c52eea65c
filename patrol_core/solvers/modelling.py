"""Pyomo, loaded when the first model is built.

Importing it takes longer than most plans, and a plan without rules that couple zones needs no model; so the first
page would wait for nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any


class _OnFirstUse:
    """Stands for a module and loads it when something of it is asked for."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self._name), attribute)


pyo: Any = _OnFirstUse("pyomo.environ")
"""``pyomo.environ``."""
expressions: Any = _OnFirstUse("pyomo.core.expr.numeric_expr")
"""Home of ``LinearExpression``."""
representations: Any = _OnFirstUse("pyomo.repn")
"""Home of ``generate_standard_repn``."""
standard_form: Any = _OnFirstUse("pyomo.repn.plugins.standard_form")
"""Home of ``LinearStandardFormCompiler``."""


def load() -> None:
    """Load Pyomo now, for instance in the background once a page is drawn."""
    import_module("pyomo.environ")
    import_module("pyomo.repn.plugins.standard_form")
