"""Programs that talk to the local cloud, and how they are kept from talking to anything else."""
