"""The groups of deliveries that both servers are asked (see `deliveries`)."""

from __future__ import annotations

from tests.peers.deliveries import Group, Mail

_EXITS = (1, 2, 64, 65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 126, 127, 255)


def _mails(*names: str) -> tuple[Mail, ...]:
    return tuple(Mail(name, (name,)) for name in names)


ALIASES = Group(
    "aliases",
    (
        *_mails("joe", "nosuch", "team", "self", "loopa", "nobodyknows", "owned", "ownedjoe", "ownedcmd", "selfloop"),
        *_mails("joe+ext", "plus+more", "nosuch+ext", "empty", "twice", "chain", "quoted", "backslash"),
        Mail("JOE", ("JOE+Ext",)),
        Mail("several", ("joe", "team", "nosuch")),
        Mail("null sender", ("team",), sender=""),
        Mail("been here", ("joe",), header=b"Delivered-To: joe@mx.example\r\n"),
        Mail("been here too", ("team",), header=b"delivered-to:  TEAM@mx.example\r\n"),
        Mail("been to ann", ("team",), header=b"Delivered-To: ann@mx.example\r\n"),
    ),
    aliases="""\
team: joe, ann, x@far.example
self: self, ann
loopa: loopb
loopb: loopa
nobodyknows: nosuch
owned: joe, x@far.example
owner-owned: ann, joe
ownedjoe: joe
owner-ownedjoe: postmaster@far.example
ownedcmd: "|{folder}/bin/env ownedcmd"
owner-ownedcmd: boss@far.example
selfloop: selfloop
plus: joe
empty:
twice: joe, joe, JOE, joe@mx.example
chain: chain2, x@far.example
chain2: chain3
chain3: ann, y@far.example
quoted: "joe", <ann@mx.example>, Some One <x@far.example>
backslash: \\joe, x@far.example
""",
    users=("joe", "ann", "self"),
)

OWNERS = Group(
    "owners",
    _mails("list", "many", "inner"),
    parameters={"expand_owner_alias": "yes", "propagate_unmatched_extensions": "alias, forward"},
    aliases="""\
list: joe, x@far.example
owner-list: ann
many: x@far.example
owner-many: ann, joe
inner: list
owner-inner: boss@far.example
""",
)

COMMANDS = Group(
    "commands",
    (
        *_mails("env+Ext", "env2", "spaces", "meta", "builtin", "none", "notrunnable", "folder", "relative"),
        *_mails("lines", "output", "dsn4", "dsn5", "dsn2", "dsnzero", "dsnshort", "kill", "term", "unread", "two"),
        *_mails(*(f"exit{code}" for code in _EXITS)),
        *_mails("group", "slow"),
        Mail("odd sender", ("env3",), sender='"a b;`x`$y"@client.example'),
        Mail("null", ("env4",), sender=""),
    ),
    parameters={"command_time_limit": "3s"},
    aliases="".join(f'exit{code}: "|{{folder}}/bin/exit {code}"\n' for code in _EXITS)
    + """\
env: "|{folder}/bin/env env"
env2: "|{folder}/bin/env env2", joe
env3: "|{folder}/bin/env env3"
env4: "|{folder}/bin/env env4"
spaces: "|   {folder}/bin/args   spaces   a  b  "
meta: "|{folder}/bin/args meta 'a b' $SENDER \\\\"c d\\\\" ; exit 0"
builtin: "|exit 75"
none: "|{folder}/bin/nothing here"
notrunnable: "|{folder}/aliases"
folder: "|{folder}/bin"
relative: "|nothinglikethis a"
lines: "|{folder}/bin/lines"
output: "|{folder}/bin/say 0 fine so far"
dsn4: "|{folder}/bin/say 1 4.2.2 the box is full"
dsn5: "|{folder}/bin/say 75 5.7.1 go away"
dsn2: "|{folder}/bin/say 1 2.0.0 strange"
dsnzero: "|{folder}/bin/say 0 5.7.1 fine"
dsnshort: "|{folder}/bin/say 1 5.7.1"
kill: "|{folder}/bin/signal 9"
term: "|{folder}/bin/signal 15"
unread: "|{folder}/bin/deaf"
two: "|{folder}/bin/exit 0", "|{folder}/bin/exit 75", joe
group: "|sleep 20 & exit 0"
slow: "|{folder}/bin/slow"
""",
)

