"""Errors a customer may read, sorted by who has to act.

    PublicError          a sentence for the customer
    ├── ConfigError      the customer must change something; trying again will not help
    └── TransientError   we try again by ourselves

They are raised where an outside system is touched (a vendor's API, a warehouse, a form) and nowhere else.
Any other exception is a bug: its traceback goes to the log and the customer sees "Unexpected failure".
"""


class PublicError(Exception):
    """A failure in words for the customer.

    `message` is one sentence, `code` is stable and machine-readable (`credentials_rejected`), `action` says what to
    do about it or holds a statement to paste; it is empty when there is nothing the customer can do.
    """

    def __init__(self, message: str, *, code: str, action: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.action = action


class ConfigError(PublicError):
    """The customer must act: wrong credentials, missing rights, a name that is taken."""


class TransientError(PublicError):
    """Expected to pass: a time-out, an overloaded server, a lost connection."""
