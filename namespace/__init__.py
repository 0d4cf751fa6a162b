"""The unified namespace: the one language, transport and event log that every service shares.

This is a regular package (not a PEP 420 namespace package). It knows no service; services know it and themselves.
"""
