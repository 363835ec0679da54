"""The page: a small server for this machine only, over the same APIs as the commands."""
