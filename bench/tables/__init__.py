"""The results of each measurement as Markdown, by the name of the place in the docs: `<!-- bench: NAME -->`."""
