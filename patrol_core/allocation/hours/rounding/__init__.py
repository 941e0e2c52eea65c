"""Rounding."""
