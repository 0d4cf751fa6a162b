"""How the use cases reach the world: PostgreSQL, the event contracts, the published state of places, the site file."""
