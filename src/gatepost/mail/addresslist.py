"""Lists of addresses as headers hold them (RFC 822 section 6), read leniently and written back in one form.

The rules, which follow what Postfix makes of the same text:

1. `phrase <address>`, `address (comment)`, `name: list;` and source routes (`@a,@b:address`, dropped) are understood.
2. Two words side by side without an operator between them are two addresses.
3. Every text gives items. What has no meaning is kept as a mark.
4. Written back, items are separated as `Phrase <a@b>, c@d (comment), group: e@f;`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from gatepost.mail.words import WORDS, Kind, Token, is_dot_string, quoted, scan

FOLD_WIDTH = 70
"""A rewritten header goes on in a new line before an address that would end beyond this column."""


@dataclass(frozen=True, slots=True)
class Address:
    """One address in internal form; `source` is how it was written, without blanks and comments."""

    text: str
    source: str
    bracketed: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of a phrase, as it is written back."""

    text: str


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment with its parentheses."""

    text: str


@dataclass(frozen=True, slots=True)
class Mark:
    """`,` or `;`, `:` after a group's name, or a character without meaning."""

    text: str


Item = Address | Word | Comment | Mark
"""What an address list consists of."""


@dataclass(frozen=True, slots=True)
class _Bracket:
    """The tokens between `<` and `>`."""

    tokens: tuple[Token, ...]


_Part = Token | _Bracket


def parse(text: str, limit: int | None = None) -> list[Item]:
    """Read an address list; of more tokens than the limit (`header_address_token_limit`), the first ones."""
    items: list[Item] = []
    pending: list[_Part] = []
    group: list[tuple[list[_Part], str]] = []  # segments since the last `;`, each with what ended it
    for part in _with_brackets(_without_route(scan(text)[:limit])):
        if isinstance(part, Token) and part.kind is Kind.OPERATOR and part.text in ",;":
            group.append((pending, part.text))
            pending = []
            if part.text == ";":
                _read_group(group, items)
                group = []
        else:
            pending.append(part)
    for segment, end in group:
        _read_segment(segment, items)
        items.append(Mark(end))
    _read_segment(pending, items)
    return _with_commas(items)


def addresses(items: Iterable[Item]) -> list[Address]:
    """The addresses of a list."""
    return [item for item in items if isinstance(item, Address)]


def render(items: Sequence[Item]) -> Iterator[str]:
    """The list as text, in pieces: between two of them the line may be folded (in place of one blank)."""
    piece = ""
    before: Item | None = None
    for item in items:
        blank = " " if before is not None and _blank_between(before, item) else ""
        match item:
            case Address(text=text, bracketed=True):
                piece += f"{blank}<{text}>"
            case Address(text=text) | Word(text) | Comment(text) | Mark(text):
                piece += blank + text
        before = item
        if item == Mark(","):
            yield piece
            piece, before = "", None
    if piece:
        yield piece


def folded(pieces: Iterable[str], start: str) -> str:
    """Join the pieces of a rendered list behind `start` (the header's name and colon), folding long lines."""
    lines = [start]
    for number, piece in enumerate(pieces):
        if number and len(lines[-1]) + 1 + len(piece) >= FOLD_WIDTH:
            lines.append(piece)
        else:
            lines[-1] += f" {piece}"
    return "\r\n\t".join(lines)


def _without_route(tokens: list[Token]) -> list[Token]:
    """Drop each source route: `@`, then only names, `@`, `,` and `.`, then `:`, at the start of an address."""
    kept: list[Token] = []
    at = 0
    end = 0  # where the names behind the last `@` that was looked at end
    while at < len(tokens):
        if _is_operator(tokens[at], "@") and (not kept or kept[-1].source in (",", ";", "<")):
            end = max(end, at + 1)
            while end < len(tokens) and (tokens[end].kind in WORDS or tokens[end].source in ("@", ",", ".")):
                end += 1
            if end < len(tokens) and _is_operator(tokens[end], ":"):
                # Only one route: what begins with `@` again is an address. Its source shows that there was a route.
                route = "".join(token.source for token in tokens[at : end + 1])
                kept += [replace(token, source=route + token.source) for token in tokens[end + 1 : end + 2]]
                at = end + 2
                continue
        kept.append(tokens[at])
        at += 1
    return kept


