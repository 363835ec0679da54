"""Plots are SVG elements: in the page's colours, self-contained, and accessible."""

import re
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from odcr_cli import plots
from odcr_cli.canvas import COLOURS, Words
from odcr_cli.request_counts import Requests
from odcr_cli.series import Series
from odcr_cli.sparkline import sparkline
from odcr_cli.spend import Spend

START = datetime(2026, 11, 10, 12, tzinfo=UTC)
END = START + timedelta(hours=9)
TIMES = (START, START + timedelta(hours=2), START + timedelta(hours=5))
SERIES = Series("r5b.2xlarge ap-northeast-1c", "instances", TIMES, (0, 4, 9), (15, 15, 20), END)
SPEND = Spend("USD", TIMES, (0, 2.5, 5), END)
REQUESTS = Requests(TIMES, (600, 720, 10), (599, 700, 0), END, START)
HOSTILE = '</svg><script>alert("x")</script>&'


def plots_of(words: Words) -> dict[str, str]:
    return {
        "held": plots.held_and_wanted(SERIES, words),
        "missing": plots.missing(SERIES, words),
        "spend": plots.spend(SPEND, words),
        "requests": plots.requests(REQUESTS, words),
    }


@pytest.fixture(scope="module")
def svgs() -> dict[str, str]:
    return plots_of(Words(title=HOSTILE))


def text_of(svg: str, tag: str) -> list[str]:
    return ["".join(element.itertext()) for element in ET.fromstring(svg).iter(f"{{http://www.w3.org/2000/svg}}{tag}")]


def test_each_plot_has_a_title_and_a_description(svgs: dict[str, str]) -> None:
    for svg in svgs.values():
        assert text_of(svg, "title") == [HOSTILE]
        root = ET.fromstring(svg)
        assert root.attrib["role"] == "img"
        ids = {element.attrib["id"] for element in root.iter() if "id" in element.attrib}
        assert set(root.attrib["aria-labelledby"].split()) <= ids
    assert text_of(svgs["held"], "desc") == ["now: held 9, wanted 20"]
    assert text_of(svgs["spend"], "desc") == ["now: 5.00 USD an hour"]


def test_the_colours_are_the_pages(svgs: dict[str, str]) -> None:
    for svg in svgs.values():
        assert "var(--ink," in svg
        assert not [colour for colour in COLOURS.values() if colour in svg]
        # What matplotlib would draw in black would not be seen in the dark.
        assert not re.findall(r"(?:fill|stroke): #(?:000000|ffffff)", svg)
    assert "var(--missing," in svgs["held"]


def test_nothing_is_fetched_and_nothing_of_the_page_is_touched(svgs: dict[str, str]) -> None:
    together = "".join(svgs.values())
    links = set(re.findall(r'(?:href="|src="|url\()([^")]+)', together))
    assert all(link.startswith("#plot") for link in links)
    assert "<style" not in together
    ids = re.findall(r'\sid="([^"]+)"', together)
    assert len(ids) == len(set(ids))
    for svg in svgs.values():
        assert set(re.findall(r'(?:href="|url\()#([^")]+)', svg)) <= set(re.findall(r'\sid="([^"]+)"', svg))


def test_texts_are_text_in_the_readers_language() -> None:
    svg = plots.held_and_wanted(SERIES, Words(held="已持有", wanted="所需", missing="缺少", now="现在"))
    assert {"已持有", "所需", "缺少"} <= set(text_of(svg, "text"))
    assert text_of(svg, "desc") == ["现在: 已持有 9, 所需 20"]


def test_times_are_numbers_and_utc(svgs: dict[str, str]) -> None:
    words = text_of(svgs["held"], "text")
    assert "UTC" in words
    assert "14:00" in words
    assert not [word for word in words if re.search("Nov|Tue", word)]


def test_an_empty_plot_says_so() -> None:
    words = Words(nothing="Nothing yet.")
    empty = Series("a", "instances", (), (), (), END)
    for svg in (
        plots.held_and_wanted(empty, words),
        plots.missing(empty, words),
        plots.spend(Spend("USD", (), (), END), words),
        plots.requests(Requests((), (), (), END, START), words),
    ):
        assert "Nothing yet." in text_of(svg, "text")


def test_one_moment_is_enough() -> None:
    svg = plots.held_and_wanted(Series("a", "instances", (END,), (0,), (0,), END), words=Words())
    ET.fromstring(svg)


def test_pages_that_are_asked_for_at_once_do_not_disturb_each_other(svgs: dict[str, str]) -> None:
    with ThreadPoolExecutor(4) as pool:
        drawings = list(pool.map(lambda _: plots.held_and_wanted(SERIES, Words(title=HOSTILE)), range(8)))
    shapes = {re.sub(r"plot\d+-", "plot-", svg) for svg in [svgs["held"], *drawings]}
    assert len(shapes) == 1


def test_a_file_of_its_own_has_all_it_needs(svgs: dict[str, str]) -> None:
    file = plots.standalone(*svgs.values())
    ET.fromstring(file)
    assert "prefers-color-scheme: dark" in file
    used = set(re.findall(r"var\(--(\w+)", file))
    assert used <= set(re.findall(r"--(\w+):", file))
    assert text_of(file, "text").count(HOSTILE) == len(svgs)


def test_a_sparkline_is_two_paths_of_steps() -> None:
    svg = sparkline(SERIES, None)
    held, wanted = (path.attrib["d"] for path in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}path"))
    assert held.startswith("M0 23.0H27V")
    assert wanted.endswith("H120")
    assert 'aria-hidden="true"' in svg
    assert "<path" not in sparkline(Series("a", "instances", (), (), (), END), None)


def test_a_sparkline_of_many_changes_is_no_longer_than_it_is_wide() -> None:
    times = tuple(START + timedelta(seconds=second) for second in range(10_000))
    values = tuple(float(second % 7) for second in range(10_000))
    svg = sparkline(Series("a", "instances", times, values, values, times[-1]), None)
    assert len(svg) < 120 * 2 * 12 + 400