FILES = Group(
    "files",
    (
        *_mails("plain", "maildir", "null", "nofolder", "closed", "link", "fifo", "folder", "relative", "twofiles"),
        *_mails("foreign", "hard", "zero"),
    ),
    aliases="""\
plain: {folder}/boxes/plain
maildir: {folder}/boxes/maildir/
null: /dev/null
nofolder: {folder}/boxes/nothing/here
closed: {folder}/boxes/closed/here
link: {folder}/boxes/link
fifo: {folder}/boxes/fifo
folder: {folder}/boxes/closed
relative: ./here
twofiles: {folder}/boxes/plain, {folder}/boxes/other
foreign: {folder}/boxes/foreign
hard: {folder}/boxes/hard
zero: /dev/zero
""",
    folders={"boxes/closed": (0o700, "joe")},
    files={"boxes/target": ("", 0o666, "joe"), "boxes/foreign": ("", 0o666, "joe"), "boxes/hard": ("", 0o600, "joe")},
    links={"boxes/link": "{folder}/boxes/target"},
    fifos=("boxes/fifo",),
)

INCLUDES = Group(
    "includes",
    (
        *_mails(
            "members", "commands", "intofiles", "nested", "missing", "folder", "loop", "closed", "joes", "plus+ext"
        ),
        *_mails("spacey", "itself", "fifo"),
    ),
    aliases="""\
members: :include:{folder}/members
commands: :include:{folder}/commands
intofiles: :include:{folder}/intofiles
nested: :include:{folder}/nested
missing: :include:{folder}/missing
folder: :include:{folder}/home
loop: :include:{folder}/loop
closed: :include:{folder}/closed
joes: :include:{folder}/joes
plus: :include:{folder}/members
spacey: ":include:{folder}/spa ce"
itself: :include:{folder}/itself
fifo: :include:{folder}/fifo
""",
    files={
        "members": ("# those\njoe, ann\n  x@far.example (one)\n\n# joe\ny@far.example\n", 0o644, "root"),
        "commands": ('"|{folder}/bin/env commands"\n', 0o644, "root"),
        "intofiles": ("{folder}/boxes/into\n", 0o644, "root"),
        "nested": (":include:{folder}/members\nz@far.example\n", 0o644, "root"),
        "loop": (":include:{folder}/loop\nx@far.example\n", 0o644, "root"),
        "closed": ("x@far.example\n", 0o600, "root"),
        "joes": ("x@far.example\n", 0o644, "joe"),
        "spa ce": ("x@far.example\n", 0o644, "root"),
        "itself": ("itself\n", 0o644, "root"),
    },
    fifos=("fifo",),
)

INCLUDED_COMMANDS = Group(
    "included commands",
    _mails("commands", "intofiles", "joescommands", "joesfiles"),
    parameters={"allow_mail_to_commands": "include", "allow_mail_to_files": "include"},
    aliases="""\
commands: :include:{folder}/commands
intofiles: :include:{folder}/intofiles
joescommands: :include:{folder}/joescommands
joesfiles: :include:{folder}/joesfiles
""",
    files={
        "commands": ('"|{folder}/bin/env commands"\n', 0o644, "root"),
        "intofiles": ("{folder}/boxes/into\n", 0o644, "root"),
        "joescommands": ('"|{folder}/bin/env joescommands"\n', 0o644, "joe"),
        "joesfiles": ("{folder}/boxes/joes\n", 0o644, "joe"),
    },
)

