"""Measures what the product catches, costs and needs; `make bench`."""
