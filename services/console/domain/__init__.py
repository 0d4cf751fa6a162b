"""Rules of the console itself: roles, passwords, sessions, throttling, and how a place's state is shown."""
