"""Gatepost: a mail server that speaks the configuration language of Postfix, and can say why."""
