"""The site file: what it says, and everything that can be wrong with it, with line and remedy."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from namespace.isa95 import (
    Completion,
    CountsAs,
    EquipmentPath,
    LineRule,
    LossClass,
    SiteFileError,
    SiteProblem,
    StateGroup,
    TickSource,
    TimeElement,
    UnknownTime,
    Work,
    load_site,
)

DEPLOYED = Path(__file__).parents[3] / "deploy" / "site"

MINIMAL = """\
version: 1
enterprise: Acme
site: {name: Dallas, time_zone: America/Chicago}
areas:
  Packaging:
    work_centers:
      Line1:
        work_units:
          Filler: ~
"""


def problems(text: str) -> list[SiteProblem]:
    with pytest.raises(SiteFileError) as caught:
        load_site(text, "x.yaml")
    return caught.value.problems


def only(text: str) -> SiteProblem:
    found = problems(text)
    assert len(found) == 1, [str(problem) for problem in found]
    return found[0]


def test_a_minimal_site_works_round_the_clock_with_defaults() -> None:
    site = load_site(MINIMAL)
    line = site.equipment.find("Packaging/Line1")
    assert site.group_id == "Acme:Dallas"
    assert line.kind == "WorkCenter"
    assert site.work_center(line.path).output_unit == line.path.child("Filler")
    assert site.work_center(line.path).completion is Completion.MANUAL
    assert site.clock.tick is TickSource.WALL
    assert site.staleness.unknown_time is UnknownTime.DELAY
    assert len(site.calendar(line.path).shifts_on(date(2026, 1, 1))) == 1


def test_the_demo_site_places_the_machines_of_both_lines_and_the_reactor() -> None:
    site = load_site((DEPLOYED / "acme-dallas.yaml").read_text(encoding="utf-8"))
    assert [item.name for item in site.equipment.work_centers()] == ["Line1", "Line2", "Cell1"]
    filler = site.equipment.find("Packaging/Line1/Filler")
    assert filler.kind == "WorkCell"
    assert site.work_unit(filler.path).ideal_cycle_s == Decimal("0.50")
    found = site.mappings.resolve("Bottling", "Line1-PLC", "Filler", "Admin/ProdProcessedCount/0/AccCount")
    assert found is not None
    assert (found.place, found.metric) == (filler.path, "Admin/ProdProcessedCount")
    assert [shift.name for shift in site.calendar(filler.path).shifts_on(date(2026, 6, 1))] == [
        "Early",
        "Late",
        "Night",
    ]
    assert [site.equipment.find(f"Packaging/{line}/Packer").calendar for line in ("Line1", "Line2")] == [
        "three-shifts",
        "relieved",
    ]
    for unit in site.equipment.work_units():
        is_reactor = unit.kind == "Unit"
        assert site.work_unit(unit.path).processed.bits == (32 if is_reactor else 16)
        assert unit.path.name in ({"Reactor4"} if is_reactor else {"Filler", "Capper", "Labeler", "Packer"})
    cell = site.equipment.find("Resins/Cell1")
    assert (cell.kind, site.work_center(cell.path).unit) == ("ProcessCell", "KGM")


def test_the_job_shop_has_a_work_center_for_each_activity() -> None:
    site = load_site((DEPLOYED / "job-shop.yaml").read_text(encoding="utf-8"))
    centers = site.equipment.work_centers()
    assert len(centers) == 24
    assert all(site.work_center(item.path).concurrent_job_orders for item in centers)
    assert site.equipment.find("Shop/Turning-Milling-QC").description == "Turning & Milling Q.C."


def test_settings_are_inherited_from_defaults_and_overridden() -> None:
    site = load_site("""\
version: 1
enterprise: Acme
site: {name: Dallas, time_zone: America/Chicago, calendar: a}
calendars:
  a: {shifts: [{name: D, start: "06:00", end: "24:00", days: mon-fri}]}
  b: {time_zone: Europe/Berlin, shifts: [{name: D, start: "22:00", end: "06:00", days: [sun, mon]}]}
