"""Games given as a file: solved, or written in another form."""
