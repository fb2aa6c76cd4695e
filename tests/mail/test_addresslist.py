"""Address lists of headers. What comes out is what Postfix 3.7.11 makes of the same headers with `myorigin = mx`."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.mail.address import external
from gatepost.mail.addresslist import Address, Item, addresses, folded, parse, render


def completed(text: str) -> str:
    """The list with `@mx` behind every address that has no domain."""

    def complete(item: Item) -> Item:
        if not isinstance(item, Address):
            return item
        address = item.text if "@" in item.text or not item.text else f"{item.text}@mx"
        return replace(item, text=external(address))

    return " ".join(render([complete(item) for item in parse(text)]))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("joe", "joe@mx"),
        ("joe , ann@d.e", "joe@mx, ann@d.e"),
        ("Joe Doe <joe>", "Joe Doe <joe@mx>"),
        ("Joe  Doe   <joe>", "Joe Doe <joe@mx>"),
        ('"Joe  Doe" <joe>', '"Joe  Doe" <joe@mx>'),
        (r'"Joe \"X\" Doe" <joe>', r'"Joe \"X\" Doe" <joe@mx>'),
        ("joe (Joe  Doe)", "joe@mx (Joe  Doe)"),
        ("(c) joe", "joe@mx (c)"),
        ("(c)joe(d)", "joe@mx (c) (d)"),
        ("<joe> (c)", "<joe@mx>(c)"),
        ("Joe Doe", "Joe@mx, Doe@mx"),
        ("joe;ann", "joe@mx;, ann@mx"),
        ("group: joe, ann@d.e;", "group: joe@mx, ann@d.e;"),
        ("undisclosed-recipients:;", "undisclosed-recipients:;"),
        ("group one: joe;, x", "group one: joe@mx;, x@mx"),
        ('"g r": joe ; ', '"g r": joe@mx;'),
        ('g: Joe <joe>, "A B" <ab> ;', 'g: Joe <joe@mx>, "A B" <ab@mx>;'),
        ("@joe", '""@joe'),
        ("<>", "<>"),
        ('"joe doe"', '"joe doe"@mx'),
        ("joe..doe", '"joe..doe"@mx'),
        ("joe.doe", "joe.doe@mx"),
        ("J. R. Doe <jr>", "J.R.Doe <jr@mx>"),
        ("Hello! World <joe>", "Hello!World <joe@mx>"),
        ("100% Sure <joe>", "100%Sure <joe@mx>"),
        ("Joe@Home <jh>", "Joe@Home <jh@mx>"),
        ("=?utf-8?q?J=C3=B6e?= <joe>", "=?utf-8?q?J=C3=B6e?= <joe@mx>"),
        ("Jöe <joe>", "Jöe <joe@mx>"),
        ("<@r1,@r2:joe>", "<joe@mx>"),
        ("@r1:joe", "joe@mx"),
        ("<joe", '"<joe"@mx'),
        ("joe>", "joe@mx>"),
        ("Joe <joe> Doe", "Joe <joe@mx>, Doe@mx"),
        ("Joe <joe> <ann>", "Joe <joe@mx> <ann@mx>"),
        ("<joe><ann>", "<joe@mx> <ann@mx>"),
        ("joe,,ann", "joe@mx, , ann@mx"),
        (",joe", ", joe@mx"),
        ("joe,", "joe@mx,"),
        (r"joe\ doe", '"joe doe"@mx'),
        (r"Joe\ Doe <joe>", '"Joe Doe" <joe@mx>'),
        ("joe(c", "joe@mx (c"),
        ("joe)", '"joe)"@mx'),
        ('joe "x" ann', "joe@mx, x@mx, ann@mx"),
        ('joe "x"@b', "joe@mx, x@b"),
        ('"x" <joe>', '"x" <joe@mx>'),
        ("x,y <joe>", "x@mx, y <joe@mx>"),
        ("Joe\n\tDoe <joe>", "Joe Doe <joe@mx>"),
        ("joe,\n ann@x.y,\n\tbob@z.z", "joe@mx, ann@x.y, bob@z.z"),
        ("a:b@c.d", '"a:b"@c.d'),
        ("g:a@b.c", '"g:a"@b.c'),
        ("Mail <>", "Mail <>"),
        ("joe@b.c (Joe), <ann>", "joe@b.c (Joe), <ann@mx>"),
        ("[joe]", '"[joe]"@mx'),
        ("joe\x01x", '"joe\x01x"@mx'),
        ("a@b@c", '"a@b"@c'),
        ("a;", "a@mx;"),
        (";a", ";, a@mx"),
        ("g:a;b;c", "g: a@mx;, b@mx;, c@mx"),
        ("g:<a>;", "g: <a@mx>;"),
        ("A B <a>;", "A B <a@mx>;"),
        ("Joe <joe@b.c>  ,Ann<ann>", "Joe <joe@b.c>, Ann <ann@mx>"),
        ("(x)<joe>(y)", "(x) <joe@mx>(y)"),
        ("Joe (x) Doe <joe>", "Joe (x) Doe <joe@mx>"),
        ("O'Neil <on>", "O'Neil <on@mx>"),
    ],
)
def test_lists(text: str, written: str) -> None:
    assert written == completed(text)


def test_an_address_remembers_how_it_was_written() -> None:
    (found,) = addresses(parse('Joe <"joe" @ b.c>'))
    assert found == Address("joe@b.c", '"joe"@b.c', bracketed=True)


def test_long_lists_are_folded_between_addresses() -> None:
    pieces = [f"u{number}@mx.ohio.net," for number in range(6)]
    lines = folded(pieces, "Cc:").split("\r\n")
    assert lines == [
        "Cc: u0@mx.ohio.net, u1@mx.ohio.net, u2@mx.ohio.net, u3@mx.ohio.net,",
        "\tu4@mx.ohio.net, u5@mx.ohio.net,",
    ]


def test_a_line_is_filled_as_far_as_it_may_be() -> None:
    assert folded(["a@mx.ohio.net,", "x" * 45 + "@b.c,", "d@e.f"], "To:").count("\r\n") == 1
    assert folded(["a@mx.ohio.net,", "x" * 46 + "@b.c,", "d@e.f"], "To:").startswith("To: a@mx.ohio.net,\r\n\t")
    assert folded(["a@mx.ohio.net,", "x" * 58 + "@b.c,", "d@e.f"], "To:").count("\r\n") == 1
    assert folded(["a@mx.ohio.net,", "x" * 59 + "@b.c,", "d@e.f"], "To:").count("\r\n") == 2


def test_tokens_beyond_the_limit_are_dropped() -> None:
    assert [address.text for address in addresses(parse("a, b, c, d", limit=4))] == ["a", "b"]


@pytest.mark.parametrize(
    "text", ["<" * 50_000, ">" * 50_000, "@," * 50_000, "@:" * 50_000, "(" * 50_000, ";:" * 50_000]
)
def test_hostile_lists_take_time_in_proportion(text: str) -> None:
    assert completed(text) is not None


@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_every_text_is_read_and_written(text: str) -> None:
    assert isinstance(completed(text), str)


@given(st.text(alphabet='ab @,;:<>()".[]\\\n', max_size=30))
def test_reading_is_bounded_by_the_input(text: str) -> None:
    assert len(addresses(parse(text))) <= len(text)