defaults:
  work_center: {kind: ProcessCell, completion: manual, unit: LTR}
  work_unit: {ideal_cycle_s: 2.5, counters: {processed: {bits: 16, max_step: 100}, defective: ~}}
areas:
  P:
    calendar: b
    work_centers:
      C1: {kind: ProductionLine, concurrent_job_orders: yes, work_units: {U: {ideal_cycles_s: {Cola: 3}}}}
      C2: {calendar: a, work_units: {U: {counters: {processed: {bits: ~}}}, V: ~}}
""")
    c1, c2 = site.equipment.work_centers()
    assert (c1.kind, c2.kind) == ("ProductionLine", "ProcessCell")
    assert (c1.calendar, c2.calendar, site.equipment.site.calendar) == ("b", "a", "a")
    assert site.work_center(c1.path).concurrent_job_orders
    assert site.work_center(c2.path).output_unit is None
    assert site.work_center(c2.path).unit == "LTR"
    u1 = site.work_unit(c1.path.child("U"))
    assert (u1.processed.bits, u1.processed.max_step, u1.defective) == (16, 100, None)
    assert (u1.ideal_cycle_for("Cola"), u1.ideal_cycle_for(None)) == (Decimal(3), Decimal("2.5"))
    assert site.work_unit(c2.path.child("U")).processed.bits is None
    assert site.equipment.find("P/C1/U").kind == "WorkCell"
    assert site.calendars["b"].zone.key == "Europe/Berlin"
    with pytest.raises(ValueError, match="not a work unit"):
        site.work_unit(c1.path)
    with pytest.raises(ValueError, match="not a work center"):
        site.work_center(EquipmentPath.parse("Acme/Dallas/P"))


BROKEN = {
    "unknown key": (MINIMAL + "maping: []\n", 10, "maping", 'Did you mean "mappings"?'),
    "missing key": ("version: 1\nenterprise: Acme\nsite: {name: D, time_zone: UTC}\n", 1, "", "Add `areas:`"),
    "other version": (MINIMAL.replace("version: 1", "version: 2"), 1, "version", "It is one of 1"),
    "repeated key": (
        MINIMAL + "          Filler: ~\n",
        10,
        "areas.Packaging.work_centers.Line1.work_units.Filler",
        "Keep one",
    ),
    "only case differs": (
        MINIMAL + "          filler: ~\n",
        10,
        "areas.Packaging.work_centers.Line1.work_units.filler",
        "another name",
    ),
    "level name": (
        MINIMAL.replace("Line1", "Line 1"),
        7,
        "areas.Packaging.work_centers.Line 1",
        'Write "Line-1"',
    ),
    "level name with colon": (
        MINIMAL.replace("Packaging:", '"Packaging:":'),
        5,
        "areas.Packaging:",
        'Write "Packaging"',
    ),
    "metric folder": (
        MINIMAL.replace("Line1", "oee"),
        7,
        "areas.Packaging.work_centers.oee",
        'such as "oee-1"',
    ),
    "enterprise name": (MINIMAL.replace("Acme", "_Acme"), 2, "enterprise", 'Write "Acme"'),
    "time zone": (
        MINIMAL.replace("Chicago", "Chicgo"),
        3,
        "site.time_zone",
        'Did you mean "America/Chicago"?',
    ),
    "time zone is a path": (
        MINIMAL.replace("America/Chicago", "../../etc/passwd"),
        3,
        "site.time_zone",
        "IANA name",
    ),
    "tick metric": (MINIMAL + "clock: {tick: metric}\n", 10, "clock", "`metric:`"),
    "staleness": (
        MINIMAL + "staleness: {unknown_time: dely}\n",
        10,
        "staleness.unknown_time",
        'Did you mean "delay"?',
    ),
    "seconds": (
        MINIMAL + "staleness: {silent_after_s: 1.5}\n",
        10,
        "staleness.silent_after_s",
        "one from 1 to 86400",
    ),
    "unit code": (
        MINIMAL + "defaults: {work_center: {unit: kg}}\n",
        10,
        "defaults.work_center.unit",
        "Write KGM",
    ),
    "yaml": ("version: 1\n  areas: {\n", 2, "", "Check indentation"),
    "alias": ("version: &v 1\nenterprise: *v\n", 2, "", "under `defaults`"),
    "empty": ("# nothing\n", 1, "", "Start with"),
    "control character": ("version: 1\nsite: \x00\n", 2, "", "UTF-8"),
    "a list for a mapping": (
        MINIMAL.replace("areas:\n", "areas: [a]\nmappings:\n").split("mappings:")[0],
        4,
        "areas",
        "`key: value`",
    ),
    "a mapping for a list": (MINIMAL + "mappings: {group: G}\n", 10, "mappings", "start with `- `"),
    "unknown calendar": (
        MINIMAL.replace("  Packaging:\n", "  Packaging:\n    calendar: tow-shifts\n"),
        6,
        "areas.Packaging.calendar",
        "round-the-clock",
    ),
    "several calendars": (
        MINIMAL + "calendars: {a: {shifts: []}, b: {shifts: []}}\n",
        1,
        "",
        "Add `calendar:`",
    ),
    "bad output unit": (
        MINIMAL.replace("        work_units:", "        output_unit: Fuller\n        work_units:"),
        8,
        "areas.Packaging.work_centers.Line1.output_unit",
        'Did you mean "Filler"?',
    ),
    "nothing to complete by": (
        MINIMAL.replace("        work_units:\n          Filler: ~", "        completion: automatic"),
        8,
        "areas.Packaging.work_centers.Line1.completion",
        "completion: manual",
    ),
    "max step": (
        MINIMAL.replace("~", "{counters: {processed: {bits: 8, max_step: 256}}}"),
        9,
        "areas.Packaging.work_centers.Line1.work_units.Filler.counters.processed",
        "most units",
    ),
    "metric name": (
        MINIMAL.replace("~", "{metrics: {state: Status//State}}"),
        9,
        "areas.Packaging.work_centers.Line1.work_units.Filler.metrics.state",
        "single slashes",
    ),
    "rule without group": (
        MINIMAL + "mappings:\n  - {edge_node: n, place: Packaging}\n",
        11,
        "mappings[0]",
        "Add `group:`",
    ),
    "place of a rule": (
        MINIMAL + "mappings:\n  - {group: G, edge_node: n, place: Packaging/Lnie1}\n",
        11,
        "mappings[0].place",
        'Did you mean "Packaging/Line1"?',
    ),
    "template of a place": (
        MINIMAL + 'mappings:\n  - {group: G, edge_node: "{l}", place: "Pakaging/{l}"}\n',
        11,
        "mappings[0].place",
        'Did you mean "Packaging"?',
    ),
    "capture": (
        MINIMAL + 'mappings:\n  - {group: G, edge_node: "{l}", place: "Packaging/{line}"}\n',
        11,
        "mappings[0].place",
        "captures of this rule",
    ),
    "id with a slash": (
        MINIMAL + "mappings:\n  - {group: G/H, edge_node: n, place: Packaging}\n",
        11,
        "mappings[0].group",
        "Use `*`",
    ),
    "rule over our own nodes": (
        MINIMAL + 'mappings:\n  - {group: "Acme:Dallas", edge_node: "*", place: Packaging}\n',
        11,
        "mappings[0]",
        "Narrow `edge_node`",
    ),
    "reading nothing known": (
        MINIMAL + "mappings:\n  - {group: G, read: id}\n",
        11,
        "mappings[0].read",
        'Did you mean "ids"?',
    ),
    "reading without a group": (
        MINIMAL + "mappings:\n  - group: G\n    edge_node: n\n    place: Packaging\n  - read: birth\n",
        14,
        "mappings[1]",
        "Add `group:`",
    ),
    "reading with a place": (
        MINIMAL + "mappings:\n  - group: G\n    read: ids\n    place: Packaging\n",
        13,
        "mappings[0].place",
        "Keys here are read, group, edge_node, metrics",
    ),
    "reading our own nodes": (
        MINIMAL + 'mappings:\n  - {group: "Acme:*", read: ids}\n',
        11,
        "mappings[0]",
        "Narrow `edge_node`",
    ),
    "reading with a capture": (
        MINIMAL + "mappings:\n  - group: G\n    read: ids\n    metrics:\n      - {from: a, to: '{line}'}\n",
        14,
        "mappings[0].metrics[0].to",
        "captures of this rule",
    ),
    "shift time": (
        MINIMAL + 'calendars: {a: {shifts: [{name: D, start: "25:00", end: "06:00"}]}}\n',
        10,
        "calendars.a.shifts[0].start",
        "06:00",
    ),
    "weekdays": (
        MINIMAL + 'calendars: {a: {shifts: [{name: D, start: "05:00", end: "06:00", days: [mo]}]}}\n',
        10,
        "calendars.a.shifts[0].days[0]",
        'Did you mean "mon"?',
    ),
    "break outside": (
        MINIMAL + 'calendars: {a: {shifts: [{name: D, start: "05:00", end: "06:00", '
        'breaks: [{start: "05:30", end: "06:10"}]}]}}\n',
        10,
        "calendars.a.shifts[0].breaks[0]",
        "Move it",
    ),
    "exception": (
        MINIMAL + "calendars: {a: {shifts: [], exceptions: [{name: X, date: 2026-02-30, closed: true}]}}\n",
        10,
        "calendars.a.exceptions[0].date",
        "2026-12-24",
    ),
    "exception without effect": (
        MINIMAL + "calendars: {a: {shifts: [], exceptions: [{name: X, date: 2026-02-01}]}}\n",
        10,
        "calendars.a.exceptions[0]",
        "one of the two",
    ),
    "overlapping exceptions": (
        MINIMAL + "calendars: {a: {shifts: [], exceptions: [{name: X, date: 2026-02-01, closed: true}, "
        "{name: Y, date: 2026-01-01, last_date: 2026-03-01, closed: true}]}}\n",
        10,
        "calendars.a.exceptions[1]",
        "one exception",
    ),
    "down time backwards": (
        MINIMAL + "calendars: {a: {shifts: [], planned_down: [{name: X, "
        'start: "2026-01-02 00:00", end: "2026-01-01 00:00"}]}}\n',
        10,
        "calendars.a.planned_down[0]",
        "after its `start`",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_problem_names_its_line_its_path_and_the_remedy(case: str) -> None:
    text, line, path, remedy = BROKEN[case]
    problem = only(text)
    assert (problem.source, problem.line, problem.path) == ("x.yaml", line, path)
    assert remedy in problem.remedy


def test_all_problems_are_reported_at_once_in_the_order_of_the_file() -> None:
    found = problems("""\
