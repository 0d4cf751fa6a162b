"""The rules of job orders: pure functions over frozen dataclasses, without I/O, clock or randomness."""
