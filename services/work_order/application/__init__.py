"""The use cases: one function per command, and the counting of what machines make.

Each reads what it needs through the ports, lets the domain decide, and writes order and events together.
Nothing here knows SQL, MQTT or a clock; a command's id, its expiry and its repetition are the runtime's.
"""
