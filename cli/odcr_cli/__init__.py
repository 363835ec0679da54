"""The command line `odcr`, and its page: over AWS's APIs, with the rights of whoever calls it."""
