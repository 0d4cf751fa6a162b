"""Fixtures for every test: real servers, started when the first test asks."""

pytest_plugins = ["namespace.testing.plugin"]
