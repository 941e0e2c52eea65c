"""Behavioural."""
