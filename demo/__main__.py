"""`python -m demo`: what `make run` does."""

from scripts.program import program

if __name__ == "__main__":
    with program():
        # Importing takes a second or two, in which Ctrl-C must not print a traceback.
        from demo.play import main

        main(prog_name="python -m demo")
