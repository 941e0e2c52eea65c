"""Stackelberg."""
