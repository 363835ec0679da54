"""The beliefs: a module for each part of AWS, a function for each belief."""
