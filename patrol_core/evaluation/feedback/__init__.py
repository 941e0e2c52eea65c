"""Feedback loop check: what becomes of a plan re-made from the records its own patrols bring."""
