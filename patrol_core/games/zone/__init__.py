"""Zone."""
