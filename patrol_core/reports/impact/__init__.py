"""The impact record of a plan: what a run can say, and what is left to named people."""