def _with_brackets(tokens: list[Token]) -> list[_Part]:
    """Put each `<…>` in one part. A `>` belongs to the nearest `<` before it; what is left over stays a token."""
    openings: list[int] = []  # for each token, where the nearest `<` at or before it is
    for at, token in enumerate(tokens):
        openings.append(at if _is_operator(token, "<") else openings[-1] if openings else -1)
    parts: list[_Part] = []
    at = len(tokens) - 1
    while at >= 0:
        opening = openings[at] if _is_operator(tokens[at], ">") else -1
        if opening >= 0:
            parts.append(_Bracket(tuple(tokens[opening + 1 : at])))
            at = opening - 1
        else:
            parts.append(tokens[at])
            at -= 1
    return parts[::-1]


def _is_operator(part: _Part, text: str) -> bool:
    return isinstance(part, Token) and part.kind is Kind.OPERATOR and part.text == text


def _read_group(segments: list[tuple[list[_Part], str]], items: list[Item]) -> None:
    """Read segments of which the last one ends with `;`; the last `:` among them ends the group's name."""
    start = next((i for i in range(len(segments) - 1, -1, -1) if _last_colon(segments[i][0]) >= 0), -1)
    for number, (segment, end) in enumerate(segments):
        rest = segment
        if number == start:
            colon = _last_colon(segment)
            items.extend(_phrase(segment[:colon]))
            items.append(Mark(":"))
            rest = segment[colon + 1 :]
        _read_segment(rest, items)
        items.append(Mark(end))


def _last_colon(segment: list[_Part]) -> int:
    return next((i for i in range(len(segment) - 1, -1, -1) if _is_operator(segment[i], ":")), -1)


def _read_segment(segment: list[_Part], items: list[Item]) -> None:
    """Read what stands between two separators."""
    last = max((i for i, part in enumerate(segment) if isinstance(part, _Bracket)), default=-1)
    if last < 0:
        _read_plain([part for part in segment if isinstance(part, Token)], items)
        return
    words: list[_Part] = []
    for part in segment[: last + 1]:
        if isinstance(part, _Bracket):
            items.extend(_phrase(words))
            words = []
            items.extend(_bracketed(part))
        else:
            words.append(part)
    _read_plain([part for part in segment[last + 1 :] if isinstance(part, Token)], items)


def _bracketed(part: _Bracket) -> Iterator[Item]:
    inner: list[Item] = []
    _read_plain(list(part.tokens), inner)
    found = [item for item in inner if isinstance(item, Address)]
    if not found:
        yield Address("", "", bracketed=True)
    for item in found:
        yield Address(item.text, item.source, bracketed=True)
    yield from (item for item in inner if isinstance(item, Comment))


def _read_plain(tokens: list[Token], items: list[Item]) -> None:
    """Read addresses without brackets; comments follow the address in which they stand."""
    current: list[Token] = []
    comments: list[Item] = []

    def close() -> None:
        if current:
            text = "".join(token.text for token in current)
            items.append(Address(text, "".join(token.source for token in current)))
        items.extend(comments)
        current.clear()
        comments.clear()

    for token in tokens:
        if token.kind is Kind.COMMENT:
            comments.append(Comment(token.source))
        elif token.text == ">" and token.kind is Kind.OPERATOR:
            close()
            items.append(Mark(">"))
        else:
            if current and current[-1].kind in WORDS and token.kind in WORDS:
                close()
            current.append(token)
    close()


def _phrase(parts: Iterable[_Part]) -> Iterator[Item]:
    """The words of a display name or group name; operators in it stay as they are."""
    for part in parts:
        if isinstance(part, _Bracket):
            continue
        match part.kind:
            case Kind.COMMENT:
                yield Comment(part.source)
            case Kind.OPERATOR:
                yield Mark(part.text)
            case Kind.QUOTED:
                yield Word(quoted(part.text))
            case Kind.LITERAL:
                yield Word(part.text)
            case Kind.ATOM:
                yield Word(part.text if is_dot_string(part.text) else quoted(part.text))


def _with_commas(items: list[Item]) -> list[Item]:
    """Separate what stands side by side without a comma but is no part of one mailbox."""
    whole: list[Item] = []
    after_address = False  # an address has come, and no separator since
    for item in items:
        follows_group = bool(whole) and whole[-1] == Mark(";") and item not in (Mark(","), Mark(";"))
        plain = isinstance(item, Address) and not item.bracketed
        if follows_group or (after_address and (plain or isinstance(item, Word))):
            whole.append(Mark(","))
            after_address = False
        if isinstance(item, Address):
            after_address = True
        elif item in (Mark(","), Mark(";"), Mark(":")):
            after_address = False
        whole.append(item)
    return whole


def _blank_between(before: Item, item: Item) -> bool:
    match before, item:
        case Mark(":"), _:
            return item != Mark(";")
        case Mark("<"), Address():
            return True
        case (Mark(), Word()) | (_, Mark()):
            return False
        case Address(bracketed=True), Comment():
            return False
        case _:
            return True
