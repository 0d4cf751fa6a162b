"""What can go wrong between a service and its database, and what a handler may answer.

`Reject` and `Retry` are a handler's policy for one event; everything else is a `StoreError` that says what
happened and what to do. No driver type leaves this package, so callers never catch one.
"""


class StoreError(Exception):
    """Something about the database.

    Attributes:
        what: What happened, with place and value.
        remedy: What to do about it.
    """

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}. {remedy}")
        self.what = what
        self.remedy = remedy


class DatabaseUnavailable(StoreError):
    """The database cannot be used now; the same call may succeed later.

    Attributes:
        outcome_unknown: The connection was lost while committing: the transaction may have happened.
    """

    def __init__(self, what: str, remedy: str, *, outcome_unknown: bool = False) -> None:
        super().__init__(what, remedy)
        self.outcome_unknown = outcome_unknown


class TransactionConflict(StoreError):
    """The transaction was undone because of another one; run it again."""


class SchemaMissing(StoreError):
    """The service's schema does not exist or its role may not use it."""


class SchemaTooNew(StoreError):
    """The schema was migrated by a newer version of the software than this one."""


class ChecksumMismatch(StoreError):
    """A migration that was applied differs from the file that has its number."""


class MigrationError(StoreError):
    """A migration file is misnamed or misnumbered, or the database refused it."""


class QueryFileError(StoreError):
    """The .sql files of a package and the names that the code uses do not agree."""


class EventTooLarge(StoreError):
    """An event exceeds what one row of an event log may take."""


class CommandReused(StoreError):
    """A `command_id` came again with another content."""


class HandOverFailed(Exception):
    """Raised by a `publish` callable: the broker did not take the batch; it will be offered again."""


class FetchFailed(Exception):
    """Raised by a `fetch` callable: the page could not be had; it will be asked for again."""


class LogForked(Exception):
    """A producer's log is not the one this consumer has applied: following it stops until someone decides.

    Attributes:
        producer: Whose log.
        seq: The first row known to differ.
        expected: What this consumer's history asks for there.
        found: What the log has there.
        remedy: What to do about it.
    """

    def __init__(self, producer: str, seq: int, *, expected: str, found: str) -> None:
        self.producer = producer
        self.seq = seq
        self.expected = expected
        self.found = found
        self.remedy = (
            "The producer's database was restored from an older copy, or its log was altered. See `uns log status`; "
            "then restore this consumer's database to a time before the fork, or go on from the fork with "
            "`uns log accept-fork`."
        )
        super().__init__(f"event log of {producer} forked at seq {seq}: {found} instead of {expected}. {self.remedy}")


class ForkNotAcceptable(Exception):
    """A fork cannot be accepted as asked: what a person has seen is not what is there, or nobody knows where it is."""


class Reject(Exception):
    """A handler's answer: this event can never be applied as things stand; park it with its subject.

    Attributes:
        reason: Why, for the person who will decide.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Retry(Exception):
    """A handler's answer: not now; offer the same event again, and no later one before it.

    Attributes:
        after_s: Seconds to wait.
        reason: What is being waited for.
    """

    def __init__(self, after_s: float, reason: str = "") -> None:
        super().__init__(reason or f"again in {after_s} s")
        self.after_s = after_s
        self.reason = reason
