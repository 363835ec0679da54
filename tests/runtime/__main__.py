"""`make runtime`: the artifacts and the unit tests of the functions on Lambda's own version of Python."""

import os

from scripts.program import program

if __name__ == "__main__":
    with program():
        from localcloud.clients.environment import isolate

        # Before the import of moto, which reads AWS_PROFILE.
        isolate(os.environ)
        from tests.runtime.check import checked

        checked()
