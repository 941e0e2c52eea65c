"""Memo."""
