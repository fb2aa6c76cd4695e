"""The macro language. What is expected was asked of Postfix 3.7.11 (`postconf -x`)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.config.expand import ExpansionError, expand, references
from gatepost.config.findings import Place
from gatepost.config.source import SourceText

NAMES = {
    "a": "A",
    "empty": "",
    "ten": "10",
    "list": "x y",
    "compatibility_level": "3.6",
    "deep": "<$a>",
    "loop": "$loop",
}


def scope(name: str) -> SourceText | None:
    return SourceText.of(NAMES[name]) if name in NAMES else None


def expanded(text: str) -> str:
    return str(expand(SourceText.of(text), scope))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # plain references
        ("$a", "A"),
        ("${a}", "A"),
        ("$(a)", "A"),
        ("$a$a${a}$(a)", "AAAA"),
        ("${ a}${a }", "AA"),
        ("$deep", "<A>"),
        ("x${list}y", "xx yy"),
        ("$nope.x", ".x"),
        ("$a_b", ""),
        ("{ $a }", "{ A }"),
        ("$$a", "$a"),
        ("$$$a", "$A"),
        ("$9${9?x}", ""),
        # choices
        ("${a?x}", "x"),
        ("${a? x }|", " x |"),
        ("${ a ? {x} : {y} }|", "x|"),
        ("${a?{ x }}|", " x |"),
        ("${a?{x}:y z}", "x"),
        ("${a?x:y}", "x:y"),
        ("${a:z}", ""),
        ("${a :x}", ""),
        ("${empty:z}", "z"),
        ("${empty?{q}}", ""),
        ("${empty?{q}:{r}}", "r"),
        ("${nope:${a}}", "A"),
        ("$(empty:(b))", "(b)"),
        ("${a?{}:{x}}", ""),
        ("${a?}${a:}", ""),
        ("${a?{x}}{y}", "x{y}"),
        (r"${a?{\}}}", r"\}"),
        ("${stress?{2}:{6}}s", "6s"),
        # a branch that is not taken is not looked at
        ("${a:$-}", ""),
        ("${empty?{$-}:{x}}", "x"),
        # comparisons
        ("${{$a} == {A} ? {yes} : {no}}", "yes"),
        ("${{$a} == {A}}", "true"),
        ("${{$a} == {B}}", ""),
        ("${{$a}=={A}?yes:no}", "yes:no"),
        ("${{$a} == {B} : no }|", " no |"),
        ("${{$ten} < {9} ? {lt} : {ge}}", "ge"),
        ("${{10a} < {9} ? {lt} : {ge}}", "lt"),
        ("${{007} == {7} ? {x} : {y}}", "x"),
        ("${{ a } == {a} ? {x}:{y}}", "y"),
        ("${{b} > {a}?{x}:{y}}", "x"),
        ("${{b} >= {b}?{x}:{y}}", "x"),
        ("${{b} <= {a}?{x}:{y}}", "y"),
        ("${{b} != {a}?{x}:{y}}", "x"),
        ("${{${a}} == {$a} ? {${a?{1}}} : {2}}", "1"),
        # compatibility levels
        ("${{$compatibility_level} <level {3.10} ? {lt} : {ge}}", "lt"),
        ("${{$compatibility_level} <=level {3} ? {lt} : {ge}}", "ge"),
        ("${{3.6} ==level {3.6.0} ? {eq} : {ne}}", "eq"),
        ("${{3.6} <level{3.10}?{x}:{y}}", "x"),
        ("${{1} !=level {1} ? {x} : {y}}", "y"),
    ],
)
def test_what_a_text_expands_to(text: str, value: str) -> None:
    assert value == expanded(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("$", "empty macro name"),
        ("a$-", "empty macro name"),
        ("$ a", "empty macro name"),
        ("${}", "empty macro name"),
        ("${a", "truncated macro reference"),
        ("$(a}", "truncated macro reference"),
        ("${a?{x}", "truncated macro reference"),
        ("$(a?{x)", "truncated macro reference"),
        ("${a-b}", "attribute name syntax error"),
        ("${$a}", "attribute name syntax error"),
        ("${a?{x}z}", "expected"),
        ("${a:{x}z}", "text after the last }"),
        ("${a:{x}:{z}}", "text after the last }"),
        ("${a?{x}:{z}y}", "text after the last }"),
        ("${{A}}", "relational operator expected"),
        ("${{A} = {A}}", "relational operator expected"),
        ("${{A} == A ? {x}}", "expected"),
        ("${{x} ==level {3.6.0}}", "bad compatibility level 'x'"),
        ("${{3.6} ==level { 3.6 }}", "bad compatibility level ' 3.6 '"),
        ("${{3.6.1.2} ==level {3.6}}", "bad compatibility level '3.6.1.2'"),
        ("$loop", "unreasonable macro call nesting"),
    ],
)
def test_what_is_no_text(text: str, reason: str) -> None:
    with pytest.raises(ExpansionError) as caught:
        expanded(text)
    assert reason in caught.value.reason


def test_parts_keep_the_place_where_they_were_written() -> None:
    inner = SourceText.of("yy", Place("main.cf", 2, 8, "inner = yy"))
    outer = SourceText.of("x $inner z", Place("main.cf", 1, 9, "outer = x $inner z"))
    text = expand(outer, {"inner": inner}.get)
    assert "x yy z" == str(text)
    assert ["main.cf:1:9", "main.cf:2:8", "main.cf:1:18"] == [str(text.place(offset)) for offset in (0, 2, 5)]


def test_an_error_says_where() -> None:
    source = SourceText.of("a ${b", Place("main.cf", 3, 5, "v = a ${b"))
    with pytest.raises(ExpansionError) as caught:
        expand(source, scope)
    assert "main.cf:3:7" == str(caught.value.place)


def test_references_are_the_names_in_all_branches() -> None:
    text = "$a ${b?{$c}:{${d}}} ${{$e} == {x} ? {$(f)}} $$g"
    assert {"a", "b", "c", "d", "e", "f"} == references(SourceText.of(text))


@given(st.text(alphabet="ab$(){}?:=<> ", max_size=40))
def test_any_text_expands_or_says_why_not(text: str) -> None:
    try:
        said = repr(expanded(text))
    except ExpansionError as error:
        said = str(error)
    assert said


@given(st.text(alphabet="ab(){}?:=<> \n", max_size=40))
def test_text_without_dollar_is_itself(text: str) -> None:
    assert text == expanded(text)
