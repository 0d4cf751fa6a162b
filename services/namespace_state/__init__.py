"""Knows the current state of everything in the namespace.

Owns: the picture of every edge node, device and metric, with staleness; the JSON projection; the right to ask machines for a rebirth; and,
until there is a historian, the site's primary host application.
Consumes: all Sparkplug traffic. Publishes: STATE, the projection, counts at `_Site`. Answers: `snapshot`, `nodes`, `rebirth`.
"""
