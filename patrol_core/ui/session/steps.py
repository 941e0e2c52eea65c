"""The choices of before and after: undo and redo, in steps as people take them."""

from __future__ import annotations

from dataclasses import dataclass, field

from patrol_core.scenario import Scenario

MOST_STEPS = 100
TOGETHER_S = 2.0
"""Seconds within which changes of the same choice are one step: a slider is moved through many values."""


@dataclass
class Steps:
    """What was chosen before, and what was undone.

    Attributes:
        past: Scenarios, the last before the present one at the end.
        future: Those that were undone, the next to redo at the end.
        moved, at: Choices that the last step changed, and when, in seconds of a clock that only goes forward.
    """

    past: list[Scenario] = field(default_factory=list)
    future: list[Scenario] = field(default_factory=list)
    moved: frozenset[str] = frozenset()
    at: float = 0.0

    def note(self, before: Scenario, after: Scenario, now: float) -> None:
        """Choices were changed; what was undone before can no longer be redone.

        Args:
            before, after: The choices.
            now: Seconds, as ``at``.
        """
        if before == after:
            return
        moved = frozenset(n for n in Scenario.model_fields if getattr(before, n) != getattr(after, n))
        goes_on = bool(self.past) and moved == self.moved and now - self.at < TOGETHER_S and not self.future
        if not goes_on:
            self.past.append(before)
            del self.past[:-MOST_STEPS]
        elif self.past[-1] == after:  # there and back again
            self.past.pop()
        self.moved, self.at = moved, now
        self.future.clear()

    def undo(self, present: Scenario) -> Scenario | None:
        """The choices before the last step; None where there are none."""
        return self._step(present, self.past, self.future)

    def redo(self, present: Scenario) -> Scenario | None:
        """The choices that were undone last; None where there are none."""
        return self._step(present, self.future, self.past)

    def _step(self, present: Scenario, of: list[Scenario], to: list[Scenario]) -> Scenario | None:
        if not of:
            return None
        to.append(present)
        self.moved = frozenset()
        return of.pop()
