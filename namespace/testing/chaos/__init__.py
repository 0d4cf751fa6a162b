"""Faults for a site that runs: what is killed, paused, cut, delayed, duplicated and dropped, drawn from a seed."""
