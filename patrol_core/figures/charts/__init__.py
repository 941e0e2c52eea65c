"""Plotly charts, a module a subject; what they share is in ``base``."""
