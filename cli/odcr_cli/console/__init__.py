"""The page: a small server on this machine only, over the same APIs as the commands."""
