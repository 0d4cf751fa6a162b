"""The MQTT port and its adapters."""
