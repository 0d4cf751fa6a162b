"""Lines and replays at work: when things are done, on ports."""
