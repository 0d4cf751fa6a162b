"""The service skeleton: lifecycle, sessions, handlers, health, metrics, logging and settings."""
