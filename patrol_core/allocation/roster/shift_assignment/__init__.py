"""Which unit works which shift: an integer programme, a quick start, the check of the answer, and why there is none."""
