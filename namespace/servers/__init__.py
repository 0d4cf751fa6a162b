"""The servers a site needs on a machine with nothing installed: database, broker, accounts, processes."""
