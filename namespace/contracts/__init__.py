"""The published language of the namespace: every event, command, query and metric, with its owner."""