_FORWARDS: dict[str, tuple[str, int, str]] = {
    "keep": ("\\keep, x@far.example\n", 0o644, ""),
    "keepname": ("keepname\nx@far.example\n", 0o644, ""),
    "away": ("x@far.example\n", 0o644, ""),
    "toann": ("ann\n", 0o644, ""),
    "command": ('"|{folder}/bin/env command"\n', 0o600, ""),
    "plaincommand": ("|{folder}/bin/env plaincommand a b\n", 0o644, ""),
    "file": ("{folder}/home/file/box\n", 0o644, ""),
    "dir": ("{folder}/home/dir/Mail/\n", 0o644, ""),
    "filelink": ("{folder}/home/filelink/link\n", 0o644, ""),
    "empty": ("", 0o644, ""),
    "comment": ("# nothing\n", 0o644, ""),
    "writable": ("x@far.example\n", 0o666, ""),
    "groupwritable": ("x@far.example\n", 0o664, ""),
    "foreign": ("x@far.example\n", 0o644, "joe"),
    "roots": ("x@far.example\n", 0o644, "root"),
    "closed": ("x@far.example\n", 0o000, ""),
    "ping": ("pong\n", 0o644, ""),
    "pong": ("ping\n", 0o644, ""),
    "both": ("x@far.example, |{folder}/bin/exit 75\n", 0o644, ""),
    "bothbox": ("\\bothbox, |{folder}/bin/exit 75\n", 0o644, ""),
    "including": (":include:{folder}/home/including/list\n", 0o644, ""),
    "inccommand": (":include:{folder}/home/inccommand/list\n", 0o644, ""),
    "missing": (":include:{folder}/home/missing/list\n", 0o644, ""),
    "bare": ("joe ann\n", 0o644, ""),
    "fails": ("|{folder}/bin/exit 1\n", 0o644, ""),
    "twicethesame": ("x@far.example\nx@far.example, X@far.example\n", 0o644, ""),
    "noone": ("nosuch\n", 0o644, ""),
    "rootforward": ("root\n", 0o644, ""),
}

FORWARDS = Group(
    "forwards",
    (
        *_mails("joe", *_FORWARDS, "isdir", "islink", "isfifo", "nohome", "ext+one", "ext+two", "ext", "aliased"),
        Mail("aliased again", ("aliased",), sender="", header=b"Delivered-To: toann@mx.example\r\n"),
        Mail("pinged", ("ping",), header=b"Delivered-To: pong@mx.example\r\n"),
    ),
    aliases="aliased: toann, joe\n",
    users=("joe", "ann", *_FORWARDS, "isdir", "islink", "isfifo", "nohome", "ext"),
    files={
        **{f"home/{user}/.forward": (text, mode, owner or user) for user, (text, mode, owner) in _FORWARDS.items()},
        "home/including/list": ("# members\nann\nx@far.example\n", 0o644, "including"),
        "home/inccommand/list": ("|{folder}/bin/exit 0\n", 0o644, "inccommand"),
        "home/filelink/target": ("", 0o644, "filelink"),
        "home/islink/target": ("x@far.example\n", 0o644, "islink"),
        "home/ext/.forward+one": ("one@far.example\n", 0o644, "ext"),
        "home/ext/.forward": ("any@far.example\n", 0o644, "ext"),
    },
    links={
        "home/islink/.forward": "{folder}/home/islink/target",
        "home/filelink/link": "{folder}/home/filelink/target",
    },
    fifos=("home/isfifo/.forward",),
    folders={"home/isdir/.forward": (0o755, "isdir")},
)

