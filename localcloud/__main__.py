"""`python -m localcloud`: starts, changes and stops a local cloud."""

from scripts.program import program

if __name__ == "__main__":
    with program():
        from localcloud.commands import main

        main(prog_name="python -m localcloud")
