"""The commands of `python -m localcloud`."""
