"""`make run`: the whole system on this machine, with EC2 capacity that comes and goes."""
