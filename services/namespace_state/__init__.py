"""Knows the current state of everything in the namespace.

Owns: the picture of every edge node, device and metric, with staleness; the JSON projection; the right to ask machines for a rebirth.
The site's primary host application it is not: that is `historian`, and edge nodes are never held back on its account.
Consumes: all Sparkplug traffic. Publishes: the projection, counts at `_Site`. Answers: `snapshot`, `nodes`, `rebirth`.
"""
