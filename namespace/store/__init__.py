"""PostgreSQL: pool, migrations, the outbox and its relay, and the cursors of consumers."""
