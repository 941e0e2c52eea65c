"""Group rules."""
