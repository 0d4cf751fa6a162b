"""What goes wrong with a machine, drawn cycle by cycle.

Faults and spells of reduced speed come with the cycles a machine has made, so a machine at rest does not age.
What a fault does to the machine is the machine's business.
"""

from random import Random

from services.simulator.domain.profile import FaultProfile, MachineProfile


class Wear:
    """The bad luck of one machine.

    Args:
        profile: The machine.
        random: The source of its luck.
    """

    def __init__(self, profile: MachineProfile, random: Random) -> None:
        self._profile = profile
        self._random = random
        self._cycles_since_start = 0
        self._slow_cycles = 0
        self._until_slow = self._cycles(profile.slow.mean_cycles) if profile.slow else 0
        self._until_fault = [self._cycles(fault.mean_cycles) for fault in profile.faults]

    @property
    def slow(self) -> bool:
        """Whether the machine runs at reduced speed."""
        return self._slow_cycles > 0

    @property
    def cycle_ms(self) -> int:
        """Time per unit now."""
        slow = self._profile.slow
        return round(self._profile.cycle_ms * (slow.factor if slow and self.slow else 1.0))

    def started(self) -> None:
        """Begin to run in: the first units are rejected more often."""
        self._cycles_since_start = 0

    def unit_is_scrap(self) -> bool:
        """Draw whether the unit just made is rejected; counts as a cycle."""
        running_in = self._cycles_since_start < self._profile.start_up_cycles
        self._cycles_since_start += 1
        share = self._profile.start_up_scrap_share if running_in else self._profile.scrap_share
        return self._random.random() < share

    def due_fault(self) -> FaultProfile | None:
        """Let one cycle pass for every fault; of several that are due one comes now, the others follow."""
        due = None
        for index, fault in enumerate(self._profile.faults):
            self._until_fault[index] -= 1
            if due is None and self._until_fault[index] <= 0:
                self._until_fault[index] = self._cycles(fault.mean_cycles)
                due = fault
        return due

    def pass_cycle(self) -> None:
        """Let one cycle pass for the speed."""
        slow = self._profile.slow
        if slow is None:
            return
        if self._slow_cycles:
            self._slow_cycles -= 1
            return
        self._until_slow -= 1
        if self._until_slow <= 0:
            self._until_slow = self._cycles(slow.mean_cycles)
            self._slow_cycles = self._cycles(slow.length_cycles)

    def _cycles(self, mean: int) -> int:
        return 1 + int(self._random.expovariate(1.0 / mean))
