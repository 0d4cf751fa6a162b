"""Overall equipment effectiveness (ISO 22400-2) of every work unit.

Owns the state log of each work unit, the counts taken from its counters and the key figures of each shift,
with their revisions. Consumes the births, data and deaths of machine nodes by the site's mapping rules, and
the event log of the work order service (which job order runs where). Publishes `OEE/...` metrics at work
units and work centers and the events `KpiWindowClosed`, `KpiRevised` and `StateIntervalClosed` in its own
event log. It changes nothing on a machine.
"""
