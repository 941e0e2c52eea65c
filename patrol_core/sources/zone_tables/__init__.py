"""Zone tables."""
