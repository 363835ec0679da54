"""The checks of `odcr check`: one small function for each thing that can be wrong."""
