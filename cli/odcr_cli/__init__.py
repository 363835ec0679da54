"""The command line `odcr` and its page. Both call AWS's APIs with the caller's own rights."""
