"""`python -m localcloud`: starts, changes and stops a local cloud."""

import os

from localcloud.commands.program import program

if __name__ == "__main__":
    with program():
        from localcloud.clients.environment import isolate

        # First, since moto looks up AWS_PROFILE when it is imported.
        isolate(os.environ)
        from localcloud.commands.main import main

        main(prog_name="python -m localcloud")
