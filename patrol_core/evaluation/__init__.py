"""A plan against simple alternatives, and how steady it is."""
