"""`make runtime`: the artifacts and the unit tests on the Lambda runtime's own Python, whatever Python runs this."""

from scripts.program import program

if __name__ == "__main__":
    with program():
        from tests.runtime.check import checked

        checked()
