"""Runs of the deployed stack on the local cloud, and what they use."""
