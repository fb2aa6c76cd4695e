"""From restriction lists as written to a Program.

1. A list that Postfix would only trip over when it gets there compiles as well: the faulty rule does what Postfix does
   (a warning, and `451 4.3.5` or nothing), and is reported as a finding.
2. A restriction that Postfix has and we do not is an error: a server without it would let mail pass.
3. Faults of lists that come out of tables are logged when they are met; there is nobody to report them to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial

from gatepost.config.findings import Finding, Level, Place
from gatepost.config.own import OwnAddresses
from gatepost.config.settings import Settings
from gatepost.config.source import SourceText, Word, split_words
from gatepost.policy import checks, faulty, registry
from gatepost.policy.evaluation import CLASS_NESTING_LIMIT, Evaluation
from gatepost.policy.outcome import DUNNO, Outcome
from gatepost.policy.program import Check, Program, Rule, RuleList
from gatepost.policy.registry import BadArgumentError, Restriction
from gatepost.routing.router import Router

LISTS = (
    "smtpd_client_restrictions",
    "smtpd_helo_restrictions",
    "smtpd_sender_restrictions",
    "smtpd_relay_restrictions",
    "smtpd_recipient_restrictions",
    "smtpd_data_restrictions",
    "smtpd_end_of_data_restrictions",
    "smtpd_etrn_restrictions",
)
"""The parameters that hold restriction lists."""

BUILT_IN_CLASSES = {
    "reject_sender_login_mismatch": (
        "reject_authenticated_sender_login_mismatch reject_unauthenticated_sender_login_mismatch"
    )
}
"""Classes that exist without being defined; a definition of the same name has no effect."""

_ENDINGS = ("permit", "reject", "defer")


def compile_program(settings: Settings, own: OwnAddresses) -> tuple[Program, list[Finding]]:
    """Compile the restriction lists of one SMTP service. Findings of level ERROR mean that it must not start.

    Raises:
        ConfigurationError: a parameter cannot be read at all; the findings of `settings` say so too.
    """
    defined = settings.words("smtpd_restriction_classes")
    compiler = Compiler(frozenset({word.text for word in defined} | BUILT_IN_CLASSES.keys()))
    classes = {}
    for word in defined:
        definition = settings.words(word.text)
        classes[word.text] = compiler.compile(word.text, definition)
        if not definition:
            compiler.report("GP0301", f"restriction class `{word.text}' needs a definition", word.place, Level.ERROR)
    classes |= {name: compiler.compile(name, _words(text)) for name, text in BUILT_IN_CLASSES.items()}
    sender = "reject_unlisted_sender" if settings.smtpd_reject_unlisted_sender else ""
    recipient = "reject_unlisted_recipient" if settings.smtpd_reject_unlisted_recipient else ""
    program = Program(
        settings=settings,
        own=own,
        router=Router(settings, own),
        lists={name: compiler.compile(name, settings.words(name)) for name in LISTS},
        classes=classes,
        unlisted_sender=compiler.compile("smtpd_reject_unlisted_sender", _words(sender)),
        unlisted_recipient=compiler.compile("smtpd_reject_unlisted_recipient", _words(recipient)),
        compile_words=partial(_compile_value, compiler.class_names),
    )
    return program, [*compiler.findings, *checks.check(program)]


def _compile_value(class_names: frozenset[str], value: str) -> RuleList:
    return Compiler(class_names).compile(value, _words(value))


def _words(text: str) -> tuple[Word, ...]:
    return split_words(SourceText.of(text))


@dataclass
class Compiler:
    """Turns words into rules, and notes what is wrong with them."""

    class_names: frozenset[str]
    findings: list[Finding] = field(default_factory=list)

    def compile(self, name: str, words: Iterable[Word]) -> RuleList:
        """The rules that the words of the list make."""
        rules: list[Rule] = []
        left = list(reversed(tuple(words)))
        warn_only = False
        while left:
            word = left.pop()
            if word.text.lower() == "warn_if_reject":
                warn_only = True
                continue
            rules.append(self._rule(word, left, warn_only=warn_only))
            warn_only = False
        return RuleList(name, tuple(rules))

    def report(self, number: str, message: str, place: Place | None, level: Level = Level.WARNING) -> None:
        """Add a finding."""
        self.findings.append(Finding(number, level, message, place, _HINTS.get(number, "")))

    def _rule(self, word: Word, left: list[Word], *, warn_only: bool) -> Rule:
        """The rule that begins with the word. Its argument is taken from `left`, which holds the rest in reverse."""
        name, following = word.text, left[-1].text if left else ""
        known = registry.find(name)
        if ":" in name:
            return Rule(name, name, partial(_bare_table, word=name), place=word.place, warn_only=warn_only)
        if known is None:
            check = partial(_class, name=name) if name in self.class_names else self._unknown(word, left)
            return Rule(name, name, check, place=word.place, warn_only=warn_only)
        if known.argument is not None:
            check, argument = self._bound(known, word, left)
            return Rule(known.name, name, check, argument, word.place, known.about, warn_only)
        ignored = following if known.name in _ENDINGS else ""
        if ignored and (known.name == "permit" or not warn_only):
            self.report("GP0304", f"restriction `{ignored}' after `{known.name}' is ignored", left[-1].place)
        return Rule(known.name, name, known.function, "", word.place, known.about, warn_only, ignored)

    def _bound(self, known: Restriction, word: Word, left: list[Word]) -> tuple[Check, str]:
        """The restriction with its argument, and the argument as written."""
        following = left.pop() if left else None
        try:
            return known.bind(word.text, following.text if following else None), following.text if following else ""
        except BadArgumentError as error:
            self.report("GP0303", str(error), word.place, Level.ERROR if error.fatal else Level.WARNING)
            return partial(faulty.skip if error.skipped else faulty.stop, warning=str(error)), ""

    def _unknown(self, word: Word, left: list[Word]) -> Check:
        """What a name that is no restriction of ours does."""
        arguments = checks.NOT_IMPLEMENTED.get(word.text.lower())
        if arguments is None:
            close = registry.similar(word.text, self.class_names)
            hint = f"did you mean {close}?" if close else ""
            message = f'unknown smtpd restriction: "{word.text}"'
            self.findings.append(Finding("GP0302", Level.WARNING, message, word.place, hint))
        else:
            self.report("GP0305", f"restriction {word.text} is not supported yet", word.place, Level.ERROR)
            del left[len(left) - arguments :]
        return partial(faulty.stop, warning=f'unknown smtpd restriction: "{word.text}"')


_HINTS = {
    "GP0301": "give it a restriction list: NAME = reject_non_fqdn_sender, ...",
    "GP0303": "clients get `451 4.3.5 Server configuration error` as long as this is so",
    "GP0304": "remove what follows, or put it first",
    "GP0305": "a server without it would let mail pass that it is meant to stop",
}


async def _class(evaluation: Evaluation, *, name: str) -> Outcome:
    """Evaluate a restriction class as a list within the list."""
    rules = evaluation.program.classes[name]
    return await evaluation.run_nested(rules, evaluation.topic, f"restriction class {name}", CLASS_NESTING_LIMIT)


async def _bare_table(evaluation: Evaluation, *, word: str) -> Outcome:
    """Take a bare `type:table` for what it stands for in this list, such as `check_client_access type:table`."""
    known = registry.find(evaluation.bare)
    if known is None:
        raise evaluation.misconfigured(
            "specify one of (check_client_access, check_reverse_client_hostname_access, check_helo_access, "
            "check_sender_access, check_recipient_access, check_etrn_access) before "
            f'{evaluation.topic.kind} restriction "{word}"'
        )
    if known.about.value and getattr(evaluation.facts, known.about.value) is None:
        return DUNNO
    return await known.bind(known.name, word)(evaluation)
