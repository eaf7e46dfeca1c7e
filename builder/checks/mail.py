"""The mail of the spawn checks: as many as are wanted, each for a domain of its own."""

from __future__ import annotations

from dataclasses import dataclass

from builder.checks.sink import Receipt

DOMAIN = "spawn-check.invalid"
"""The name of the checked machine; `invalid` is no domain of anybody (RFC 2606)."""
SENDER = f"sender@{DOMAIN}"


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail for one recipient."""

    recipient: str
    message_id: str

    @property
    def receipt(self) -> Receipt:
        """What the sink counts when it takes this mail."""
        return self.recipient, self.message_id

    @property
    def data(self) -> bytes:
        """The message as it lies in the queue."""
        return f"From: <{SENDER}>\nMessage-ID: <{self.message_id}>\n\nA mail of the spawn check.\n".encode()


def mails(number: int, *, messages: int | None = None) -> tuple[Mail, ...]:
    """`number` mails to as many domains; `messages` is how many different messages they are, all if None."""
    different = messages or number
    return tuple(
        Mail(f"recipient@{i}.{DOMAIN}", f"message.{i % different}@{DOMAIN}") for i in range(1, number + 1)
    )
