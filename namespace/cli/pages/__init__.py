"""The pages of the reference that are read off the code: settings, metrics, the command line, dependencies."""