version: 1
enterprise: Ac me
site: {name: Dallas, time_zone: Mars/Olympus}
calendars:
  a: {shifts: [{name: D, start: x, end: "06:00"}]}
areas:
  Status: ~
  P: {work_centers: {L: {kind: Line, work_units: {U: {ideal_cycle_s: -1}}}}}
mappings:
  - {group: "{", edge_node: n, place: P}
""")
    assert [problem.line for problem in found] == [2, 3, 5, 7, 8, 8, 10]


def test_a_problem_reads_as_one_line_with_place_value_and_way_out() -> None:
    text = str(only(MINIMAL.replace("~", "{ideal_cycle_s: fast}")))
    assert text == (
        "x.yaml:9:35: areas.Packaging.work_centers.Line1.work_units.Filler.ideal_cycle_s: "
        '"fast" is not a number of seconds per unit above zero. Write one such as 0.25.'
    )


def test_a_very_long_value_is_quoted_in_part() -> None:
    assert len(only(MINIMAL.replace("America/Chicago", "x" * 5000)).message) < 120


def test_a_very_long_file_is_refused_unread() -> None:
    assert "characters" in only("#" * 4_000_001).message


MODELS = """
state_models:
  press:
    version: 3
    states: {true: execute, false: stopped, 7: blocked}
    counts_as:
      - {state: stopped, work: none, element: ADET, minor: true}
  slow-packml: {like: packml, states: {4: starved}}
