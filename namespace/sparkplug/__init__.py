"""Sparkplug B 3.0: codec, topics, edge-node and host-application sessions; pure, no I/O, no clock."""
