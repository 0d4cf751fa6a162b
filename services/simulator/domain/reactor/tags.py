"""Metric names of the reactor, as its vendor's control system calls them: loop numbers, not places.

The MES knows them only through the mapping rules of its site file.
"""

STATE = "UNIT/STATE"
MODE = "UNIT/MODE"
REASON = "UNIT/REASON"
BATCH_ID = "BATCH/ID"
RECIPE = "BATCH/RECIPE"
PHASE = "BATCH/PHASE"
PHASE_TIME = "BATCH/PHASE_TIME"
DISPOSITION = "BATCH/DISPOSITION"
LOT_A = "BATCH/LOT_A"
LOT_B = "BATCH/LOT_B"
LOT_OUT = "BATCH/LOT_OUT"
INTERVENTION = "OPERATOR/LAST"
TEMPERATURE = "TT401/PV"
SET_POINT = "TIC401/SP"
OUTPUT = "TIC401/OUT"
JACKET = "TT402/PV"
PRESSURE = "PT401/PV"
LEVEL = "LT401/PV"
STIRRER = "SIC401/PV"
FLOW = "FIC402/PV"
TOTAL_A = "FQ401/TOTAL"
TOTAL_B = "FQ402/TOTAL"
TOTAL_OUT = "FQ404/TOTAL"
TOTAL_OFF_SPEC = "FQ405/TOTAL"
TEMPERATURE_HIGH = "ALARM/TAH401"
FLOW_LOW = "ALARM/FAL402"

MEASURED = frozenset(
    {
        TEMPERATURE,
        OUTPUT,
        JACKET,
        PRESSURE,
        LEVEL,
        STIRRER,
        FLOW,
        TOTAL_A,
        TOTAL_B,
        TOTAL_OUT,
        TOTAL_OFF_SPEC,
        PHASE_TIME,
    }
)
"""What moves by itself, and tells no change of state."""
