"""The servers a site needs on a machine with nothing installed: PostgreSQL, Mosquitto, accounts, processes."""
