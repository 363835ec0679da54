"""`make runtime`: the artifacts and the unit tests of the functions on the Lambda runtime's own Python, whatever Python runs this."""

import os

from scripts.program import program

if __name__ == "__main__":
    with program():
        from localcloud.clients.environment import isolate

        # Before moto is imported, which looks up AWS_PROFILE then.
        isolate(os.environ)
        from tests.runtime.check import checked

        checked()
