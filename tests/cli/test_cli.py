"""The command line as a whole: help, exit codes, and one line for every fault."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("command", [[], ["plan"], ["game"], ["hours"]])
def test_help_goes_to_stdout(capfd, command):
    from patrol_core.cli import main

    with pytest.raises(SystemExit) as stopped:
        main([*command, "--help"])
    out, err = capfd.readouterr()
    assert stopped.value.code == 0
    assert out.startswith("usage: patrol")
    assert err == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "COMMAND"),
        (["dance"], "'dance'"),
        (["plan", "--dance"], "--dance"),
        (["plan", "--budget"], "--budget"),
        (["plan", "--bud", "3", "extra"], "extra"),
        (["game"], "FILE.json"),
        (["hours"], "DEMAND.csv"),
        (["hours", "x.csv", "--round", "up"], "'up'"),
    ],
)
def test_what_the_parser_refuses_is_one_line_and_exit_code_2(patrol, arguments, words):
    line = patrol(*arguments).fault(2)
    assert words in line
    assert "--help" in line


@pytest.mark.parametrize("arguments", [["--help"], ["dance"], [], ["game", "--help"]])
def test_a_command_line_that_is_only_read_loads_no_data_library(arguments):
    code = (
        "import sys; from patrol_core.cli import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "assert not {'numpy', 'pandas', 'geopandas', 'pydantic', 'scipy'} & set(sys.modules), sorted(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()


def test_every_command_of_the_table_can_be_filled_alone():
    from patrol_core.cli.commands import COMMANDS, build_parser

    for command in COMMANDS:
        chosen = build_parser(command.name)._subparsers._group_actions[0].choices[command.name]
        assert chosen.description, command.name
        assert callable(chosen.get_default("run")), command.name


@pytest.mark.parametrize(
    ("arguments", "given", "code"),
    [
        (["plan", "--area", "columbus", "--floor", "0.9"], b"", 3),
        (["plan", "--crimes", "nowhere.csv"], b"", 4),
        (["game", "-"], b"\xff\xfe{", 2),
    ],
)
def test_a_program_ends_with_its_code_and_one_line(program, arguments, given, code):
    program(*arguments, given=given).fault(code)


def test_a_program_writes_utf_8_whatever_the_terminal_says(program):
    given = '{"kind": "zone", "values": {"Żoliborz": 3}, "budget": 0.5}'.encode()
    answer = program("game", "-", given=given, PYTHONIOENCODING="ascii")
    assert answer.code == 0
    assert answer.json["coverage"] == {"Żoliborz": 0.5}


def test_a_reader_who_leaves_early_is_no_fault(tmp_path):
    """`patrol game - | head -1` on a result longer than the pipe holds."""
    many = ", ".join(f'"zone number {number}": {number}' for number in range(9000))
    game = tmp_path / "game.json"
    game.write_text(f'{{"kind": "zone", "values": {{{many}}}, "budget": 5}}')
    with subprocess.Popen(
        [sys.executable, "-m", "patrol_core", "game", str(game)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as started:
        assert started.stdout is not None
        assert started.stderr is not None
        started.stdout.read(1)
        started.stdout.close()
        assert started.stderr.read() == b""
        assert started.wait(60) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize("arguments", [("game", "-"), ("--help",), ("plan", "--help")])
def test_a_full_disk_behind_stdout_is_one_sentence(arguments):
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "patrol_core", *arguments],
            input=b'{"kind": "zone", "values": {"a": 1, "b": 2}, "budget": 1}',
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=120,
            check=False,
        )
    assert ended.returncode == 4
    assert ended.stderr.decode() == (
        "The result could not be written to stdout: no space left on device; free some space or write it elsewhere.\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="streams are closed otherwise on Windows")
def test_closed_streams_leave_the_exit_code():
    for closed, code in ((">&-", 4), ("2>&-", 0), (">&- 2>&-", 4)):
        command = f"exec {sys.executable} -m patrol_core game - {closed}"
        ended = subprocess.run(
            ["sh", "-c", command],
            input=b'{"kind": "zone", "values": {"a": 1, "b": 2}, "budget": 1}',
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=120,
            check=False,
        )
        assert (ended.returncode, b"Traceback" in ended.stderr) == (code, False)


def test_a_stop_from_the_keyboard_says_so(capfd, monkeypatch):
    from patrol_core.cli import hours, main

    def stop(arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(hours, "run", stop)
    assert main(["hours", "x.csv"]) == 130
    assert capfd.readouterr() == ("", "Stopped; nothing was written.\n")
