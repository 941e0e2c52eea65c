"""Commands on the store of crime data."""
