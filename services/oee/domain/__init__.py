"""The rules of OEE: samples in, state log, counts and key figures out; no I/O, no clock."""
