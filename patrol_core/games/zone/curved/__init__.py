"""Curved responses with rules over several zones: through group sums where the rules speak of nothing else, else zone by zone."""
