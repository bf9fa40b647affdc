"""What we store. Instants are aware; secrets stand only as hashes or sealed. Only `records` imports this file."""

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigInt,
    BigSerial,
    Boolean,
    Bytea,
    Date,
    ForeignKey,
    Integer,
    SmallInt,
    Timestamptz,
    Varchar,
)
from piccolo.columns.base import OnDelete
from piccolo.columns.indexes import IndexMethod
from piccolo.table import Table


class InsuredPerson(Table, tablename="insured_person"):
    """One person of the insurer's registry. Portillon reads it; the import command loads it."""

    id = BigSerial(primary_key=True)
    nir = Varchar(length=13, unique=True, help_text="canonical, without key")
    last_name = Varchar(length=100)
    first_names = Varchar(length=100)
    birth_date = Date(default=None)
    birth_place = Varchar(length=100)
    sex = Varchar(length=1, help_text="F or M")
    card_serial = Varchar(length=10)
    iban = Varchar(length=34)
    mobile = Varchar(length=20, null=True, default=None)
    fund = Varchar(length=10, null=True, default=None, help_text="code of the fund; none: file-update-needed")
    scheme = Varchar(length=10, null=True, default=None, help_text="none: file-update-needed")
    attachment = Varchar(length=10, default="attached", help_text="attached or pending")
    overlap_since = Date(null=True, default=None, help_text="since when two complementary insurers overlap; none: they do not")
    refreshed_at = Timestamptz(default=None, help_text="the import that last named this person")


class Account(Table, tablename="account"):
    """An insured person's online account."""

    id = UUID(primary_key=True, default=None)
    person = ForeignKey(InsuredPerson, unique=True, null=False, on_delete=OnDelete.restrict, index=False)
    email = Varchar(length=254, null=True, default=None)
    email_confirmed_at = Timestamptz(null=True, default=None, help_text="none: nobody logs in")
    password_hash = Varchar(length=200, help_text="Argon2id of the peppered password")
    pepper_id = Varchar(length=32)
    created_at = Timestamptz(default=None)
    closed_on = Date(null=True, default=None)
    last_login_at = Timestamptz(null=True, default=None)
    logins = Integer(default=0)
    terms_accepted = Date(null=True, default=None, help_text="the terms of use accepted last, by their date")
    overlap_acknowledged = Date(null=True, default=None, help_text="the overlap acknowledged last, by its first day")
    user_handle = Bytea(null=True, default=None, unique=True, help_text="64 random bytes that authenticators know the account by")
    ended_at = Timestamptz(null=True, default=None, help_text="sessions, attempts and devices begun by then are over")


class Counter(Table, tablename="counter"):
    """Failures, requests and locks of one number, for one purpose, on one channel. Unknown numbers have theirs too."""

    key = Varchar(length=120, primary_key=True, help_text="subject/purpose/channel")
    tries = SmallInt(default=0, help_text="charged since the last success or lock")
    in_a_row = Integer(default=0, help_text="charged since the last success, locks or not")
    granted_at = Array(Timestamptz(), default=list, help_text="requests granted inside the quota's window")
    locked_at = Timestamptz(null=True, default=None, help_text="login attempts begun by then are dead")
    locked_until = Timestamptz(null=True, default=None)
    changed_at = Timestamptz(default=None)


class Code(Table, tablename="code"):
    """A mailed code. At most one of an account and purpose is neither consumed nor void."""

    id = UUID(primary_key=True, default=None)
    account = ForeignKey(Account, null=False, on_delete=OnDelete.cascade, index=True)
    purpose = Varchar(length=20)
    attempt = Bytea(default=b"", help_text="what the code is bound to")
    code_hash = Bytea(default=b"")
    sealed = Bytea(null=True, default=None, help_text="for sending it again; dropped when it is used or replaced")
    reference = Varchar(length=8)
    created_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)
    void_at = Timestamptz(null=True, default=None)
    consumed_at = Timestamptz(null=True, default=None)


