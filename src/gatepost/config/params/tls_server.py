"""TLS of the SMTP server, and what both sides share."""

from __future__ import annotations

from gatepost.config.param import NOTED, boolean, choice, duration, integer, tables, text, words


class TlsServerParameters:
    """TLS of the SMTP server, and what both sides share."""

    openssl_path = text("openssl", support=NOTED, doc="Where the openssl command is.")
    smtpd_enforce_tls = boolean("no", doc="Demand TLS of every client (now `smtpd_tls_security_level = encrypt`).")
    smtpd_starttls_timeout = duration("${stress?{10}:{300}}s", doc="Time-out of each step of the TLS handshake.")
    smtpd_tls_CAfile = text("", doc="File of certificate authorities that vouch for clients.")
    smtpd_tls_CApath = text("", doc="Directory of such authorities.")
    smtpd_tls_always_issue_session_ids = boolean(
        "yes", support=NOTED, doc="Give clients TLS session ids whether or not sessions are cached."
    )
    smtpd_tls_ask_ccert = boolean("no", doc="Ask clients for a certificate.")
    smtpd_tls_auth_only = boolean("no", doc="Offer login only over TLS.")
    smtpd_tls_ccert_verifydepth = integer("9", doc="The longest chain of a client's certificate.")
    smtpd_tls_cert_file = text("", doc="The server's RSA certificate with its chain; `none` is no certificate.")
    smtpd_tls_chain_files = words(
        "",
        doc="Files with keys and certificate chains of the server, for any kind of key; they replace the `cert_file` and `key_file` settings.",
    )
    smtpd_tls_ciphers = choice(
        "medium", "export", "low", "medium", "high", "null", doc="The weakest cipher grade of optional TLS."
    )
    smtpd_tls_dcert_file = text("", doc="The server's DSA certificate.")
    smtpd_tls_dh1024_param_file = text(
        "", support=NOTED, doc="Diffie-Hellman parameters in place of the built-in ones."
    )
    smtpd_tls_dh512_param_file = text(
        "", support=NOTED, doc="Diffie-Hellman parameters of export ciphers, which no longer exist."
    )
    smtpd_tls_dkey_file = text("$smtpd_tls_dcert_file", doc="The key of `smtpd_tls_dcert_file`.")
    smtpd_tls_eccert_file = text("", doc="The server's ECDSA certificate.")
    smtpd_tls_eckey_file = text("$smtpd_tls_eccert_file", doc="The key of `smtpd_tls_eccert_file`.")
    smtpd_tls_eecdh_grade = choice(
        "auto",
        "none",
        "strong",
        "ultra",
        "auto",
        support=NOTED,
        doc="Elliptic curves of the key exchange: `auto`, `strong`, `ultra`, `none`.",
    )
    smtpd_tls_exclude_ciphers = words("", doc="Ciphers that are never used.")
    smtpd_tls_fingerprint_digest = text(
        "${{$compatibility_level} <level {3.6} ? {md5} : {sha256}}", doc="The digest of fingerprints."
    )
    smtpd_tls_key_file = text("$smtpd_tls_cert_file", doc="The key of `smtpd_tls_cert_file`.")
    smtpd_tls_loglevel = integer(
        "0", maximum=4, doc="What is logged of TLS: 0 nothing, 1 a summary, 2 and 3 the handshake."
    )
    smtpd_tls_mandatory_ciphers = choice(
        "medium", "export", "low", "medium", "high", "null", doc="The weakest cipher grade of mandatory TLS."
    )
    smtpd_tls_mandatory_exclude_ciphers = words("", doc="Ciphers that are never used with mandatory TLS.")
    smtpd_tls_mandatory_protocols = words(">=TLSv1", doc="TLS versions of mandatory TLS: `>=TLSv1.2`, `!SSLv3`.")
    smtpd_tls_protocols = words(">=TLSv1", doc="TLS versions of optional TLS.")
    smtpd_tls_received_header = boolean("no", doc="Write the TLS version and cipher into the Received header.")
    smtpd_tls_req_ccert = boolean("no", doc="Demand a verified certificate of clients, where TLS is mandatory.")
    smtpd_tls_security_level = choice(
        "",
        "",
        "none",
        "may",
        "encrypt",
        doc="Use of TLS: none, may, encrypt. Empty leaves it to `smtpd_use_tls` and `smtpd_enforce_tls`.",
    )
    smtpd_tls_session_cache_database = tables("", support=NOTED, doc="Where TLS sessions are kept for reuse.")
    smtpd_tls_session_cache_timeout = duration("3600s", doc="How long they are kept.")
    smtpd_tls_wrappermode = boolean("no", doc="Begin connections with TLS, as on port 465.")
    smtpd_use_tls = boolean("no", doc="Offer TLS to clients (now `smtpd_tls_security_level = may`).")
    tls_append_default_CA = boolean("no", doc="Trust the system's certificate authorities beside those that are set.")
    tls_config_file = text("default", support=NOTED, doc="The configuration file of OpenSSL.")
    tls_config_name = text("", support=NOTED, doc="The section of that file.")
    tls_daemon_random_bytes = integer("32", support=NOTED, doc="Random bytes that a process asks for at its start.")
    tls_dane_digests = words("sha512 sha256", doc="Digests of TLSA records, the strongest first.")
    tls_disable_workarounds = words("", doc="Workarounds of OpenSSL to leave out.")
    tls_eecdh_auto_curves = words(
        "X25519 X448 prime256v1 secp521r1 secp384r1",
        support=NOTED,
        doc="Curves of the key exchange at grade `auto`, the preferred first.",
    )
    tls_eecdh_strong_curve = text("prime256v1", support=NOTED, doc="The curve of grade `strong`.")
    tls_eecdh_ultra_curve = text("secp384r1", support=NOTED, doc="The curve of grade `ultra`.")
    tls_export_cipherlist = text(
        "aNULL:-aNULL:HIGH:MEDIUM:LOW:EXPORT:+RC4:@STRENGTH", support=NOTED, doc="The ciphers of grade `export`."
    )
    tls_fast_shutdown_enable = boolean("yes", support=NOTED, doc="Close TLS without waiting for the peer.")
    tls_high_cipherlist = text("aNULL:-aNULL:HIGH:@STRENGTH", doc="The ciphers of grade `high`.")
    tls_legacy_public_key_fingerprints = boolean(
        "no", support=NOTED, doc="Compute public key fingerprints the old way too."
    )
    tls_low_cipherlist = text(
        "aNULL:-aNULL:HIGH:MEDIUM:LOW:+RC4:@STRENGTH", support=NOTED, doc="The ciphers of grade `low`."
    )
    tls_medium_cipherlist = text("aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH", doc="The ciphers of grade `medium`.")
    tls_null_cipherlist = text("eNULL:!aNULL", doc="The ciphers of grade `null`, which do not encrypt.")
    tls_preempt_cipherlist = boolean("no", doc="Let the server's order of ciphers decide, not the client's.")
    tls_random_bytes = integer("32", support=NOTED, doc="Random bytes that are taken from the source at a time.")
    tls_random_exchange_name = text("${data_directory}/prng_exch", support=NOTED, doc="Where randomness is handed on.")
    tls_random_prng_update_period = duration("3600s", support=NOTED, doc="How often that is renewed.")
    tls_random_reseed_period = duration(
        "3600s", support=NOTED, doc="The longest time between two readings of the source."
    )
    tls_random_source = text("dev:/dev/urandom", support=NOTED, doc="The source of randomness.")
    tls_server_sni_maps = tables("", doc="Tables of key and chain files by the name that the client asks for (SNI).")
    tls_session_ticket_cipher = text(
        "aes-256-cbc", support=NOTED, doc="The cipher of session tickets; empty issues none."
    )
    tls_ssl_options = words("", doc="Options of OpenSSL to turn on.")
    tls_wildcard_matches_multiple_labels = boolean(
        "yes", support=NOTED, doc="Let `*.example` in a certificate match `a.b.example`."
    )
    tlsmgr_service_name = text("tlsmgr", support=NOTED, doc="The service that keeps TLS sessions and randomness.")
