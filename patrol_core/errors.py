"""What can go wrong, in words a user can act on.

Every message says what is wrong, where, and what to do next. The command line maps each class to
an exit code (``exit_code``); pages show the message as it is, never a traceback.
"""

from __future__ import annotations

import re

_LONG = re.compile(r"[^\s/\\]{256,}")
"""Longer than any name of a file: a value that was given, which nobody reads to its end."""


class PatrolError(Exception):
    """Base of every error this project raises on purpose."""

    exit_code = 1

    def __str__(self) -> str:
        """The message, with values of hundreds of characters cut."""
        return _LONG.sub(lambda long: f"{long[0][:57]}… ({len(long[0]):,} characters)", super().__str__())


class InputError(PatrolError, ValueError):
    """A value, file, row or table that cannot be used as given."""

    exit_code = 2


class InfeasibleError(PatrolError, ValueError):
    """Rules that cannot all be met.

    Args:
        message: Which rule, by how much, and what would work.
        rule: The rule named in the message (for a page's "relax" button).
        shortfall: By how much it fails, in the rule's own unit.
        remedy: The least value that works, where it is known.
        slider: Which level of all rules the remedy is one of: ``parity`` (the tolerance of fairness rules) or ``floor``.
    """

    exit_code = 3

    def __init__(
        self,
        message: str,
        *,
        rule: str = "",
        shortfall: float | None = None,
        remedy: float | None = None,
        slider: str = "",
    ) -> None:
        super().__init__(message)
        self.rule = rule
        self.shortfall = shortfall
        self.remedy = remedy
        self.slider = slider


class SourceError(PatrolError, OSError):
    """A file or service that could not be reached or read."""

    exit_code = 4


class SolverError(PatrolError, RuntimeError):
    """A solver that ended without a plan that passes the checks."""

    exit_code = 1
