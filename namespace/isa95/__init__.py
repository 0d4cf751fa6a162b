"""ISA-95 (IEC 62264) equipment hierarchy, calendars and quantities: pure values, no I/O, no clock."""
