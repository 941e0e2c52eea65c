"""Risk per zone: harm weights, the risk surface, the season."""
