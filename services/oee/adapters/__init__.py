"""The service's way to the namespace and to PostgreSQL."""
