"""The `uns` command where no site runs: help, files, and errors in one line with the way out."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from namespace.cli.__main__ import COMMANDS, app
from namespace.cli.births import Births
from namespace.cli.decode import payload_document
from namespace.cli.errors import CliError
from namespace.contracts.documents import schemas
from namespace.sparkplug import (
    DataSet,
    DataType,
    Metric,
    Payload,
    PropertySet,
    RemoteProtocolError,
    encode_payload,
    parse_topic,
)

ROOT = Path(__file__).parents[3]
PAYLOAD = Payload(
    timestamp=1_772_431_200_000,
    seq=7,
    metrics=(
        Metric(
            name="Process/FillLevel",
            alias=3,
            timestamp=1_772_431_200_000,
            datatype=DataType.Double,
            value=499.8,
            properties=PropertySet.of_strings({"engUnit": "MLT"}),
        ),
        Metric(name="Started", datatype=DataType.DateTime, value=1_772_431_200_000, is_historical=True),
        Metric(name="Queue", datatype=DataType.DataSet, value=DataSet(("id",), (DataType.String,), (("JO-1",),))),
    ),
)
BYTES = encode_payload(PAYLOAD)


def uns(*arguments: str, text: str | bytes | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=text, env={"COLUMNS": "160"})


def problem(result: Result) -> str:
    assert isinstance(result.exception, CliError), result.output
    assert "\n" not in str(result.exception)
    return str(result.exception)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    shown = uns(command, "--help")
    assert shown.exit_code == 0
    assert "--install-completion" not in shown.output


@pytest.mark.parametrize(
    "command",
    [("tree",), ("watch",), ("decode",), ("send",), ("query",), ("events",), ("site", "check"), ("contracts", "diff")],
)
def test_every_command_of_ours_shows_an_example(command: tuple[str, ...]) -> None:
    assert "Example: uns" in uns(*command, "--help").output


GUESTS = [
    ("tree",),
    ("watch", "Packaging"),
    ("decode", "--topic", "spBv1.0/#"),
    ("send", "work_order", "Start", "JO-1"),
    ("query", "work_order", "job_orders"),
    ("events", "work_order"),
    ("events", "oee", "--parked"),
]


@pytest.mark.parametrize("command", GUESTS, ids=" ".join)
def test_no_site_and_a_site_that_does_not_run_are_told_apart(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("UNS_BROKER_URL", raising=False)
    monkeypatch.setenv("UNS_DATA_DIR", str(tmp_path / "nowhere"))
    assert f"there is no site here ({tmp_path}/nowhere)" in problem(uns(*command))
    (tmp_path / "nowhere").mkdir()
    said = problem(uns(*command))
    assert "the site is not running" in said
    assert "uns up" in said


def test_an_expected_error_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "namespace.cli", "tree"],
        cwd=tmp_path,
        env={"UNS_DATA_DIR": str(tmp_path / "nowhere"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("uns: there is no site here")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("send", "work_order", "Start"), "a command needs a name and a subject"),
        (("send", "work_order", "Jump", "JO-1"), "work_order knows no command Jump"),
        (("send", "work_order", "Store", "JO-1"), "place: Field required"),
        (("send", "console", "Start", "JO-1"), "console knows no command Start"),
        (("query", "work_order"), "which query?"),
        (("query", "work_order", "job_oders"), "did you mean job_orders?"),
        (("query", "work_order", "job_orders", "-a", "staet=Running"), "did you mean state?"),
        (("events", "console"), "console keeps no event log"),
        (("events", "work_order", "--type", "Nonsense"), "work_order has no event Nonsense"),
        (("events", "historian", "--parked"), "follows no log"),
        (("decode", "--topic", "a/#/b"), "a/#/b"),
        (("decode", "--hex", "--base64"), "hexadecimal or Base64, not both"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_mistake_is_named_before_anything_is_sent(command: tuple[str, ...], said: str) -> None:
    assert said in problem(uns(*command))


def test_lists_need_no_site() -> None:
    assert "Redrive" in uns("send", "oee", "--list").output
    assert "job_orders" in uns("query", "work_order", "--list").output
    assert "accepts no commands" in uns("send", "simulator", "--list").output


def test_a_payload_is_decoded_from_a_file_and_from_standard_input(tmp_path: Path) -> None:
    path = tmp_path / "payload.bin"
    path.write_bytes(BYTES)
    expected = json.loads(uns("decode", str(path), "--json").output)
    assert expected["seq"] == 7
    assert [metric["value"] for metric in expected["metrics"]] == [
        499.8,
        "2026-03-02T06:00:00.000Z",
        {"columns": ["id"], "types": ["String"], "rows": [["JO-1"]]},
    ]
    assert expected["metrics"][0]["properties"] == {"engUnit": "MLT"}
    for arguments, text in (
        (("-",), BYTES),
        ((), BYTES),
        (("--hex",), BYTES.hex().encode()),
        (("--base64",), base64.encodebytes(BYTES)),
    ):
        assert json.loads(uns("decode", *arguments, "--json", text=text).output) == expected


def test_a_payload_is_shown_to_people() -> None:
    shown = uns("decode", text=BYTES).output
    for part in ("seq 7", "Process/FillLevel", "499.8 ml", "Double", "historical", "1 row"):
        assert part in shown


@pytest.mark.parametrize(
    ("arguments", "text", "said"),
    [
        ((), b"\xff\xff\xff", "not a Sparkplug B payload: protobuf"),
        (("--hex",), b"zz", "not hexadecimal"),
        (("--base64",), b"!!", "not Base64"),
        (("/nowhere/payload.bin",), b"", "cannot read it: No such file or directory"),
    ],
)
def test_what_is_no_payload_is_said_in_one_line(arguments: tuple[str, ...], text: bytes, said: str) -> None:
    assert said in problem(uns("decode", *arguments, text=text))


def test_births_give_aliases_their_names_and_types() -> None:
    births = Births()
    data = encode_payload(Payload(timestamp=1, seq=1, metrics=(Metric(alias=3, value=1.5, datatype=DataType.Double),)))
    topic = parse_topic("spBv1.0/Bottling/DDATA/Line1-PLC/Filler")
    assert births.decode(topic, data).metrics[0].name is None
    births.decode(parse_topic("spBv1.0/Bottling/DBIRTH/Line1-PLC/Filler"), BYTES)
    named = births.decode(topic, data).metrics[0]
    assert (named.name, named.datatype, named.value) == ("Process/FillLevel", DataType.Double, 1.5)
    other = parse_topic("spBv1.0/Bottling/DDATA/Line1-PLC/Capper")
    assert births.decode(other, data).metrics[0].name is None
    with pytest.raises(RemoteProtocolError):
        births.decode(topic, b"\xff")


def test_an_unknown_alias_stays_a_number() -> None:
    payload = Payload(timestamp=1, metrics=(Metric(alias=9, value=1, datatype=DataType.Int32),), body=b"\x00")
    document = payload_document(payload)
    assert document["metrics"][0]["name"] is None
    assert document["metrics"][0]["alias"] == 9
    assert document["body"] == "AA=="


def test_a_good_site_file_is_summed_up() -> None:
    path = ROOT / "deploy" / "site" / "acme-dallas.yaml"
    shown = uns("site", "check", str(path))
    assert shown.exit_code == 0
    assert "no problems: 2 areas, 3 work centers, 9 work units" in shown.output
    counted = json.loads(uns("site", "check", str(path), "--json").output)
    assert (counted["site"], counted["work_units"], counted["problems"]) == ("Acme/Dallas", 9, [])


def test_every_problem_of_a_site_file_is_named_with_its_line(tmp_path: Path) -> None:
    good = (ROOT / "deploy" / "site" / "acme-dallas.yaml").read_text(encoding="utf-8")
    path = tmp_path / "site.yaml"
    path.write_text(
        good.replace("ideal_cycle_s: 0.50", "ideal_cycle_s: fast").replace("America/Chicago", "Nowhere/Land")
    )
    checked = uns("site", "check", str(path))
    assert checked.exit_code == 1
    lines = [line for line in checked.output.splitlines() if line.startswith(f"{path}:")]
    assert len(lines) == 3
    assert "3 problems" in checked.output
    problems = json.loads(uns("site", "check", str(path), "--json").output)["problems"]
    assert [each["line"] for each in problems] == [int(line.split(":")[1]) for line in lines]
    assert all(each["remedy"] for each in problems)


def test_a_site_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    assert "cannot read it" in problem(uns("site", "check", str(tmp_path / "nowhere.yaml")))


def test_breaking_changes_are_named_and_fail(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    path.write_text(json.dumps(schemas()))
    assert uns("contracts", "diff", str(path)).output == "nothing breaks\n"
    path.write_text(json.dumps({**schemas(), "oee/event/Gone/1": {"type": "object"}}))
    broken = uns("contracts", "diff", str(path))
    assert broken.exit_code == 1
    assert "oee/event/Gone/1: removed" in broken.output
    assert "nothing breaks" in uns("contracts", "diff", "-", text=json.dumps(schemas())).output
    assert "cannot read it" in problem(uns("contracts", "diff", str(tmp_path / "nowhere.json")))
    assert "no contract document" in problem(uns("contracts", "diff", "-", text="[]"))
