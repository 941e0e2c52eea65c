"""Security games: how to spread patrols when offenders can see the pattern."""
