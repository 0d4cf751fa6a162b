"""Pass a person's command on: check the role, send it once per intent, hand back the answer.

The browser makes the ``command_id`` when the person decides, so a double tap, a retry after a lost
connection and a reload all carry the same id. Here they meet in one sending; beyond, the executing service
answers a known id with its stored answer.
"""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from services.console.domain.accounts import User
from services.console.domain.roles import COMMAND_PERMISSIONS, may_command
from services.console.ports import CommandAnswer, CommandRequest, Commands


class CommandForbidden(Exception):
    """The person's role does not hold the permission for this command."""

    def __init__(self, name: str, needs: str) -> None:
        super().__init__(f"{name} needs the permission to {needs}.")
        self.name = name
        self.needs = needs


class CommandUnknown(Exception):
    """The console knows no such command."""

    def __init__(self, service: str, name: str) -> None:
        super().__init__(f"The console sends no command {name!r} to {service!r}.")


class CommandConflict(Exception):
    """A command id came back with another content, or from another person."""


@dataclass(slots=True)
class _Sending:
    request: CommandRequest
    task: "asyncio.Task[CommandAnswer]"


class Dispatch:
    """Commands on their way, by id."""

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._sending: dict[UUID, _Sending] = {}

    async def send(self, user: User, request: CommandRequest) -> CommandAnswer:
        """Send the command, or join the sending of the same command that is under way.

        Args:
            user: Who asks; the request's ``actor`` must be this user.
            request: The intent.

        Returns:
            The executing service's answer, a refusal included.

        Raises:
            CommandUnknown: No such command.
            CommandForbidden: The role may not send it.
            CommandConflict: The id is under way with another content.
            NotAnswered: No answer within the time limit; the same request may be sent again.
        """
        needed = COMMAND_PERMISSIONS.get((request.service, request.name))
        if needed is None:
            raise CommandUnknown(request.service, request.name)
        if not may_command(user.role, request.service, request.name):
            raise CommandForbidden(request.name, needed)
        sending = self._sending.get(request.command_id)
        if sending is None:
            task = asyncio.create_task(self._commands.send(request), name=f"command {request.command_id}")
            sending = _Sending(request, task)
            self._sending[request.command_id] = sending
            task.add_done_callback(lambda _: self._sending.pop(request.command_id, None))
        elif sending.request != request:
            raise CommandConflict("This command id is under way with another content; decide anew.")
        return await asyncio.shield(sending.task)

    async def close(self) -> None:
        """Give up what is under way, at shutdown."""
        tasks = [sending.task for sending in self._sending.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
