"""The beliefs: a module for each part of AWS, and for each belief a function that asks."""
