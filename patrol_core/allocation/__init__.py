"""Patrol hours and deployments: from a plan on paper to patrols people can walk."""
