"""The package could be moto's: it needs nothing of the local cloud."""

import json
import subprocess
import sys

PROGRAM = """
import json, sys
import localcloud
before = set(sys.modules)
import localcloud.capacity_reservations
localcloud.capacity_reservations.install()
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_it_imports_nothing_else_of_the_local_cloud() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    loaded = json.loads(ran.stdout)
    assert "localcloud.capacity_reservations.backend" in loaded
    others = [one for one in loaded if one.startswith("localcloud.")]
    assert {one.split(".")[1] for one in others} == {"capacity_reservations"}
