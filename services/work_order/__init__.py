"""Dispatches job orders to work centers and follows their execution (ISA-95 part 4, OPC 10031-4)."""
