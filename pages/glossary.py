"""Glossary: every term of the tool in one plain sentence."""

from __future__ import annotations

from patrol_core.ui.glossary import glossary, take_term
from patrol_core.ui.shell import frame

take_term()
frame.begin("glossary")
glossary()
frame.next_step("method", "What all of this assumes, and what it may not be used for.")
