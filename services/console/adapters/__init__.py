"""The console's outside: HTTP for browsers, PostgreSQL for users, MQTT for the namespace."""