STRICT_HOMES = Group(
    "strict homes",
    (*_mails("nohome", "joe"), Mail("odd", ('"joe+a/../b c"@mx.example',))),
    parameters={
        "require_home_directory": "yes",
        "forward_path": "$home/.forward${extension?{-$extension}:{-none}}, {folder}/forwards/$user",
        "prepend_delivered_header": "command",
        "propagate_unmatched_extensions": "forward",
    },
    users=("joe", "ann", "nohome"),
    files={
        "home/joe/.forward-none": ("x@far.example\n", 0o644, "joe"),
        "home/ann/.forward-_s": ("y@far.example\n", 0o644, "ann"),
    },
)


def _local(name: str, *overrides: str) -> str:
    return f"{name} unix - n n - - local" + "".join(f"\n  -o {{ {one} }}" for one in overrides)


_SERVICES = {
    "command": ("mailbox_command={folder}/bin/env $USER-$EXTENSION",),
    "commandshell": ("mailbox_command={folder}/bin/args shell \"$SENDER\" '$USER' $EXTENSION; exit 0",),
    "commandmaps": (
        "mailbox_command_maps=inline:{{ {{joe={folder}/bin/env maps}} }}",
        "mailbox_command={folder}/bin/exit 75",
    ),
    "transport": ("mailbox_transport=discard:here",),
    "transportmaps": ("mailbox_transport_maps=inline:{{ {{joe=error:5.7.1 not joe}} }}", "mailbox_transport=discard:x"),
    "fallback": ("fallback_transport=error:5.1.9 fallen",),
    "fallbackmaps": ("fallback_transport_maps=inline:{{nosuch=discard:caught}}", "fallback_transport=error:5.1.9 x"),
    "luser": ("luser_relay=$user.$local.$extension.$domain.$recipient_delimiter@far.example",),
    "luserjoe": ("luser_relay=ann+$local",),
    "lusercond": ("luser_relay=${{extension?{{with.$extension}:{{without}}}}@far.example",),
    "home": ("home_mailbox=Mail/box",),
    "homedir": ("home_mailbox=Maildir/",),
    "spooldir": ("mail_spool_directory={folder}/spool/",),
    "flock": ("mailbox_delivery_lock=flock",),
    "directory": ("mailbox_command={folder}/bin/env directory-$USER", "command_execution_directory=$home"),
    "nodirectory": ("mailbox_command={folder}/bin/env nodirectory", "command_execution_directory=$home/none"),
    "shell": ("mailbox_command=env", "local_command_shell={folder}/bin/args shellcommand"),
    "exported": (
        "mailbox_command={folder}/bin/env exported-$USER",
        "export_environment=TZ MAIL_CONFIG FOO=bar",
        "command_expansion_filter=abcdefghijklmnopqrstuvwxyz",
    ),
    "filter": ("local_delivery_status_filter=regexp:{folder}/filter",),
    "unmarked": ("prepend_delivered_header=", "mailbox_command={folder}/bin/env unmarked-$USER"),
}

SERVICES = Group(
    "services",
    tuple(
        Mail(f"{name} {user}", (f"{user}@{name}.example",))
        for name in _SERVICES
        for user in ("joe", "ann+Ext", "nosuch", "nosuch+Ext")
    ),
    files={"filter": ("/^5\\.1\\.1 (.*)/ 4.7.7 not yet: $1\n", 0o644, "root")},
    parameters={
        "mydestination": ", ".join(["$myhostname", *(f"{name}.example" for name in _SERVICES)]),
        "transport_maps": "inline:{far.example=discard:, "
        + ", ".join(f"{{{name}.example=l{name}:{name}.example}}" for name in _SERVICES)
        + "}",
        **{f"l{name}_destination_recipient_limit": "1" for name in _SERVICES},
    },
    services=tuple(
        _local(f"l{name}", *(one.replace("{{", "{").replace("}}", "}") for one in overrides))
        for name, overrides in _SERVICES.items()
    ),
)

