"""Thousands of edge nodes from one event loop."""

from services.simulator.adapters.load.generator import LoadGenerator, LoadOptions

__all__ = ["LoadGenerator", "LoadOptions"]
