"""`python -m bench [NAME ...]`: measures, and writes the results, the picture and the tables in the docs."""

from scripts.program import program

if __name__ == "__main__":
    with program():
        from bench.commands import main

        main(prog_name="python -m bench")