reasons:
  version: 5
  tree:
    - code: EF
      name: Equipment failure
      loss: failure
      owner: maintenance
      reasons:
        - code: EF-DRV
          name: Drive
          reasons:
            - code: EF-DRV-OVR
              name: Overload
              reasons: [{code: EF-DRV-OVR-1, name: Bearing}]
    - {code: PM, name: Planned maintenance, loss: failure, element: PDOT, planned: true}
    - {code: OLD, name: Wire cutter, retired: true}
  automatic:
    - {code: EF-DRV-OVR, stop_reason: 42}
    - {code: EF, cause: failure}
"""


def test_state_models_and_reasons_are_the_sites_own() -> None:
    unit = "Filler: {state_model: press, no_count_after_s: 90, changeover: order, changeover_gap_s: 600}"
    site = load_site(MODELS.lstrip() + MINIMAL.replace("Filler: ~", unit))
    settings = site.work_unit(site.equipment.find("Packaging/Line1/Filler").path)
    model = settings.state_model
    assert (model.name, model.version, settings.no_count_after_s, settings.changeover_gap_s) == ("press", 3, 90, 600)
    assert [model.state_group(number) for number in (1, 0, 7, 8)] == [
        StateGroup.EXECUTE,
        StateGroup.STOPPED,
        StateGroup.BLOCKED,
        StateGroup.UNDEFINED,
    ]
    assert model.counts_as == (CountsAs(StateGroup.STOPPED, None, Work.NONE, TimeElement.ADET, can_be_minor=True),)
    leaf = site.reasons.reasons["EF-DRV-OVR-1"]
    assert (leaf.parents, leaf.loss, leaf.owner) == (("EF", "EF-DRV", "EF-DRV-OVR"), LossClass.FAILURE, "maintenance")
    assert site.reasons.automatic_for(42, "failure") == "EF-DRV-OVR"
    assert site.reasons.automatic_for(None, "failure") == "EF"
    assert site.reasons.automatic_for(7, "held") is None
    assert "OLD" not in {reason.code for reason in site.reasons.offered()}


@pytest.mark.parametrize(
    ("before", "after", "line", "message"),
    [
        ("7: blocked", "7: bloked", 4, '"bloked" is not possible here. Did you mean "blocked"?'),
        ("7: blocked", "x: blocked", 4, '"x" is no state number'),
        ("7: blocked", "1: blocked", 4, "1 is there twice, first on line 4"),
        ("element: ADET", "element: UNKNOWN", 6, '"UNKNOWN" is not possible here'),
        ("element: ADET", "element: ADOT", 6, "ADOT cannot be a minor stop"),
        ("{state: stopped,", "{state: undefined,", 6, "what is undefined is not known"),
        ("  press:", "  packml:", 2, '"packml" is built in'),
        ("like: packml, states: {4: starved}", "version: 2", 7, "a state model has `states`"),
        ("code: OLD", "code: PM", 23, '"PM" is there twice, first on line 22'),
        ("code: OLD", "code: a b", 23, '"a b" is not a reason code'),
        ("name: Bearing", "name: Bearing, reasons: [{code: E5, name: Ball}]", 21, '"E5" is on level 5'),
        ("code: EF, cause", "code: EFF, cause", 26, 'no reason has the code "EFF". Did you mean "EF"?'),
        (", cause: failure", "", 26, "every stop would get this reason"),
        ("cause: failure", "cause: broken", 26, '"broken" is not possible here'),
    ],
)
def test_what_is_wrong_with_a_table_is_said_with_its_line(before: str, after: str, line: int, message: str) -> None:
    assert before in MODELS
    found = only(MODELS.lstrip().replace(before, after) + MINIMAL)
    assert found.line == line
    assert message in f"{found.message}. {found.remedy}"


def test_a_line_is_judged_by_its_slowest_unit_unless_another_is_named() -> None:
    units = "work_units: {Filler: {ideal_cycle_s: 2}, Capper: {ideal_cycle_s: 3}}\n        oee_rule: bottleneck"
    text = MINIMAL.replace("work_units:\n          Filler: ~", units)
    site = load_site(text)
    line = site.work_center(site.equipment.find("Packaging/Line1").path)
    assert (line.oee_rule, line.bottleneck and line.bottleneck.name) == (LineRule.BOTTLENECK, "Capper")
    assert "no work unit here is called" in only(text + "        bottleneck: Fill\n").message
    assert "has no ideal cycle" in only(text.replace("{ideal_cycle_s: 3}", "~")).message
    assert "named and not used" in only(text.replace("bottleneck", "serial") + "        bottleneck: Filler\n").message


CLASSES = """
personnel_classes:
  Filler operator:
    description: Trained on the rotary fillers
    persons: [m.ortiz, W7]
  Line lead: {persons: [W7]}
