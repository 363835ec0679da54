"""Run by the Lambda runtime's Python, standard library only: compiles an artifact and loads its handler.

    python -I -S -B load_handler.py VERSION ARTIFACT LIBRARIES HANDLER

Without site-packages, so that what the artifact lacks is missing here as it would be in Lambda. A warning of the
compiler, or of something deprecated that is used while the handler is loaded, is an error.
"""

import importlib
import sys
import warnings
from pathlib import Path


def main(version: str, artifact: str, libraries: str, name: str) -> None:
    """Ends with an exception if something is wrong.

    Args:
        version: the Python that this has to be, such as "3.13".
        artifact: the folder with the function's code.
        libraries: the folder with what the Lambda runtime brings.
        name: the handler, `module.function`.
    """
    running = "{}.{}".format(*sys.version_info)
    if running != version:
        raise RuntimeError(f"This is Python {running} and not {version}")
    warnings.simplefilter("error")
    for path in sorted(Path(artifact).rglob("*.py")):
        compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    sys.path[:0] = [artifact, libraries]
    module, _, function = name.rpartition(".")
    handler = getattr(importlib.import_module(module), function)
    if not callable(handler):
        raise TypeError(f"{name} is {handler!r}, which cannot be called")


if __name__ == "__main__":
    main(*sys.argv[1:])
