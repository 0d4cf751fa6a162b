"""The console: where people look at the site and act on it, in a browser.

It reads the projection that ``namespace_state`` keeps, asks ``work_order`` by query and by command, and owns
nothing but its users and their sessions. It decides no business rule: a refusal shown on a page is the
answer of the service that owns the rule.
"""
