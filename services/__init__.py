"""The MES services: independent of each other, each one the same small hexagon."""
