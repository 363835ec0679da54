"""The demonstration's output is never cut, and foreign text is printed as it is."""

import io

import pytest

from demo.screen import Screen

MAKE = "make: *** [/home/me/odcr/functions/Makefile:5: build-LoadTargets] Error 1 [/red] :tada:"
RESERVATION = ("cr-daef160556ba3fa1c", "r5b.2xlarge", "ap-northeast-1a", 6.0, None)
HEADING = ("Id", "Type", "Zone", "Instances", "State")


def screen_and_output(width: int, encoding: str = "utf-8") -> tuple[Screen, io.BytesIO]:
    output = io.BytesIO()
    file = io.TextIOWrapper(output, encoding=encoding, write_through=True)
    return Screen(file, width=width), output


@pytest.mark.parametrize("width", [20, 80])
def test_a_line_is_printed_whole_and_as_written(width: int) -> None:
    screen, output = screen_and_output(width)
    screen.say(("StackFailed", "red"), f": {MAKE}")
    assert output.getvalue().decode() == f"StackFailed: {MAKE}\n"


@pytest.mark.parametrize("width", [24, 60, 79, 80, 200])
def test_no_cell_of_a_table_is_cut(width: int) -> None:
    screen, output = screen_and_output(width)
    screen.table("Reservations [/b]", HEADING, [RESERVATION, ("[/dim]", "", "", "", "")])
    text = output.getvalue().decode()
    for cell in ("Reservations [/b]", *RESERVATION[:3], "Instances", "6", "[/dim]"):
        assert str(cell) in text
    assert "…" not in text
    assert all(len(line.rstrip()) <= width for line in text.splitlines())


def test_a_terminal_with_ascii_only_gets_ascii() -> None:
    screen, output = screen_and_output(80, "ascii")
    screen.say(screen.bar(3, 5), " ", "中文")
    screen.table("Reservations", HEADING, [RESERVATION])
    text = output.getvalue().decode("ascii")
    assert text.startswith("###.. ")
    assert "cr-daef160556ba3fa1c" in text
