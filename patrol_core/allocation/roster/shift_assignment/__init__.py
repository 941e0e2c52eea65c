"""Shift assignment."""
