"""How unequal a plan is, for whom, and what a fairer one costs."""
