"""The uns command."""