class TrustedDevice(Table, tablename="trusted_device"):
    """A browser that one account trusts. A household's browser has one row an account."""

    id = UUID(primary_key=True, default=None)
    account = ForeignKey(Account, null=False, on_delete=OnDelete.cascade, index=True)
    token_hash = Bytea(default=b"", help_text="of the secret that its cookie holds")
    previous_hash = Bytea(null=True, default=None, help_text="of the secret before: a click beside the one that rotated has it")
    rotated_at = Timestamptz(null=True, default=None)
    label = Varchar(length=80)
    created_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)
    last_used_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    clock = Varchar(length=64, default="", help_text="the clock that this row's instants were read from")
    reminders = SmallInt(default=0, help_text="mails that have told of its coming end")


class BiometricCredential(Table, tablename="biometric_credential"):
    """A WebAuthn credential: what a device's fingerprint or face reader signs for."""

    id = UUID(primary_key=True, default=None)
    account = ForeignKey(Account, null=False, on_delete=OnDelete.cascade, index=True)
    credential_id = Bytea(default=b"", unique=True, help_text="the authenticator's name for it, 1 to 1,023 bytes")
    public_key = Bytea(default=b"", help_text="COSE")
    sign_count = BigInt(default=0)
    backup_eligible = Boolean(default=False)
    backed_up = Boolean(default=False)
    label = Varchar(length=80)
    created_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None)
    last_used_at = Timestamptz(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
    clock = Varchar(length=64, default="", help_text="the clock that this row's instants were read from")
    reminders = SmallInt(default=0, help_text="mails that have told of its coming end")
    copy_told_at = Timestamptz(null=True, default=None, help_text="when its owner was last told that it may have been copied")


class KnownBrowser(Table, tablename="known_browser"):
    """What one account's owner has told us of one browser. A household's browser has one row an account."""

    id = BigSerial(primary_key=True)
    account = ForeignKey(Account, null=False, on_delete=OnDelete.cascade, index=True)
    token_hash = Bytea(default=b"", help_text="of the token in its cookie")
    remembered_at = Timestamptz(null=True, default=None, help_text="since when its first page greets them")
    credential = ForeignKey(BiometricCredential, null=True, default=None, on_delete=OnDelete.set_null, index=True)
    biometrics_declined_at = Timestamptz(null=True, default=None, help_text="since when it offers no biometrics")
    changed_at = Timestamptz(default=None)


class OutboxMessage(Table, tablename="outbox_message"):
    """A mail on its way. Its body is sealed, and dropped once it is sent or given up."""

    id = UUID(primary_key=True, default=None)
    kind = Varchar(length=40)
    recipient = Varchar(length=254)
    body = Bytea(null=True, default=None, help_text="the whole message as sent, sealed")
    clock = Varchar(length=64, default="", help_text="the clock that this row's instants were read from")
    created_at = Timestamptz(default=None)
    expires_at = Timestamptz(default=None, help_text="not sent any more after this")
    next_try_at = Timestamptz(default=None)
    tries = SmallInt(default=0)
    sent_at = Timestamptz(null=True, default=None)
    dropped_at = Timestamptz(null=True, default=None)
    last_error = Varchar(length=200, null=True, default=None)


class Activity(Table, tablename="activity"):
    """What happened to a number, known or not: its owner reads it in the account's security activity."""

    id = BigSerial(primary_key=True)
    subject = Bytea(default=b"", index=True, index_method=IndexMethod.btree, help_text="keyed hash of the number")
    at = Timestamptz(default=None)
    kind = Varchar(length=40)
    outcome = Varchar(length=40)
    device = Varchar(length=80)
    details = JSONB(default="{}")


ALL = (InsuredPerson, Account, Counter, Code, TrustedDevice, BiometricCredential, KnownBrowser, OutboxMessage, Activity)
