"""Generated from `proto/sparkplug_b.proto`; not edited by hand, and imported by the codec alone."""
