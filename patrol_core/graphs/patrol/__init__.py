"""Patrol."""