_PIPES = {
    "args": "flags= user=joe argv={folder}/bin/args args $recipient ${user}/${extension} $mailbox $domain $nexthop "
    "$sender $original_recipient ${client_address} ${client_helo} ${client_hostname} ${client_protocol} "
    "${sasl_method} ${sasl_username} ${sasl_sender} $$ x$(user)y {a $recipient b} {  blanks  } $sender!$domain",
    "env": "user=joe:nogroup argv={folder}/bin/env env",
    "folded": "flags=hu user=joe argv={folder}/bin/args folded $recipient $user $extension $mailbox $domain $nexthop "
    "$original_recipient",
    "quoted": "flags=q user=joe argv={folder}/bin/args quoted $recipient $sender $user $mailbox $original_recipient",
    "head": "flags=DFORB user=joe argv={folder}/bin/args head",
    "bsmtp": "flags=Fq. user=joe argv={folder}/bin/args bsmtp",
    "uucp": "flags=F>B user=joe argv={folder}/bin/args uucp",
    "crlf": "flags=FR eol=\\r\\n user=joe argv={folder}/bin/args crlf",
    "octal": "eol=\\041\\t\\\\x user=joe argv={folder}/bin/args octal",
    "nullsender": "flags=FR null_sender= user=joe argv={folder}/bin/args nullsender -f $sender",
    "othersender": "flags=FRq null_sender=no_body user=joe argv={folder}/bin/args othersender -f$sender",
    "small": "size=100 user=joe argv={folder}/bin/args small",
    "directory": "directory={folder}/home/joe user=joe argv={folder}/bin/env directory-$USER",
    "nodirectory": "directory={folder}/home/none user=joe argv={folder}/bin/env nodirectory",
    "e0": "user=joe argv={folder}/bin/exit 0",
    "e1": "user=joe argv={folder}/bin/exit 1",
    "e67": "user=joe argv={folder}/bin/exit 67",
    "e75": "user=joe argv={folder}/bin/exit 75",
    "said": "user=joe argv={folder}/bin/say 0 it is done",
    "said4": "user=joe argv={folder}/bin/say 1 4.2.2 full",
    "said5": "user=joe argv={folder}/bin/say 75 5.2.2 over",
    "said67": "user=joe argv={folder}/bin/say 67 who is that",
    "killed": "user=joe argv={folder}/bin/signal 9",
    "none": "user=joe argv={folder}/bin/nothing",
    "slow": "user=joe argv={folder}/bin/slow",
    "nouser": "argv={folder}/bin/exit 0",
    "badflag": "flags=Z user=joe argv={folder}/bin/exit 0",
    "root": "user=root argv={folder}/bin/exit 0",
    "unknownuser": "user=nosuch argv={folder}/bin/exit 0",
    "badmacro": "user=joe argv={folder}/bin/args badmacro $nosuch ${recipient",
    "noargv": "user=joe",
    "filter": "user=joe argv={folder}/bin/exit 1",
}
_SINGLE = ("head",)

PIPES = Group(
    "pipes",
    (
        *(Mail(name, (f"Joe+Ext@{name}.Example",), sender="A.b@Client.example") for name in _PIPES),
        Mail("two", ("one@args.example", "two+x@args.example")),
        Mail("odd", ('"a b"@quoted.example',), sender='"x y"@client.example'),
        Mail("null plain", ("n@args.example",), sender=""),
        Mail("null head", ("n@head.example",), sender=""),
        Mail("null nullsender", ("n@nullsender.example",), sender=""),
        Mail("null othersender", ("n@othersender.example",), sender=""),
        Mail("loop", ("joe@head.example",), header=b"Delivered-To: JOE@head.example\r\n"),
    ),
    parameters={
        "relay_domains": ", ".join(f"{name}.example" for name in _PIPES),
        "transport_maps": "inline:{" + ", ".join(f"{{{name}.example=p{name}:Next.{name}}}" for name in _PIPES) + "}",
        "command_time_limit": "600s",
        "pslow_time_limit": "2s",
        "pipe_delivery_status_filter": "",
        **{f"p{name}_destination_recipient_limit": "1" for name in _SINGLE},
    },
    services=tuple(
        f"p{name} unix - n n - - pipe"
        + ("\n  -o { pipe_delivery_status_filter=regexp:{folder}/filter }" if name == "filter" else "")
        + f"\n  {line}"
        for name, line in _PIPES.items()
    ),
    files={"filter": ("/^5\\.3\\.0 Command died with status 1(.*)/ 4.3.9 filtered$1\n", 0o644, "root")},
)

