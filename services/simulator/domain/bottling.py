"""The bottling lines that are shipped: filler, capper, labeler, packer.

Filler and packer set the pace and the machines between them are a little faster; belts of half a minute
decouple them. The frequencies make lines of about 75 to 85 % availability on which something happens every few
minutes.
"""

from dataclasses import replace

from services.simulator.domain.process_value import ProcessValueProfile
from services.simulator.domain.profile import (
    ConveyorProfile,
    FaultProfile,
    InterruptionProfile,
    LineProfile,
    MachineProfile,
    Response,
    SlowProfile,
    Span,
)

MINUTE_MS = 60_000

FILLER = MachineProfile(
    name="Filler",
    cycle_ms=500,
    scrap_share=0.006,
    start_up_cycles=25,
    start_up_scrap_share=0.12,
    counter_bits=16,
    first_count=58_000,
    patience_ms=3_000,
    restart_level=1,
    restart_room=20,
    faults=(
        FaultProfile(
            reason=101,
            text="Bottle jam at the infeed star",
            response=Response.STALL,
            mean_cycles=500,
            repair=Span(2_000, 14_000),
            minor=True,
        ),
        FaultProfile(
            reason=102,
            text="Foaming product",
            response=Response.HOLD,
            mean_cycles=3_600,
            repair=Span(20_000, 4 * MINUTE_MS),
        ),
        FaultProfile(
            reason=103,
            text="Product tank empty",
            response=Response.HOLD,
            mean_cycles=20_000,
            repair=Span(2 * MINUTE_MS, 7 * MINUTE_MS),
        ),
        FaultProfile(
            reason=190,
            text="Guard door opened, filling valve broken",
            response=Response.ABORT,
            mean_cycles=90_000,
            repair=Span(6 * MINUTE_MS, 18 * MINUTE_MS),
        ),
    ),
    slow=SlowProfile(mean_cycles=4_000, length_cycles=600, factor=1.25),
    process_values=(
        ProcessValueProfile(
            tag="ProductTemperature",
            unit="CEL",
            running=4.2,
            resting=7.5,
            noise=0.05,
            pull=0.02,
            decimals=1,
            dead_band=0.1,
        ),
        ProcessValueProfile(
            tag="FillPressure",
            unit="BAR",
            running=2.8,
            resting=1.1,
            noise=0.02,
            pull=0.3,
            decimals=2,
            dead_band=0.05,
        ),
        ProcessValueProfile(
            tag="FillLevel",
            unit="MLT",
            running=500.0,
            resting=500.0,
            noise=0.5,
            pull=0.4,
            decimals=1,
            dead_band=0.5,
        ),
    ),
)

CAPPER = MachineProfile(
    name="Capper",
    cycle_ms=480,
    scrap_share=0.004,
    start_up_cycles=10,
    start_up_scrap_share=0.08,
    counter_bits=16,
    first_count=64_800,
    patience_ms=3_000,
    restart_level=8,
    restart_room=15,
    faults=(
        FaultProfile(
            reason=201,
            text="Cap upside down in the chute",
            response=Response.STALL,
            mean_cycles=900,
            repair=Span(3_000, 20_000),
            minor=True,
        ),
        FaultProfile(
            reason=202,
            text="Cap hopper empty",
            response=Response.HOLD,
            mean_cycles=6_500,
            repair=Span(30_000, 3 * MINUTE_MS),
        ),
        FaultProfile(
            reason=290,
            text="Torque limiter tripped",
            response=Response.ABORT,
            mean_cycles=120_000,
            repair=Span(5 * MINUTE_MS, 15 * MINUTE_MS),
        ),
    ),
    process_values=(
        ProcessValueProfile(
            tag="CapTorque",
            unit="NU",
            running=1.9,
            resting=0.0,
            noise=0.03,
            pull=0.6,
            decimals=2,
            dead_band=0.05,
        ),
    ),
)

LABELER = MachineProfile(
    name="Labeler",
    cycle_ms=480,
    scrap_share=0.008,
    start_up_cycles=15,
    start_up_scrap_share=0.15,
    counter_bits=16,
    first_count=12_345,
    patience_ms=3_000,
    restart_level=8,
    restart_room=15,
    faults=(
        FaultProfile(
            reason=301,
            text="Label skewed",
            response=Response.HOLD,
            mean_cycles=1_400,
            repair=Span(8_000, 40_000),
            minor=True,
        ),
        FaultProfile(
            reason=302,
            text="Label reel change",
            response=Response.HOLD,
            mean_cycles=9_000,
            repair=Span(MINUTE_MS, 4 * MINUTE_MS),
        ),
    ),
    slow=SlowProfile(mean_cycles=8_000, length_cycles=900, factor=1.4),
    process_values=(
        ProcessValueProfile(
            tag="GlueTemperature",
            unit="CEL",
            running=145.0,
            resting=138.0,
            noise=0.3,
            pull=0.05,
            decimals=1,
            dead_band=0.5,
        ),
    ),
)

PACKER = MachineProfile(
    name="Packer",
    cycle_ms=500,
    scrap_share=0.002,
    start_up_cycles=5,
    start_up_scrap_share=0.05,
    counter_bits=16,
    first_count=41_700,
    patience_ms=4_000,
    restart_level=12,
    restart_room=1,
    faults=(
        FaultProfile(
            reason=401,
            text="Case blank misfed",
            response=Response.STALL,
            mean_cycles=1_100,
            repair=Span(4_000, 25_000),
            minor=True,
        ),
        FaultProfile(
            reason=402,
            text="Bottle fallen over",
            response=Response.HOLD,
            mean_cycles=3_000,
            repair=Span(15_000, 2 * MINUTE_MS),
        ),
    ),
    process_values=(
        ProcessValueProfile(
            tag="AirPressure",
            unit="BAR",
            running=6.0,
            resting=6.4,
            noise=0.03,
            pull=0.2,
            decimals=2,
            dead_band=0.05,
        ),
    ),
)

LINE_1 = LineProfile(
    name="Line1",
    machines=(FILLER, CAPPER, LABELER, PACKER),
    conveyors=(ConveyorProfile(60, 4_000), ConveyorProfile(60, 4_000), ConveyorProfile(80, 6_000)),
    infeed=InterruptionProfile(45 * MINUTE_MS, Span(15_000, 3 * MINUTE_MS)),
    outfeed=InterruptionProfile(60 * MINUTE_MS, Span(20_000, 4 * MINUTE_MS)),
    reaction=Span(2_000, 12_000),
)

LINE_2 = replace(
    LINE_1,
    name="Line2",
    machines=(
        replace(FILLER, cycle_ms=800, first_count=9_100),
        replace(CAPPER, cycle_ms=750, first_count=8_900),
        replace(LABELER, cycle_ms=750, first_count=61_200),
        replace(PACKER, cycle_ms=800, first_count=17_350),
    ),
    relieved=True,
)

LINES = (LINE_1, LINE_2)
"""The lines of the shipped site."""
