"""A load of many edge nodes: what it consists of, and what was really said."""

from services.simulator.domain.load.plan import LoadPlan, Place, Reading
from services.simulator.domain.load.truth import LoadTruth

__all__ = ["LoadPlan", "LoadTruth", "Place", "Reading"]
