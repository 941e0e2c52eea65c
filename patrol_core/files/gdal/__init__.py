"""Files that GDAL opens: the process that guards it, and the child in which it runs."""
