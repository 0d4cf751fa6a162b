"""The HTTP side: JSON for the page, server-sent events, the bundled page itself."""
