"""The login's code: sent, judged, used up. Bound to account, purpose and attempt; it opens nothing else."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime

from server import policy, throttle
from server.clock import Clock
from server.journal import Journal
from server.keys import Keys
from server.mail.messages import Messages
from server.mail.post import Post
from server.randomness import Randomness
from server.records import accounts, codes
from server.records.accounts import Account
from server.records.codes import CodeRow
from server.records.database import transaction
from server.records.sessions import Attempt
from server.refusals import Refused, Why
from server.request_context import Caller
from server.throttle import Throttle
from server.wording.masking import masked_email

_PURPOSE = "login"
_CODE = re.compile(rf"[0-9]{{{policy.LOGIN_CODE_DIGITS}}}")


@dataclass(frozen=True, slots=True)
class SentCode:
    """A code that is on its way or has arrived. `address` is masked; `reference` stands in the mail too."""

    address: str
    reference: str
    expires_at: datetime
    requests_left: int
    again: bool = False


@dataclass(frozen=True, slots=True)
class LoginCodes:
    """The codes of logins."""

    clock: Clock
    randomness: Randomness
    keys: Keys
    throttle: Throttle
    journal: Journal
    messages: Messages
    post: Post

    async def send(self, caller: Caller, attempt: Attempt, requests_left: int) -> SentCode:
        """Mail a code; within a minute the same again, with no new life (product page, section 1, step 2).

        Raises Refused(STEP_MISSING) where the account's logins have been ended meanwhile.
        """
        async with transaction():
            account = await accounts.hold(attempt.account_id)
            if account is None or not account.outlived(attempt.began_at):
                raise Refused(Why.STEP_MISSING, next="login")
            row, code, again = await self._repeat(attempt) or await self._new(attempt)
            mail = self.messages.login_code(
                to=account.email or "",
                code=code,
                reference=row.reference,
                asked_from=caller.browser,
                asked_at=self.clock.now(),
                expires_at=row.expires_at,
            )
            await self.post.put(mail)
            await self.journal.note(attempt.subject, caller, "code-sent", reference=row.reference)
        return SentCode(masked_email(account.email or ""), row.reference, row.expires_at, requests_left, again)

    async def judge(self, attempt: Attempt, typed: str) -> CodeRow:
        """The code's row, where `typed` is it. Counted before it is looked at.

        Raises Refused: STEP_MISSING (none was sent), CODE_EXPIRED, INVALID_CODE, LOCKED.
        """
        sent = await codes.sent_to(attempt.account_id, _PURPOSE, attempt.binding)
        if not sent:
            raise Refused(Why.STEP_MISSING, next="code")
        if not self._alive(sent[0]):
            raise Refused(Why.CODE_EXPIRED)
        charge = await self.throttle.charge(attempt.subject, throttle.LOGIN_CODE)
        matching = [row for row in sent if self.keys.code_matches(row.code_hash, typed, *_bound_to(attempt))]
        if not matching:
            raise self.throttle.failed(charge, Why.INVALID_CODE)
        if matching[0] is not sent[0]:
            raise self.throttle.failed(charge, Why.CODE_EXPIRED)
        await self.throttle.settle(charge)
        return sent[0]

    async def consume(self, row: CodeRow) -> None:
        """Use it up, inside the transaction that lets in. Raises Refused(CODE_EXPIRED) where another request has."""
        if not await codes.consume(row.id, self.clock.now()):
            raise Refused(Why.CODE_EXPIRED)

    async def last_sent(self, account: Account, attempt: Attempt, requests_left: int) -> SentCode | None:
        """The attempt's newest code; its `expires_at` may be over."""
        sent = await codes.sent_to(attempt.account_id, _PURPOSE, attempt.binding)
        if not sent:
            return None
        row = sent[0]
        expires_at = min(row.expires_at, row.void_at or row.expires_at)
        return SentCode(masked_email(account.email or ""), row.reference, expires_at, requests_left)

    async def _repeat(self, attempt: Attempt) -> tuple[CodeRow, str, bool] | None:
        sent = await codes.sent_to(attempt.account_id, _PURPOSE, attempt.binding)
        if not sent or not self._alive(sent[0]) or not sent[0].sealed:
            return None
        if self.clock.now() - sent[0].created_at >= policy.LOGIN_CODE_REPEAT:
            return None
        return sent[0], self.keys.unseal(sent[0].sealed).decode(), True

    async def _new(self, attempt: Attempt) -> tuple[CodeRow, str, bool]:
        now = self.clock.now()
        code = self.randomness.code(policy.LOGIN_CODE_DIGITS)
        row = CodeRow(
            id=self.randomness.uuid(),
            code_hash=self.keys.code_hash(code, *_bound_to(attempt)),
            sealed=self.keys.seal(code.encode()),
            reference=self.randomness.reference(),
            created_at=now,
            expires_at=now + policy.LOGIN_CODE_LIFE,
            void_at=None,
        )
        await codes.issue(row, attempt.account_id, _PURPOSE, attempt.binding)
        return row, code, False

    def _alive(self, row: CodeRow) -> bool:
        return row.void_at is None and self.clock.now() < row.expires_at


def digits_of(typed: str) -> str:
    """The six digits of a code typed with or without spaces. Raises Refused(INVALID_REQUEST)."""
    text = "".join(unicodedata.normalize("NFKC", typed[:64]).split())
    if not _CODE.fullmatch(text):
        raise Refused(Why.INVALID_REQUEST, errors=(("code", "not-a-code"),))
    return text


def _bound_to(attempt: Attempt) -> tuple[bytes, ...]:
    return attempt.account_id.bytes, _PURPOSE.encode(), attempt.binding
