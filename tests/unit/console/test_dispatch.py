"""Commands: by role, once per intent."""

import asyncio
from dataclasses import replace
from uuid import uuid4

import pytest

from services.console.application.dispatch import CommandConflict, CommandForbidden, CommandUnknown, Dispatch
from services.console.domain.accounts import User
from services.console.domain.roles import Role
from services.console.ports import CommandAnswer, CommandRequest, NotAnswered

OPERATOR = User("olga", "Olga", Role.OPERATOR, "")


class SlowService:
    """Answers when the test says so."""

    def __init__(self) -> None:
        self.sent: list[CommandRequest] = []
        self.answer: asyncio.Future[CommandAnswer] = asyncio.get_running_loop().create_future()

    async def send(self, request: CommandRequest) -> CommandAnswer:
        self.sent.append(request)
        return await asyncio.shield(self.answer)


def begin(**changes: object) -> CommandRequest:
    request = CommandRequest(
        command_id=uuid4(),
        service="work_order",
        name="Begin",
        subject="JO-1",
        args={},
        expected_version=3,
        actor="olga",
        reason=None,
    )
    return replace(request, **changes)  # type: ignore[arg-type]


async def test_a_double_tap_is_sent_once_and_both_get_the_answer() -> None:
    service = SlowService()
    dispatch = Dispatch(service)
    request = begin()
    taps = [asyncio.create_task(dispatch.send(OPERATOR, request)) for _ in range(2)]
    await asyncio.sleep(0)
    service.answer.set_result(CommandAnswer(command_id=request.command_id, status="DONE"))
    assert [answer.status for answer in await asyncio.gather(*taps)] == ["DONE", "DONE"]
    assert service.sent == [request]


async def test_a_browser_that_goes_away_does_not_take_the_command_with_it() -> None:
    service = SlowService()
    dispatch = Dispatch(service)
    request = begin()
    tap = asyncio.create_task(dispatch.send(OPERATOR, request))
    await asyncio.sleep(0)
    tap.cancel()
    await asyncio.gather(tap, return_exceptions=True)
    again = asyncio.create_task(dispatch.send(OPERATOR, request))
    await asyncio.sleep(0)
    service.answer.set_result(CommandAnswer(command_id=request.command_id, status="DONE"))
    assert (await again).status == "DONE"
    assert len(service.sent) == 1


async def test_an_id_under_way_with_another_content_is_refused() -> None:
    dispatch = Dispatch(SlowService())
    request = begin()
    first = asyncio.create_task(dispatch.send(OPERATOR, request))
    await asyncio.sleep(0)
    with pytest.raises(CommandConflict):
        await dispatch.send(OPERATOR, replace(request, subject="JO-2"))
    await dispatch.close()
    assert isinstance((await asyncio.gather(first, return_exceptions=True))[0], asyncio.CancelledError)


async def test_a_role_without_the_permission_sends_nothing() -> None:
    service = SlowService()
    with pytest.raises(CommandForbidden) as refused:
        await Dispatch(service).send(OPERATOR, begin(name="Abort"))
    assert refused.value.needs == "dispatch"
    assert service.sent == []


async def test_an_unknown_command_is_not_passed_on() -> None:
    with pytest.raises(CommandUnknown):
        await Dispatch(SlowService()).send(OPERATOR, begin(name="Explode"))


async def test_silence_is_told_and_the_same_command_may_be_sent_again() -> None:
    class Silent:
        tries = 0

        async def send(self, request: CommandRequest) -> CommandAnswer:
            self.tries += 1
            raise NotAnswered(request.service, "no answer")

    service = Silent()
    dispatch = Dispatch(service)
    request = begin()
    for _ in range(2):
        with pytest.raises(NotAnswered):
            await dispatch.send(OPERATOR, request)
    assert service.tries == 2
