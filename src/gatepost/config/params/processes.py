"""Processes, directories, identities, and services of the mail system."""

from __future__ import annotations

from gatepost.config.param import GUARDING, NOTED, boolean, choice, duration, integer, strings, text, words


class ProcessesParameters:
    """Processes, directories, identities, and services of the mail system."""

    alternate_config_directories = words(
        "", support=NOTED, doc="Other configuration directories that set-uid programs may be pointed to."
    )
    application_event_drain_time = duration(
        "100s", support=NOTED, doc="How long a process waits for its last events when it ends."
    )
    authorized_mailq_users = strings("static:anyone", support=GUARDING, doc="Local users who may look at the queue.")
    authorized_submit_users = strings(
        "static:anyone", support=GUARDING, doc="Local users who may submit mail by the sendmail command."
    )
    backwards_bounce_logfile_compatibility = boolean(
        "yes", support=NOTED, doc="Write bounce files in the form of very old versions too."
    )
    cleanup_service_name = text(
        "cleanup",
        support=NOTED,
        doc="The service that takes messages into the queue. Its overrides are those of Gatepost's intake.",
    )
    command_directory = text("/usr/sbin", support=NOTED, doc="Where Postfix's commands are.")
    compatibility_level = text(
        "0", doc="The version of Postfix whose defaults are meant where they have changed since."
    )
    config_directory = text("/etc/postfix", required=True, doc="The directory of main.cf and master.cf.")
    daemon_directory = text("/usr/lib/postfix/sbin", support=NOTED, doc="Where Postfix's daemons are.")
    daemon_table_open_error_is_fatal = boolean(
        "no", support=NOTED, doc="End a process that cannot open a table, rather than defer what needs it."
    )
    daemon_timeout = duration("18000s", support=NOTED, doc="The longest time that one request may keep a process.")
    data_directory = text(
        "/var/lib/postfix", required=True, doc="Where the server keeps files of its own, such as caches."
    )
    debugger_command = text("", support=NOTED, doc="A command that is started beside a process under test.")
    default_process_limit = integer("100", doc="Processes of one service that may run at a time.")
    error_service_name = text("error", support=NOTED, doc="The service that bounces what is sent to it.")
    export_environment = words("TZ MAIL_CONFIG LANG", doc="Environment variables that other programs inherit.")
    fault_injection_code = integer("0", support=NOTED, doc="Makes the server fail, for tests.")
    fork_attempts = integer("5", support=NOTED, doc="How often a process is tried to be started.")
    fork_delay = duration("1s", support=NOTED, doc="Time between two such tries.")
    html_directory = text("no", support=NOTED, doc="Where Postfix's HTML documentation is.")
    import_environment = words(
        "MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ XAUTHORITY DISPLAY LANG=C POSTLOG_SERVICE POSTLOG_HOSTNAME",
        doc="Environment variables that the server takes over.",
    )
    ipc_idle = duration("5s", support=NOTED, doc="How long an idle connection between processes is kept.")
    ipc_timeout = duration("3600s", support=NOTED, doc="Time-out of requests between processes.")
    ipc_ttl = duration("1000s", support=NOTED, doc="How long a busy connection between processes is kept.")
    mail_name = text(
        "Gatepost",
        required=True,
        doc="The name of the mail system in greeting, Received header and reports. Here it is Gatepost's own.",
    )
    mail_owner = text("postfix", required=True, doc="The user as whom the workers run and who owns the queue.")
    mail_release_date = text("20240304", doc="The date of the version that `mail_version` names.")
    mail_version = text("3.7.11", doc="The version of Postfix whose configuration is understood.")
    mailq_path = text("/usr/bin/mailq", support=NOTED, doc="Where the mailq command is.")
    manpage_directory = text("/usr/local/man", support=NOTED, doc="Where Postfix's manual pages are.")
    master_service_disable = words("", doc="Services of master.cf that are not started.")
    max_idle = duration(
        "100s", support=NOTED, doc="How long an idle process waits before it ends. Gatepost's workers stay."
    )
    max_use = integer(
        "100", support=NOTED, doc="Requests that a process answers before it ends. Gatepost's workers stay."
    )
    meta_directory = text("/etc/postfix", support=NOTED, doc="Where Postfix's files about itself are.")
    multi_instance_directories = words("", support=NOTED, doc="Configuration directories of further instances.")
    multi_instance_enable = boolean("no", support=NOTED, doc="Let the multi-instance tool start this instance.")
    multi_instance_group = text("", support=NOTED, doc="The group that this instance belongs to.")
    multi_instance_name = text("", doc="The name of this instance, which its log lines begin with.")
    multi_instance_wrapper = text("", support=NOTED, doc="The command that manages all instances.")
    newaliases_path = text("/usr/bin/newaliases", support=NOTED, doc="Where the newaliases command is.")
    pickup_service_name = text("pickup", support=NOTED, doc="The service that picks up local mail.")
    postmulti_control_commands = words(
        "reload flush", support=NOTED, doc="Commands that the multi-instance tool passes on."
    )
    postmulti_start_commands = words(
        "start", support=NOTED, doc="Commands by which the multi-instance tool starts instances."
    )
    postmulti_stop_commands = words(
        "stop abort drain quick-stop", support=NOTED, doc="Commands by which the multi-instance tool stops instances."
    )
    process_id = text("", support=NOTED, doc="The number of the process. Read only.")
    process_id_directory = text(
        "pid", support=NOTED, doc="Where lock files with process numbers are, below the queue directory."
    )
    process_name = text("", doc="The name of the program. Read only.")
    queue_service_name = text("qmgr", support=NOTED, doc="The service that runs the queue.")
    readme_directory = text("no", support=NOTED, doc="Where Postfix's README files are.")
    rewrite_service_name = text("rewrite", support=NOTED, doc="The service that rewrites and resolves addresses.")
    sample_directory = text("/etc/postfix", support=NOTED, doc="Where sample configurations were kept.")
    sendmail_fix_line_endings = choice(
        "always",
        "always",
        "strict",
        "never",
        support=NOTED,
        doc="Whether the sendmail command turns CRLF into LF: `always`, `strict` (when the first line has it), `never`.",
    )
    sendmail_path = text("/usr/sbin/sendmail", support=NOTED, doc="Where the sendmail command is.")
    service_name = text("amnesiac", doc="The name of the service in master.cf. Read only.")
    service_throttle_time = duration(
        "60s", support=NOTED, doc="How long a service that cannot be started is left alone."
    )
    setgid_group = text("postdrop", support=NOTED, doc="The group of the programs by which users submit mail.")
    shlib_directory = text("/usr/lib/postfix", support=NOTED, doc="Where Postfix's libraries are.")
    showq_service_name = text("showq", support=NOTED, doc="The service that lists the queue.")
    tcp_windowsize = integer("0", support=NOTED, doc="Size of TCP buffers; 0 is the system's own.")
    trigger_timeout = duration("10s", support=NOTED, doc="Time-out of waking up a service.")
