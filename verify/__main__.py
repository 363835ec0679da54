"""`python -m verify`: deploys a throwaway stack, asks every belief, deletes everything, writes the table."""

from scripts.program import in_sentences

if __name__ == "__main__":
    # Not `program`: during the clean-up, a second Ctrl-C has a meaning of its own.
    with in_sentences():
        from verify.commands import main

        main(prog_name="python -m verify")
