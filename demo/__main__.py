"""`python -m demo`: what `make run` does."""

import os

from scripts.program import program

if __name__ == "__main__":
    with program():
        from localcloud.clients.environment import isolate

        # Before moto is imported, which looks up AWS_PROFILE then.
        isolate(os.environ)
        from demo.play import main

        main(prog_name="python -m demo")
