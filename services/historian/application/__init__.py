"""Recording what is heard, and bringing it into the database whatever happens to it."""
