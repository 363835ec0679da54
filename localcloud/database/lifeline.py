"""Runs a program that ends when its owner ends, in whatever way. A script of its own, without imports of ours.

    python lifeline.py FOLDER PROGRAM [ARGUMENT...]

Standard input is the line to the owner. When it closes, the program is asked to stop, is killed if it does not, and
FOLDER is deleted, unless the owner wrote `keep` first. A pipe closes even for a killed owner, on every system; no
signal handler and no Linux-only parent-death signal can offer that.

Standard output is the program's process id on a line of its own, and closes when the program has ended.
"""

import os
import shutil
import subprocess
import sys
import threading

STOP_SECONDS = 20.0
"""How long the program may take to stop before it is killed."""
KEEP = "keep\n"


def main(folder: str, command: list[str]) -> int:
    """Returns the program's exit code."""
    program = subprocess.Popen(  # noqa: S603 - the owner's own command line
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    sys.stdout.write(f"{program.pid}\n")
    sys.stdout.flush()
    said: list[str] = []

    def stop_when_the_line_closes() -> None:
        said.append(sys.stdin.read())
        program.terminate()
        try:
            program.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            program.kill()

    line = threading.Thread(target=stop_when_the_line_closes, daemon=True)
    line.start()
    code = program.wait()
    os.close(sys.stdout.fileno())  # closing sys.stdout itself would leave the descriptor open
    # If the program ended by itself, its owner still reads the log in FOLDER, and then closes the line.
    line.join()
    if said != [KEEP]:
        shutil.rmtree(folder, ignore_errors=True)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