_SHARED = {
    "shared": "flags=DO user=joe argv={folder}/bin/args shared",
    "onlyo": "flags=O user=joe argv={folder}/bin/args onlyo",
    "empty": "user=joe argv={folder}/bin/args empty $user ${extension} x$domain",
}

SHARED_PIPES = Group(
    "shared pipes",
    (
        *(Mail(f"{name} two", (f"one@{name}.example", f"two@{name}.example")) for name in _SHARED),
        *(Mail(f"{name} one", (f"one@{name}.example",)) for name in _SHARED),
    ),
    parameters={
        "relay_domains": ", ".join(f"{name}.example" for name in _SHARED),
        "transport_maps": "inline:{" + ", ".join(f"{{{name}.example=p{name}:}}" for name in _SHARED) + "}",
    },
    services=tuple(f"p{name} unix - n n - - pipe\n  {line}" for name, line in _SHARED.items()),
)

VIRTUAL = Group(
    "virtual",
    _mails(
        *(
            f"{user}@box.example"
            for user in ("box", "dir", "nobody", "low", "nouid", "baduid", "closed", "link", "fifo")
        ),
        *(f"{user}@box.example" for user in ("box+ext", "foreign", "BOX", "outside", "hard", "isdir")),
        "small@filter.example",
    ),
    parameters={
        "virtual_mailbox_domains": "box.example, filter.example",
        "virtual_mailbox_base": "{folder}/boxes",
        "virtual_mailbox_maps": "inline:{box@box.example=box, dir@box.example=dir/, low@box.example=low, "
        "nouid@box.example=nouid, baduid@box.example=baduid, closed@box.example=closed/box, link@box.example=link, "
        "fifo@box.example=fifo, foreign@box.example=foreign, outside@box.example=../spool/outside, "
        "hard@box.example=hard, isdir@box.example=closed}",
        "virtual_uid_maps": "inline:{low@box.example=99, baduid@box.example=x1, box@box.example=4001, "
        "dir@box.example=4001, closed@box.example=4001, link@box.example=4001, fifo@box.example=4001, "
        "foreign@box.example=4001, outside@box.example=4001, hard@box.example=4001, "
        "isdir@box.example=4001}",
        "virtual_gid_maps": "static:4002",
        "virtual_transport": "virtual",
        "transport_maps": "inline:{filter.example=filter:}",
    },
    folders={"boxes/closed": (0o700, "ann")},
    files={
        "boxes/target": ("", 0o600, "joe"),
        "boxes/foreign": ("", 0o666, "ann"),
        "boxes/hard": ("", 0o600, "joe"),
    },
    links={"boxes/link": "{folder}/boxes/target"},
    fifos=("boxes/fifo",),
    services=("filter unix - n n - - virtual\n  -o { virtual_delivery_status_filter=regexp:{folder}/filter }",),
)
VIRTUAL.files["filter"] = ("/^5\\.1\\.1 (.*)/ 4.1.9 not yet: $1\n", 0o644, "root")  # type: ignore[index]

GROUPS = (
    ALIASES,
    OWNERS,
    COMMANDS,
    FILES,
    INCLUDES,
    INCLUDED_COMMANDS,
    FORWARDS,
    STRICT_HOMES,
    SERVICES,
    PIPES,
    SHARED_PIPES,
    VIRTUAL,
)
