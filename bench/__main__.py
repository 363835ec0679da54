"""`python -m bench [NAME ...]`: measures, and writes the results, the picture and the tables in the docs."""

import os

from scripts.program import program

if __name__ == "__main__":
    with program():
        from localcloud.clients.environment import isolate

        # Before moto is imported, which looks up AWS_PROFILE then.
        isolate(os.environ)
        from bench.commands import main

        main(prog_name="python -m bench")
