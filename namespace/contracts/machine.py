"""The canonical metric names of a machine, after the site's mapping rules have been applied.

Foreign edge nodes keep their own names on the wire; services read these. The names follow the PackTags of ISA-TR88.00.02 where one
exists.
"""

STATE_CURRENT = "Status/StateCurrent"
UNIT_MODE_CURRENT = "Status/UnitModeCurrent"
CURRENT_SPEED = "Status/CurMachSpeed"
BLOCKED = "Status/Blocked"
STARVED = "Status/Starved"
STOP_REASON = "Admin/StopReason"
PROCESSED_COUNT = "Admin/ProdProcessedCount"
DEFECTIVE_COUNT = "Admin/ProdDefectiveCount"
