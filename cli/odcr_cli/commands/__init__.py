"""The commands of `odcr`: one module each, whose `command` is what click runs."""
