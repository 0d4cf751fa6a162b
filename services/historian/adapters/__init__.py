"""The service's way to PostgreSQL, to the disk and to the edge nodes."""
