"""The demonstration builds the functions once, and again only when their sources have changed."""

import shutil
from pathlib import Path

import pytest

from deployment import build as building
from deployment.build import ROOT, build


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the functions' sources, in which builds are counted in the file `builds` instead of made."""
    copy = tmp_path / "checkout"
    shutil.copytree(ROOT / "functions", copy / "functions")
    shutil.copy(ROOT / "template.yaml", copy)

    def run(command: list[str], *_: object) -> None:
        (copy / "builds").open("a").write("built\n")
        folder = Path(command[command.index("--build-dir") + 1])
        folder.mkdir(parents=True)
        (folder / "template.yaml").touch()

    monkeypatch.setattr(building, "ROOT", copy)
    monkeypatch.setattr(building, "run", run)
    return copy


def builds(checkout: Path) -> int:
    build()
    assert (checkout / ".aws-sam" / "build" / "template.yaml").is_file()
    return len((checkout / "builds").read_text().splitlines())


def test_unchanged_sources_are_not_built_again(checkout: Path) -> None:
    assert builds(checkout) == 1
    (checkout / "functions" / "odcr" / "__pycache__").mkdir(exist_ok=True)
    (checkout / "functions" / "odcr" / "__pycache__" / "new.pyc").touch()
    (checkout / "README.md").touch()
    assert builds(checkout) == 1


@pytest.mark.parametrize(
    "changed", ["template.yaml", "functions/requirements.txt", "functions/Makefile", "functions/odcr/domain/new.py"]
)
def test_changed_sources_are_built_again(checkout: Path, changed: str) -> None:
    assert builds(checkout) == 1
    (checkout / changed).open("a").write("# new\n")
    assert builds(checkout) == 2


def test_a_build_by_hand_is_not_taken_for_ours(checkout: Path) -> None:
    assert builds(checkout) == 1
    shutil.rmtree(checkout / ".aws-sam" / "build")
    (checkout / ".aws-sam" / "build").mkdir()
    assert builds(checkout) == 2
