"""What is journaled, as columns, and its form on disk."""
