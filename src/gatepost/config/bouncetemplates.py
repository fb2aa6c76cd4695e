"""The words of delivery reports: the built-in ones, and those of `bounce_template_file` (bounce(5) of Postfix).

    file     = *( comment / empty line / template )
    template = name " = <<" end newline *( header newline ) newline text end newline
    header   = ( "Charset" / "From" / "Subject" / "Postmaster-Subject" ) ":" value

The rules:

1. Outside a template, lines that are empty or begin with `#` mean nothing. Inside one every character counts.
2. A template that is wrong is left out whole, with a finding; the built-in one stands in for it. The reports of a
   site must go out whatever its template says.
3. The text may hold `$name` of main.cf, and of `delay_warning_time` and `maximal_queue_lifetime` also a form with a
   unit behind the name (`$delay_warning_time_hours`). A `$` is written `$$`. Headers are taken as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

from gatepost.config.expand import ExpansionError, expand
from gatepost.config.findings import Finding, Level, Place
from gatepost.config.settings import PARAMETERS, Settings
from gatepost.config.source import SourceText


@dataclass(frozen=True, slots=True)
class Template:
    """One report's words. `postmaster_subject` is that of copies for the postmaster, which have no text."""

    subject: str
    text: str
    charset: str = "us-ascii"
    sender: str = "Mail Delivery System <MAILER-DAEMON>"
    postmaster_subject: str = ""
    place: Place | None = None

    def shown(self, settings: Settings) -> str:
        """The text with its `$name`s replaced. Raises ExpansionError."""

        def value(name: str) -> SourceText | None:
            amount = _in_unit(settings, name)
            if amount is not None:
                return SourceText.of(str(amount))
            known = name in PARAMETERS or settings.is_set(name)
            return SourceText.of(settings.raw(name)) if known else None

        return str(expand(SourceText.of(self.text, self.place), value))


FAILURE = Template(
    "Undelivered Mail Returned to Sender",
    """\
This is the mail system at host $myhostname.

I'm sorry to have to inform you that your message could not
be delivered to one or more recipients. It's attached below.

For further assistance, please send mail to postmaster.

If you do so, please include this problem report. You can
delete your own text from the attached returned message.

                   The mail system
""",
    postmaster_subject="Postmaster Copy: Undelivered Mail",
)

DELAY = Template(
    "Delayed Mail (still being retried)",
    """\
This is the mail system at host $myhostname.

Your message has not been delivered yet. Nothing is lost, and you
need not send it again: delivery is tried again and again, until
the message is $maximal_queue_lifetime_days days old.

The reasons so far are below; postmaster knows more.

                   The mail system
""",
    postmaster_subject="Postmaster Warning: Delayed Mail",
)

SUCCESS = Template(
    "Successful Mail Delivery Report",
    """\
This is the mail system at host $myhostname.

Your message was successfully delivered to the destination(s)
listed below. If the message was delivered to mailbox you will
receive no further notifications. Otherwise you may still receive
notifications of mail delivery errors from other systems.

                   The mail system
""",
)


@dataclass(frozen=True, slots=True)
class Templates:
    """The words of all reports."""

    failure: Template = FAILURE
    delay: Template = DELAY
    success: Template = SUCCESS

    def render(self, settings: Settings | None = None) -> str:
        """The templates as a file has them; with settings, each `$name` as they have it.

        Raises:
            ExpansionError: a text has a faulty `$name` (`templates_of` gives none that has).
        """
        parts: list[str] = []
        for name, attribute in _NAMES.items():
            template: Template = getattr(self, attribute)
            headers = [f"Charset: {template.charset}", f"From: {template.sender}", f"Subject: {template.subject}"]
            if template.postmaster_subject:
                headers.append(f"Postmaster-Subject: {template.postmaster_subject}")
            text = template.text if settings is None else template.shown(settings)
            parts.append("\n".join([f"{name} = <<EOF", *headers, "", f"{text}EOF\n"]))
        return "\n".join(parts)


_NAMES = {"failure_template": "failure", "delay_template": "delay", "success_template": "success"}
_PASSED_OVER = "verify_template"  # of reports that nobody can ask for here
_BEGINNING = re.compile(r"\s*([A-Za-z_]+)\s*=\s*<<\s*(\S+)\s*")
_HEADER = re.compile(r"(charset|from|subject|postmaster-subject)\s*:\s*(.*?)\s*", re.IGNORECASE)
_FIELDS = {"charset": "charset", "from": "sender", "subject": "subject", "postmaster-subject": "postmaster_subject"}

_UNITS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86_400, "weeks": 604_800}
_TIMES = ("delay_warning_time", "maximal_queue_lifetime")


def templates_of(settings: Settings) -> tuple[Templates, list[Finding]]:
    """The templates of a configuration, and what is wrong with its file."""
    path = settings.bounce_template_file
    if not path:
        return Templates(), []
    text = settings.files.get(path)
    if text is None:
        hint = "make it readable, or remove bounce_template_file to use the built-in texts"
        message = f"{path} cannot be read; the built-in texts are used"
        return Templates(), [Finding("GP0110", Level.WARNING, message, settings.place("bounce_template_file"), hint)]
    return parse_templates(text, path, settings)


