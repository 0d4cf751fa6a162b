"""The service's way to the database, to the broker and to what was retained before it started."""
