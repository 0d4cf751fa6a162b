"""The service skeleton: lifecycle, sessions, handlers, health, metrics, logging and settings."""

from namespace.runtime.backoff import Backoff
from namespace.runtime.business_time import BusinessTime
from namespace.runtime.client import SiteClient
from namespace.runtime.clock import Clock, SystemClock, from_ms, to_ms
from namespace.runtime.commands import CommandClient, CommandHandler, Done
from namespace.runtime.edge_buffer import BufferSettings, EdgeBuffer, buffer_path
from namespace.runtime.edge_buffer_file import BufferInUse
from namespace.runtime.edge_node import EdgeNode
from namespace.runtime.edge_node_listener import EdgeNodeListener
from namespace.runtime.entry import main
from namespace.runtime.errors import NoAnswer, NotConnected, NotKept, QueryFailed
from namespace.runtime.health import Health
from namespace.runtime.host_application import HostApplication, request_rebirth
from namespace.runtime.host_server import HostServer
from namespace.runtime.logging import Logger, configure_logging, get_logger
from namespace.runtime.machine_feed import MachineHandler
from namespace.runtime.machine_news import MachineBacklog, MachineNews, MachineOnline, MachineSample, MachineSilent
from namespace.runtime.metrics import ServiceMetrics
from namespace.runtime.primary_host import PrimaryHost
from namespace.runtime.process import run
from namespace.runtime.queries import Page, QueryClient, QueryHandler, fit_page
from namespace.runtime.service import Context, Parts, Service
from namespace.runtime.session import Session
from namespace.runtime.settings import ServiceSettings, SettingsError, read_settings
from namespace.runtime.snapshot_desk import SnapshotDesk
from namespace.runtime.store_and_forward import StoreAndForwardNode

__all__ = [
    "Backoff",
    "BufferInUse",
    "BufferSettings",
    "BusinessTime",
    "Clock",
    "CommandClient",
    "CommandHandler",
    "Context",
    "Done",
    "EdgeBuffer",
    "EdgeNode",
    "EdgeNodeListener",
    "Health",
    "HostApplication",
    "HostServer",
    "Logger",
    "MachineBacklog",
    "MachineHandler",
    "MachineNews",
    "MachineOnline",
    "MachineSample",
    "MachineSilent",
    "NoAnswer",
    "NotConnected",
    "NotKept",
    "Page",
    "Parts",
    "PrimaryHost",
    "QueryClient",
    "QueryFailed",
    "QueryHandler",
    "Service",
    "ServiceMetrics",
    "ServiceSettings",
    "Session",
    "SettingsError",
    "SiteClient",
    "SnapshotDesk",
    "StoreAndForwardNode",
    "SystemClock",
    "buffer_path",
    "configure_logging",
    "fit_page",
    "from_ms",
    "get_logger",
    "main",
    "read_settings",
    "request_rebirth",
    "run",
    "to_ms",
]