equipment_classes:
  Bottling line: {work_centers: [Packaging/Line1]}
"""


def test_persons_belong_to_the_personnel_classes_that_list_them() -> None:
    classes = load_site(MINIMAL + CLASSES).personnel_classes
    assert {name: each.persons for name, each in classes.items()} == {
        "Filler operator": {"m.ortiz", "W7"},
        "Line lead": {"W7"},
    }
    assert classes["Filler operator"].description == "Trained on the rotary fillers"
    assert load_site(MINIMAL).personnel_classes == load_site(MINIMAL).equipment_classes == {}


def test_work_centers_belong_to_the_equipment_classes_that_list_them() -> None:
    site = load_site(MINIMAL + CLASSES)
    assert site.equipment_classes["Bottling line"].work_centers == {site.equipment.find("Packaging/Line1").path}


@pytest.mark.parametrize(
    ("before", "after", "line", "message"),
    [
        ("[m.ortiz, W7]", "[W7, W7]", 4, '"W7" is there twice, first on line 4'),
        ("[m.ortiz, W7]", "[]", 4, "nothing belongs to this class. List what belongs to it, or remove the class"),
        ("[m.ortiz, W7]", "W7", 4, '"W7" is not a list'),
        ("[m.ortiz, W7]", '["W7 "]', 4, '"W7 " is not a person\'s id'),
        ("{persons: [W7]}", "{people: [W7], persons: [W7]}", 5, '"people" is not a key here'),
        ("{persons: [W7]}", "{description: leads}", 5, "`persons` is missing"),
        ("Line lead:", '"Line lead ":', 5, '"Line lead " is not a personnel class'),
        ("Line lead:", "Filler operator:", 5, '"Filler operator" is there twice, first on line 2'),
        (
            "Packaging/Line1",
            "Packaging/Line2",
            7,
            '"Packaging/Line2" is no work center here. Did you mean "Packaging/Line1"?',
        ),
        ("[Packaging/Line1]", "[Packaging/Line1/Filler]", 7, '"Packaging/Line1/Filler" is no work center here'),
        ("[Packaging/Line1]", "[Packaging/Line1, Acme/Dallas/Packaging/Line1]", 7, "is there twice, first on line 7"),
        ("personnel_classes:", "personell_classes:", 1, 'Did you mean "personnel_classes"?'),
    ],
)
def test_what_is_wrong_with_classes_is_said_with_its_line(before: str, after: str, line: int, message: str) -> None:
    assert before in CLASSES
    found = only(CLASSES.lstrip("\n").replace(before, after) + MINIMAL)
    assert found.line == line
    assert message in f"{found.message}. {found.remedy}"
