"""inline, static, fail. The expected values are what postmap -q and smtpd say."""

from __future__ import annotations

import pytest

from tests.fakes.tables import TableBench

ANSWERS = (
    ("inline:{a=b, {c = d e}}", "a", "b"),
    ("inline:{a=b, {c = d e}}", "c", "d e"),
    ("inline:{a=b}", "A", "b"),
    ("inline:{A=b}", "a", "b"),
    ("inline:{a=1 a=2}", "a", "2"),
    ("inline:{a=}", "a", ""),
    ("inline:{a=b,}", "a", "b"),
    ("inline:{=b}", "a", None),
    ("inline:{ { a = b=c } }", "a", "b=c"),
    ("inline:{ {a=b},{c=d}}", "c", "d"),
    ("static:x y", "whatever", "x y"),
    ("static: x", "a", " x"),
    ("static:{ x y }", "a", "x y"),
    ("static:{}", "a", ""),
    ("proxy:inline:{a=b}", "a", "b"),
)


@pytest.mark.parametrize(("spec", "key", "value"), ANSWERS)
def test_answers(spec: str, key: str, value: str | None) -> None:
    assert value == TableBench().ask(spec, key)


NEED = 'need "inline:{name=value...}"'
BROKEN = (
    ("inline:{}", f'bad syntax: "inline:{{}}"; {NEED}'),
    ("inline:{ }", f'empty table: "inline:{{ }}"; {NEED}'),
    ("inline:{,}", f'empty table: "inline:{{,}}"; {NEED}'),
    ("inline:{a}", f"missing '=' after attribute name: \"inline:{{a}}\"; {NEED}"),
    ("inline:{ {a} }", f"missing '=' after attribute name: \"inline:{{ {{a}} }}\"; {NEED}"),
    ("inline:{a@b=REJECT not now}", f"missing '=' after attribute name: \"inline:{{a@b=REJECT not now}}\"; {NEED}"),
    ("inline:{a = b}", f"missing '=' after attribute name: \"inline:{{a = b}}\"; {NEED}"),
    ("inline:a=b", f'bad syntax: "inline:a=b"; {NEED}'),
    ("inline:{a=b", f'bad syntax: "inline:{{a=b"; {NEED}'),
    ("inline:{a=b}x", f'bad syntax: "inline:{{a=b}}x"; {NEED}'),
    ("inline:{ {a=b}x }", f'syntax error after \'}}\' in "{{a=b}}x": "inline:{{ {{a=b}}x }}"; {NEED}'),
    ("static:{a", "bad static:name syntax: missing '}' in \"{a\""),
    ("static:{x} y", "bad static:name syntax: syntax error after '}' in \"{x} y\""),
    ("static:", 'open dictionary: expecting "type:name" form instead of "static:"'),
    ("bogus:x", "unsupported dictionary type: bogus"),
)


@pytest.mark.parametrize(("spec", "reason"), BROKEN)
def test_a_malformed_table_fails_every_lookup(spec: str, reason: str) -> None:
    bench = TableBench()
    assert f"<{reason}>" == bench.ask(spec, "a")
    assert f"<{reason}>" == bench.ask(spec, "b")
    assert [f"warning: {spec} is unavailable. {reason}"] * 2 == bench.said


def test_fail_fails() -> None:
    bench = TableBench()
    assert "<the table fails every lookup>" == bench.ask("fail:on purpose", "a")
    assert not bench.said
