"""Metric names of the machines, as a controller with PackTags publishes them.

They are third-party names on purpose: the MES knows them only through the mapping rules of its site file.
"""

STATE = "Status/StateCurrent"
MODE = "Status/UnitModeCurrent"
SPEED = "Status/CurMachSpeed"
BLOCKED = "Status/EquipmentInterlock/Blocked"
STARVED = "Status/EquipmentInterlock/Starved"
PROCESSED = "Admin/ProdProcessedCount/0/AccCount"
DEFECTIVE = "Admin/ProdDefectiveCount/0/AccCount"
STOP_REASON = "Admin/StopReason"
PROCESS_FOLDER = "Process/"

TagValue = int | float | bool | str
"""What a tag can hold; integers, measurements, flags, ids."""
