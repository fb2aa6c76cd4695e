"""Paths, forms of addresses, their parts, and host names. The verdicts on paths are those of Postfix 3.7.11."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost.mail.address import (
    AddressSyntaxError,
    external,
    fold,
    has_usable_domain,
    internal,
    is_host_literal,
    is_hostname,
    literal_address,
    parse_path,
    split_domain,
    split_extension,
    to_ascii,
)

PATHS = [
    # argument, internal form, whether strict_rfc821_envelopes takes it
    ("<a@b.example>", "a@b.example", True),
    ("a@b.example", "a@b.example", False),
    ("a@b.example>", "a@b.example", False),
    ("<<joe@b.example>>", "joe@b.example", True),
    ("<joe(c)@b.example>", "joe@b.example", False),
    ("<joe@b.example(c)>", "joe@b.example", False),
    ("Joe<joe@b.example>", "joe@b.example", False),
    (r"<a\ b@b.example>", "a b@b.example", True),
    ('<"a b"@b.example>', "a b@b.example", True),
    ('"a b"@b.example', "a b@b.example", False),
    (r'<"a\"b"@b.example>', 'a"b@b.example', True),
    ('<"a.b"@b.example>', "a.b@b.example", True),
    ('<"a@c"@b.example>', "a@c@b.example", True),
    ("<a@c@b.example>", "a@c@b.example", True),
    ("<.a@b.example>", ".a@b.example", True),
    ("<a..b@b.example>", "a..b@b.example", True),
    ("<@hub:a@b.example>", "a@b.example", True),
    ("@hub:a@b.example", "a@b.example", False),
    ("<@hub,@two:a@b.example>", "a@b.example", True),
    ("<@hub:@two:a@b.example>", "@two:a@b.example", False),
    ("<>", "", True),
    ('""', "", False),
    ('<"">', "", True),
    ("(c)", "", False),
    ("<(c)>", "", False),
    ('<""@b.example>', "@b.example", False),
    ("<@b.example>", "@b.example", False),
    ("<a@>", "a@", True),
    ("<a@b.example.>", "a@b.example.", True),
    ("<a@[1.2.3.4]>", "a@[1.2.3.4]", True),
    ("<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]", True),
    ("<a:b@c.d>", "a:b@c.d", True),
    ("<g:a@b.c;>", "a@b.c", False),
    ("g:a@b.c;", "a@b.c", False),
    ("<a@b. c.d>", "a@b.c.d", True),
    ("<a @b.c>", "a@b.c", True),
    ("< a@b.c >", "a@b.c", True),
    ('<"a"."b"@c.d>', "a.b@c.d", True),
    (r"<a\@b@c.d>", "a@b@c.d", True),
    (r"<a\>b@c.d>", "a>b@c.d", True),
    ("<|cmd@c.d>", "|cmd@c.d", True),
    ("<a!b@c.d>", "a!b@c.d", True),
    ("<a%b@c.d>", "a%b@c.d", True),
    ("<jöe@c.d>", "jöe@c.d", True),
    ("<a)b@c.d>", "a)b@c.d", True),
    ("<a]b@c.d>", "a]b@c.d", True),
    ("<a@b.c>(x)", "a@b.c", False),
    ("x<a@b.c>(y)", "a@b.c", False),
    (r"\<a@b.c>", "<a@b.c", False),
    (r"<a\"b@c.d>", 'a"b@c.d', True),
    (r'<"a\\b"@c.d>', r"a\b@c.d", True),
    ("<postmaster>", "postmaster", True),
    ('<"a>"@b.c>', "a>@b.c", True),
    ("<a\x01b@c.d>", "a\x01b@c.d", True),
    ("(x)<a@b.c>", "a@b.c", False),
    ("<a@(x)b.c>", "a@b.c", False),
    ("<a(x@b.c>", "a", False),
    ("<a.(x)b@c.d>", "a.b@c.d", False),
    ("<@a,b:c@d.e>", "c@d.e", True),
    ("<@a:b>", "b", True),
    ("<a::b@c.d>", "a::b@c.d", True),
    ('b!"o"(c)', "b!o", False),
    ("<%(c)b >", "%b", False),
]

NO_PATHS = [
    "Joe<joe@b.example>x",
    "<a@b><c@d>",
    "<a@b>,<c@d>",
    "a@b,c@d",
    "<a@b,c@d>",
    "<a b@b.example>",
    "<a;b@c.d>",
    "<a,b@c.d>",
    "<a>b@c.d>",
    "<a\tb@c.d>",
    "<a@b c.d>",
    '<a"b"c@d.e>',
    "<a[b]c@d.e>",
    "<a@b.c>x",
    "<Joe Doe>",
    "a(b)c@d.e",
    '<"a"b@c.d>',
    "<",
    "<b",
    "<<b>",
    "<b<>",
    "x<a@b.c",
    '<"a>@b.c',
    "<a<b@c.d>",
]


@pytest.mark.parametrize(("argument", "address", "strict"), PATHS)
def test_paths(argument: str, address: str, *, strict: bool) -> None:
    assert address == parse_path(argument)
    if strict:
        assert address == parse_path(argument, strict=True)
    else:
        with pytest.raises(AddressSyntaxError):
            parse_path(argument, strict=True)


@pytest.mark.parametrize("argument", NO_PATHS)
def test_what_is_no_path(argument: str) -> None:
    with pytest.raises(AddressSyntaxError):
        parse_path(argument)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("a@b.c", "a@b.c"),
        ("a b@b.c", '"a b"@b.c'),
        ("a@c@b.c", '"a@c"@b.c'),
        (".a@b.c", '".a"@b.c'),
        ('a"b@b.c', r'"a\"b"@b.c'),
        (r"a\b@b.c", r'"a\\b"@b.c'),
        ("@b.c", '""@b.c'),
        ("@two:a@b.c", "@two:a@b.c"),
        ("a b", '"a b"'),
        ("postmaster", "postmaster"),
        ("", ""),
        ("a@", "a@"),
        ("jöe@b.c", "jöe@b.c"),
    ],
)
def test_external_form(address: str, text: str) -> None:
    assert text == external(address)
    assert address == internal(text)


LOCALS = st.text(st.characters(exclude_characters="\r\n"), min_size=1, max_size=20).filter(lambda t: t[0] != "@")
DOMAINS = st.sampled_from(["b.example", "[192.0.2.1]", "münchen.example"])


@given(LOCALS, DOMAINS)
def test_the_external_form_is_a_path_that_means_the_address(local: str, domain: str) -> None:
    address = f"{local}@{domain}"
    assert address == internal(external(address))
    assert address == parse_path(f"<{external(address)}>", strict=True)


@given(st.text(st.characters(exclude_categories=()), max_size=60), st.booleans())
def test_any_argument_gives_an_address_or_a_syntax_error(argument: str, strict: bool) -> None:
    try:
        parse_path(argument, strict=strict)
    except AddressSyntaxError:
        return


def test_parts() -> None:
    assert split_domain("a@b.c") == ("a", "b.c")
    assert split_domain("a@b@c") == ("a@b", "c")
    assert split_domain("a") == ("a", "")
    assert split_domain("a@") == ("a", "")


@pytest.mark.parametrize(
    ("local", "delimiters", "parts"),
    [
        ("user+ext", "+", ("user", "+ext")),
        ("user+a+b", "+", ("user", "+a+b")),
        ("user+", "+", ("user", "+")),
        ("+ext", "+", ("+ext", "")),
        ("user-ext+x", "+-", ("user", "-ext+x")),
        ("user+ext", "", ("user+ext", "")),
        ("user", "+", ("user", "")),
        ("MAILER-DAEMON", "-", ("MAILER-DAEMON", "")),
        ("double-bounce", "-", ("double-bounce", "")),
        ("owner-list", "-", ("owner-list", "")),
        ("list-request", "-", ("list-request", "")),
    ],
)
def test_extensions(local: str, delimiters: str, parts: tuple[str, str]) -> None:
    assert parts == split_extension(local, delimiters)


def test_list_addresses_are_split_where_they_are_not_special() -> None:
    assert split_extension("owner-list", "-", owner_request=False) == ("owner", "-list")


def test_fold() -> None:
    assert fold("Joe@B.Example") == "joe@b.example"
    assert fold("ÄÖ@x") == "äö@x"


@pytest.mark.parametrize(
    "name", ["a", "a.b.c", "a_b.c", "a-b", "123.com", "_dmarc.x", "münchen.example", "a" * 63 + ".b"]
)
def test_host_names(name: str) -> None:
    assert is_hostname(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "a..b",
        ".a",
        "a.",
        "-a",
        "a-",
        "a.-b",
        "a/b",
        "a b",
        "x*y",
        "1.2.3.4",
        "123",
        "a" * 64,
        "a." * 127 + "bc",
    ],
)
def test_what_is_no_host_name(name: str) -> None:
    assert not is_hostname(name)


def test_other_scripts() -> None:
    assert to_ascii("münchen.example") == "xn--mnchen-3ya.example"
    assert not is_hostname("münchen.example", utf8=False)
    with pytest.raises(AddressSyntaxError):
        to_ascii("ü" * 64)
    assert not is_hostname("ü" * 64)
    assert not is_hostname("\udcff")


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("[192.0.2.1]", "192.0.2.1"),
        ("[IPv6:2001:DB8::1]", "2001:db8::1"),
        ("[ipv6:::1]", "::1"),
        ("[::1]", None),
        ("[1.2.3]", None),
        ("[x]", None),
        ("[]", None),
        ("192.0.2.1", None),
        ("[IPv6:fe80::1%eth0]", None),
    ],
)
def test_literals(text: str, address: str | None) -> None:
    assert address == literal_address(text)
    assert is_host_literal(text) == (address is not None)


@pytest.mark.parametrize("address", ["a@b.example", "a@b.example.", "a", "", "a@[192.0.2.1]", "@b", "a@b_c.d"])
def test_usable_domains(address: str) -> None:
    assert has_usable_domain(address)


@pytest.mark.parametrize("address", ["a@", "a@b..c", "a@.b", "a@b..", "a@1.2.3.4", "a@[x]", "a@b c", "a@b/c", "a@b:25"])
def test_unusable_domains(address: str) -> None:
    assert not has_usable_domain(address)


def test_a_domain_in_another_script_needs_smtputf8() -> None:
    assert has_usable_domain("a@münchen.example")
    assert not has_usable_domain("a@münchen.example", utf8=False)
