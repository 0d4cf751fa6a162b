"""What the service does with its domain: take news in, say what follows, publish what is current."""
