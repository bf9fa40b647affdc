"""Mails: their words, and their way to the SMTP server."""