def parse_templates(text: str, file: str, settings: Settings) -> tuple[Templates, list[Finding]]:
    """The templates that a file defines, the built-in ones where it defines none, and its faults."""
    found: dict[str, Template] = {}
    findings: list[Finding] = []
    lines = _Lines(text.split("\n"), file)
    for number, line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        beginning = _BEGINNING.fullmatch(line)
        if beginning is None:
            hint = "a template begins with a line like `failure_template = <<EOF`"
            findings.append(_fault("this begins no template", lines.place(number), hint))
            continue
        name, end = beginning.groups()
        inside = lines.until(end)
        if inside is None:
            hint = f"end it with a line that is {end} and nothing else"
            findings.append(_fault(f"{name} has no end", lines.place(number), hint))
        elif name in _NAMES:
            try:
                found[_NAMES[name]] = _template(getattr(Templates(), _NAMES[name]), inside, lines.place(number + 1))
                found[_NAMES[name]].shown(settings)
            except _WrongError as error:
                found.pop(_NAMES[name], None)
                where = lines.place(number + 1 + error.line)
                findings.append(_fault(f"{name} is not used: {error}", where, error.hint))
            except ExpansionError as error:
                found.pop(_NAMES[name], None)
                hint = "write a $ that is meant as itself as $$"
                findings.append(_fault(f"{name} is not used: {error.reason}", error.place or lines.place(number), hint))
            else:
                findings += _imprecise(name, inside, settings, lines, number + 1)
        elif name != _PASSED_OVER:
            findings.append(_fault(f"there is no {name}", lines.place(number), f"there are {', '.join(_NAMES)}"))
    return replace(Templates(), **found), findings


@dataclass
class _Lines:
    """The lines of a file, read once from top to bottom, numbered from 1."""

    lines: list[str]
    file: str
    at: int = field(default=0)

    def __iter__(self) -> Iterator[tuple[int, str]]:
        while self.at < len(self.lines):
            self.at += 1
            yield self.at, self.lines[self.at - 1]

    def until(self, end: str) -> list[str] | None:
        """The lines up to the one that is `end`, which is passed over; None where there is none."""
        try:
            last = self.lines.index(end, self.at)
        except ValueError:
            return None
        taken = self.lines[self.at : last]
        self.at = last + 1
        return taken

    def place(self, number: int) -> Place:
        """The beginning of a line."""
        return Place(self.file, number, 1, self.lines[min(number, len(self.lines)) - 1])


class _WrongError(Exception):
    """A template that cannot be used; `line` counts from its first one, which is 0."""

    def __init__(self, reason: str, line: int, hint: str) -> None:
        super().__init__(reason)
        self.line = line
        self.hint = hint


def _template(built_in: Template, lines: list[str], place: Place) -> Template:
    """What a template's lines say, over the built-in one. Raises _WrongError."""
    given: dict[str, str] = {}
    number = 0
    for number, line in enumerate(lines):
        header = _HEADER.fullmatch(line)
        if header is None:
            break
        if not line.isascii():
            raise _WrongError(f"header {header[1]} is not ASCII", number, "headers of a template are ASCII")
        given[_FIELDS[header[1].lower()]] = header[2]
    else:
        raise _WrongError("it has no text", max(len(lines) - 1, 0), "put an empty line and the text behind the headers")
    if lines[number].strip():
        known = "Charset, From, Subject, Postmaster-Subject"
        raise _WrongError(
            f"there is no header like {lines[number]!r}", number, f"headers are {known}; then an empty line"
        )
    text = "".join(f"{line}\n" for line in lines[number + 1 :])
    made = replace(built_in, text=text, place=replace(place, line=place.line + number + 1), **given)
    if not text.isascii() and made.charset.lower() == built_in.charset:
        raise _WrongError("the text is not ASCII", 0, "say which character set it is in, for instance `Charset: utf-8`")
    return made


def _in_unit(settings: Settings, name: str) -> int | None:
    """A time in the unit that its name ends with, rounded down; None where the name is no such thing."""
    base, _, unit = name.rpartition("_")
    if base not in _TIMES or unit not in _UNITS:
        return None
    time = settings.delay_warning_time if base == "delay_warning_time" else settings.maximal_queue_lifetime
    return time // timedelta(seconds=_UNITS[unit])


def _imprecise(name: str, lines: list[str], settings: Settings, source: _Lines, first: int) -> Iterator[Finding]:
    """Times whose unit is too large for them to be told."""
    for number, line in enumerate(lines):
        for reference in re.findall(r"\$[({]?([a-z_]+)", line):
            base, _, unit = reference.rpartition("_")
            amount = _in_unit(settings, reference)
            if amount == 0 and settings.text(base).strip("0smhdw"):
                message = f"{name} says 0 {unit} for {base} = {settings.text(base)}"
                yield _fault(message, source.place(first + number), "use a smaller unit")


def _fault(message: str, place: Place, hint: str) -> Finding:
    return Finding("GP0110", Level.WARNING, message, place, hint)
