"""How long a function takes to start, beside what the libraries alone take that it imports.

Each start is a whole process that imports the handler's module, from the built artifact, with what the Lambda runtime
brings. Nothing in the artifact is compiled already, as on Lambda, whose folder cannot be written to. The floor is the
same process with only the libraries' modules that the function's own sources name. Measured is the processor's time, of
both kinds in turns; the ratio is the median of those of neighbours, which are disturbed alike.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from bench.benchmark import Benchmark, Results
from localcloud.cloudformation.template import parse
from localcloud.lambda_runtime.artifacts import Artifacts
from localcloud.stack import ROOT, build

STARTS = 30
"""Of each kind and function."""

LIMIT = 1.15
"""The ratio that is not to be exceeded."""

# Finds the modules of libraries that the sources of a handler name and that are imported with it.
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


def measure() -> Results:
    """Builds the functions, and starts each many times.

    Returns:
        `{"python": str, "starts": int, "functions": {name: {"libraries": [str], "floor_ms", "start_ms", "ratio"}}}`;
        the times are medians of the processor's.
    """
    functions = {}
    with tempfile.TemporaryDirectory() as folder:
        artifacts = Artifacts(Path(folder))
        built = Path(folder, "build")
        build(built)
        for name, module in _modules().items():
            start = _Start(built / name, artifacts.libraries())
            functions[name] = _beside_its_floor(start, module)
            click.echo(f"  {name}: {functions[name]['ratio']}", err=True)
    return {"python": ".".join(map(str, sys.version_info[:2])), "starts": STARTS, "functions": functions}


def _modules() -> dict[str, str]:
    template = parse((ROOT / "template.yaml").read_text())
    return {
        name: resource["Properties"]["Handler"].rpartition(".")[0]
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def _beside_its_floor(start: "_Start", module: str) -> dict[str, Any]:
    own = sorted(path.name for path in (ROOT / "functions").iterdir() if path.is_dir())
    libraries = json.loads(start(_LIBRARIES, module, json.dumps(own)).output)
    imported = "\n".join(f"import {library}" for library in libraries)
    pairs = [(start(f"import {module}").milliseconds, start(imported).milliseconds) for _ in range(STARTS)]
    ours, floor = (statistics.median(times) for times in zip(*pairs, strict=True))
    return {
        "libraries": libraries,
        "floor_ms": round(floor, 1),
        "start_ms": round(ours, 1),
        "ratio": round(statistics.median(our / its for our, its in pairs), 3),
    }


class _Started:
    def __init__(self, output: str, milliseconds: float) -> None:
        self.output = output
        self.milliseconds = milliseconds


class _Start:
    """Starts processes as the Lambda runtime does."""

    def __init__(self, artifact: Path, libraries: Path) -> None:
        self._paths = [str(artifact), str(libraries)]

    def __call__(self, program: str, *arguments: str) -> _Started:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        ended = subprocess.run(  # noqa: S603 - this Python, with our own program
            [
                sys.executable,
                "-I",
                "-S",
                "-B",
                "-c",
                f"import sys\nsys.path[:0] = {self._paths}\n{program}",
                *arguments,
            ],
            env={},
            capture_output=True,
            text=True,
            check=True,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return _Started(ended.stdout, seconds * 1000)


def draw(results: Results, folder: Path) -> None:
    """Nothing: six ratios are read more easily in a table."""


def tables(results: Results) -> dict[str, str]:
    """`cold-start`: each function beside its floor."""
    lines = ["| function | libraries alone, ms | function, ms | ratio |", "| --- | ---: | ---: | ---: |"]
    for name, one in results["functions"].items():
        lines.append(f"| {name} | {one['floor_ms']:.0f} | {one['start_ms']:.0f} | {one['ratio']:.2f} |")
    missed = [name for name, one in results["functions"].items() if one["ratio"] > LIMIT]
    lines.append("")
    lines.append(f"The aim, at most {LIMIT}, is {'**missed** by ' + ', '.join(missed) if missed else 'met'}.")
    lines.append(f"Medians of {results['starts']} starts each, processor time, Python {results['python']}.")
    return {"cold-start": "\n".join(lines)}


COLD_START = Benchmark("cold-start", measure, draw, tables)
