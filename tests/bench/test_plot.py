"""Bars in SVG."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from bench.plot import LABELS, NUMBERS, WIDTH, Bar, bars

NAMESPACE = "{http://www.w3.org/2000/svg}"


def test_bars_are_to_scale_and_marks_where_they_belong() -> None:
    picture = ET.fromstring(bars("a < b", [Bar("one", 4.0, 2.0), Bar("two", 1.0, ours=False)]))
    room = WIDTH - LABELS - NUMBERS
    widths = [float(each.attrib["width"]) for each in picture.iter(f"{NAMESPACE}rect")]
    assert [room, room / 4] == widths
    assert [LABELS + room / 2] == [float(each.attrib["x1"]) for each in picture.iter(f"{NAMESPACE}line")]
    assert ["a < b", "one", "4.00", "two", "1.00"] == [each.text for each in picture.iter(f"{NAMESPACE}text")]


def test_a_mark_beyond_the_bar_sets_the_scale() -> None:
    picture = ET.fromstring(bars("t", [Bar("one", 1.0, 2.0)]))
    (bar,) = picture.iter(f"{NAMESPACE}rect")
    assert (WIDTH - LABELS - NUMBERS) / 2 == float(bar.attrib["width"])
