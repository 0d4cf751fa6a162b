"""Fakes, real servers and a pytest plugin for people who test services."""
