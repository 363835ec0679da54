"""The commands of `odcr`: one module each, with its click command as `command`."""
