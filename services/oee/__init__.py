"""Keeps the state log of every work unit and computes the indices of ISO 22400-2 from it.

Owns: state logs, counts and key figures per work unit, and the sums of the work centers above them.
Consumes: the states and counters of machines, and the event log of `work_order` (which job order runs where).
Publishes: `OEE/*` at work units and work centers, the events `StateIntervalClosed` and `KpiWindowClosed`.
Answers: `state_log`, `kpi_windows`.
"""
