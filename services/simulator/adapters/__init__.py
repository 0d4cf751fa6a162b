"""The simulator's machines on Sparkplug, and the replay's way to `work_order`."""
