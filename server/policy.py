"""What we promise: every duration, length and quota, each with its reason.

A number of the policy stands here and nowhere else: pages, mails, docs and tests take it from here.
Source, unless a line says otherwise: the product page, table *Figures*.
"""

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Lock:
    """So many failures, then nothing is judged for so long."""

    tries: int
    length: timedelta


@dataclass(frozen=True, slots=True)
class Quota:
    """At most so many in any window of this length; past it, refused for `lock`."""

    count: int
    window: timedelta
    lock: timedelta = timedelta(0)


# --- Login code: short enough to type, and three tries of a million in 15 minutes is no way in.
LOGIN_CODE_DIGITS = 6
LOGIN_CODE_LIFE = timedelta(minutes=15)
# Somebody who clicks twice, or whose mail is slow, gets the same code again: the first mail to arrive is right.
LOGIN_CODE_REPEAT = timedelta(minutes=1)
# A mailbox must not be flooded by whoever knows the password.
LOGIN_CODES_PER_HOUR = Quota(5, timedelta(hours=1), lock=timedelta(hours=1))

# --- Tries
PASSWORD_TRIES = Lock(tries=3, length=timedelta(minutes=15))
CODE_TRIES = Lock(tries=3, length=timedelta(minutes=15))
# Whoever types codes knows the password: after five locks the password is taken to be known to a stranger.
WRONG_CODES_IN_A_ROW = 15
# A slow guesser is stopped for good; the owner's own devices go on.
WRONG_PASSWORDS_IN_A_ROW = 100

# --- Ways in that last. Calendar months; not extended by use.
TRUSTED_DEVICE_MONTHS = 6
BIOMETRIC_MONTHS = 6
# A household shares a browser: this many accounts may trust it. Ours: it bounds the cookie's size.
TRUSTED_ACCOUNTS_PER_BROWSER = 8

# --- Biometrics
# The challenge's life and the browser's time-out (security page, *WebAuthn*; WebAuthn Level 3, section 15.1, recommends as much).
CEREMONY_LIFE = timedelta(minutes=5)
# Sensitive acts ask for a full login that is no older (contract, *Biometrics*).
RECENT_LOGIN = timedelta(minutes=15)
# From the second login on: who comes once is not asked for more.
LOGINS_BEFORE_OFFER = 2
# A reader whose counter is stuck, or a copy in use, writes to its owner once in so long (ours).
COPY_TOLD_EVERY = timedelta(days=1)
# Ours: more devices than one person has; past it the oldest ends.
BIOMETRICS_PER_ACCOUNT = 20
# Mails before a credential or a trusted device expires; from the first on, a credential may be renewed.
REMINDERS_BEFORE_EXPIRY = (timedelta(days=30), timedelta(days=7))

# --- A browser that was told something (never offer biometrics, remember my number) knows it for as long as browsers let a cookie
# live (RFC 6265bis, section 5.5: 400 days).
BROWSER_KNOWN = timedelta(days=400)

# --- The terms of use in force, by their date; who accepted older ones is asked again (ours).
TERMS_OF_USE = date(2026, 11, 1)

# --- Login under way (ours): the password is not asked again while it lives. It outlasts four codes in a row.
LOGIN_ATTEMPT_LIFE = timedelta(hours=1)

# --- What is typed into any field of the JSON door (ours): more than anybody types, and no work for the parser.
TYPED_AT_MOST = 1000

# --- Wider limits (security page, *Guessing*): they slow, they never lock an account. Ours: a clinic or a fund's hall shares one
# address, and its people mistype far less than this; a guesser is held to it.
WRONG_PASSWORDS_PER_ADDRESS = Quota(600, timedelta(minutes=10))

# Each page that can suggest biometrics asks for a challenge, and keeps it fresh: a hall full of phones stays below this (ours).
CEREMONIES_PER_ADDRESS = Quota(6000, timedelta(minutes=10))

# --- How we say no when we are full: the client is asked to come back after this.
RETRY_WHEN_BUSY = timedelta(seconds=2)
# Passwords waiting for a core, beyond those being hashed: about two seconds of work for each core.
HASH_QUEUE_PER_CORE = 48

# --- Mail
MAIL_RETRY_FIRST = timedelta(seconds=2)
MAIL_RETRY_MOST = timedelta(minutes=5)
# A mail that holds no code is given up after this (RFC 5321, section 4.5.4.1 asks for 4 to 5 days at least).
MAIL_GIVEN_UP_AFTER = timedelta(days=5)

# --- Housekeeping: what is of no more use is deleted.
COUNTERS_KEPT = timedelta(days=400)
CODES_KEPT = timedelta(days=2)
OUTBOX_KEPT = timedelta(days=30)
DEVICES_KEPT_AFTER_END = timedelta(days=90)
# An expired credential is known for so long, so that its owner is told what became of it.
CREDENTIALS_KEPT_AFTER_END = timedelta(days=400)
ACTIVITY_KEPT = timedelta(days=400)

# --- Readiness: a clock that differs from the database's by more makes locks wrong (security page, *Faults*).
CLOCK_DIFFERENCE_MOST = timedelta(seconds=2)
# --- How long what /.well-known/security.txt says holds (RFC 9116, section 2.5.5, asks for less than a year).
SECURITY_CONTACT_GOOD_FOR = timedelta(days=364)

# --- A body larger than this is refused (contract, *Conventions*).
BODY_MOST_BYTES = 64 * 1024

# --- Session: what is in force unless a setting says otherwise (the product page calls these two settings).
SESSION_IDLE = timedelta(minutes=15)
SESSION_LIFE = timedelta(hours=8)
