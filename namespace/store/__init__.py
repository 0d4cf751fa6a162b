"""PostgreSQL: pool, migrations, the outbox and its relay, and the cursors of consumers."""

from namespace.store.catch_up import FollowSettings
from namespace.store.commands import once, store_response
from namespace.store.cursor import Cursor
from namespace.store.database import Database, Session, Transaction
from namespace.store.epochs import Epoch, LogState, LostRow, open_log, open_next_epoch, read_epochs, read_log_state
from namespace.store.errors import (
    ChecksumMismatch,
    CommandReused,
    DatabaseUnavailable,
    EventTooLarge,
    FetchFailed,
    ForkNotAcceptable,
    HandOverFailed,
    LogForked,
    MigrationError,
    QueryFileError,
    Reject,
    Retry,
    SchemaMissing,
    SchemaTooNew,
    StoreError,
    TransactionConflict,
)
from namespace.store.follower import Follower, Following
from namespace.store.forks import AcceptedFork, ForkPoint, TakenRow, accepted_forks, find_fork, taken_beyond
from namespace.store.inbox import Handler, Inbox, InboxCounters, Offered
from namespace.store.log_reader import read_log
from namespace.store.migrate import migrate
from namespace.store.outbox import append
from namespace.store.parking import ParkedEvent
from namespace.store.queries import Queries
from namespace.store.relay import Relay, RelayCounters
from namespace.store.sample_position import SamplePosition, read_sample_position, write_sample_position
from namespace.store.sessions import MachineSessions, next_bd_seq
from namespace.store.witness import Compared, compare_log, leave_uncompared

__all__ = [
    "AcceptedFork",
    "ChecksumMismatch",
    "CommandReused",
    "Compared",
    "Cursor",
    "Database",
    "DatabaseUnavailable",
    "Epoch",
    "EventTooLarge",
    "FetchFailed",
    "FollowSettings",
    "Follower",
    "Following",
    "ForkNotAcceptable",
    "ForkPoint",
    "HandOverFailed",
    "Handler",
    "Inbox",
    "InboxCounters",
    "LogForked",
    "LogState",
    "LostRow",
    "MachineSessions",
    "MigrationError",
    "Offered",
    "ParkedEvent",
    "Queries",
    "QueryFileError",
    "Reject",
    "Relay",
    "RelayCounters",
    "Retry",
    "SamplePosition",
    "SchemaMissing",
    "SchemaTooNew",
    "Session",
    "StoreError",
    "TakenRow",
    "Transaction",
    "TransactionConflict",
    "accepted_forks",
    "append",
    "compare_log",
    "find_fork",
    "leave_uncompared",
    "migrate",
    "next_bd_seq",
    "once",
    "open_log",
    "open_next_epoch",
    "read_epochs",
    "read_log",
    "read_log_state",
    "read_sample_position",
    "store_response",
    "taken_beyond",
    "write_sample_position",
]
