"""`python -m demo`: what `make run` does."""

from scripts.program import program

if __name__ == "__main__":
    with program():
        # It takes a second or two, in which Ctrl-C must not show where the import was.
        from demo.play import main

        main(prog_name="python -m demo")
