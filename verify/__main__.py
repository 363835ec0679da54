"""`python -m verify`: deploys a throwaway stack, asks every belief, deletes everything, writes the table."""

from scripts.program import in_sentences

if __name__ == "__main__":
    # Not `program`: while it cleans up, a second Ctrl-C means something.
    with in_sentences():
        from verify.commands import main

        main(prog_name="python -m verify")
