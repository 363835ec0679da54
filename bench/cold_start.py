"""How long a function takes to start, beside what the libraries that it imports take alone: ONLY=cold-start.

Each start is a process of its own that imports the handler's module from the built artifact, with what the Lambda
runtime brings. Nothing is compiled already: Lambda's folder cannot be written to. The floor is the same process with
only those library modules that the function's own sources name. Measured is processor time, of both in turns; the ratio
is the median over neighbouring pairs, which are disturbed alike.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from demo.build import ROOT, build
from localcloud.cloudformation.template import parse
from localcloud.lambda_runtime.artifacts import Artifacts

STARTS = 30
"""Of each function, and as many of its floor."""

# Prints the library modules that the sources of a handler name and that are imported with it.
_LIBRARIES = """
import ast, importlib, json, sys
from pathlib import Path
importlib.import_module(sys.argv[1])
own = set(json.loads(sys.argv[2]))
named = set()
for name, module in list(sys.modules.items()):
    if name.partition(".")[0] in own and getattr(module, "__file__", None):
        for node in ast.walk(ast.parse(Path(module.__file__).read_text())):
            if isinstance(node, ast.Import):
                named.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                named.add(node.module)
others = own | sys.stdlib_module_names
print(json.dumps(sorted(n for n in named & set(sys.modules) if n.partition(".")[0] not in others)))
"""


def measure() -> dict[str, Any]:
    """Builds the functions, and starts each many times.

    Returns:
        `{"python": str, "starts": int, "functions": {name: {"floor_ms", "start_ms", "ratio"}}}`; the times are medians.
    """
    functions = {}
    resources = parse((ROOT / "template.yaml").read_text())["Resources"]
    with tempfile.TemporaryDirectory() as folder:
        libraries, built = Artifacts(Path(folder)).libraries(), Path(folder, "build")
        build(built)
        for name, one in resources.items():
            if one["Type"] == "AWS::Serverless::Function":
                module = one["Properties"]["Handler"].rpartition(".")[0]
                functions[name] = _beside_its_floor(_starter(built / name, libraries), module)
                click.echo(f"  {name}: {functions[name]['ratio']}", err=True)
    return {"python": ".".join(map(str, sys.version_info[:2])), "starts": STARTS, "functions": functions}


def _beside_its_floor(start: Callable[..., tuple[str, float]], module: str) -> dict[str, float]:
    own = sorted(path.name for path in (ROOT / "functions").iterdir() if path.is_dir())
    output, _ = start(_LIBRARIES, module, json.dumps(own))
    imports = "\n".join(f"import {library}" for library in json.loads(output))
    pairs = [(start(f"import {module}")[1], start(imports)[1]) for _ in range(STARTS)]
    starts, floors = zip(*pairs, strict=True)
    return {
        "floor_ms": round(statistics.median(floors), 1),
        "start_ms": round(statistics.median(starts), 1),
        "ratio": round(statistics.median(ours / floor for ours, floor in pairs), 3),
    }


def _starter(artifact: Path, libraries: Path) -> Callable[..., tuple[str, float]]:
    """Starts a process as the Lambda runtime does; returns its output and its milliseconds on the processor."""

    def start(program: str, *arguments: str) -> tuple[str, float]:
        program = f"import sys\nsys.path[:0] = {[str(artifact), str(libraries)]}\n{program}"
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        ended = subprocess.run(  # noqa: S603 - this Python, with our own program
            [sys.executable, "-I", "-S", "-B", "-c", program, *arguments],
            env={},
            capture_output=True,
            text=True,
            check=True,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return ended.stdout, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000

    return start
