"""Roles as a table, people from their claims, and an audit log that shows what was changed in it."""

from __future__ import annotations

import json
import threading

import pytest

from patrol_core.access import (
    ACTIONS,
    AuditLog,
    NotAllowed,
    Person,
    Role,
    Roles,
    alone,
    may,
    person_of,
    read_roles,
    require,
)
from patrol_core.errors import InputError, SourceError

TABLE = """
                    view  plan  administer
look                yes   yes   yes
upload              -     yes   yes
keep                -     yes   yes
delete              -     yes   yes
export              -     yes   yes
adopt               -     yes   yes
fill store          -     yes   yes
clear store         -     -     yes
delete of others    -     -     yes
read audit          -     -     yes
"""
ROLES = Roles(
    view=("*@partner.example",),
    plan=("Ann@Force.example", "group:Analysts"),
    administer=("chief@force.example",),
)


def rows():
    for line in TABLE.strip().splitlines()[1:]:
        *words, view, plan, administer = line.split()
        for role, cell in zip(Role, (view, plan, administer), strict=True):
            yield " ".join(words), role, cell == "yes"


@pytest.mark.parametrize(("action", "role", "allowed"), list(rows()))
def test_what_each_role_may(action, role, allowed):
    person = Person("x", "0" * 32, role, signed_in=True)
    assert may(person, action) is allowed
    if allowed:
        require(person, action)
    else:
        with pytest.raises(NotAllowed, match=rf"'{role.value}' may not .*; it takes the role"):
            require(person, action)


def test_the_table_names_every_action_and_role():
    assert {action for action, _, _ in rows()} == set().union(*ACTIONS.values())
    assert set(ACTIONS) == set(Role)


@pytest.mark.parametrize(
    ("claims", "role"),
    [
        ({"sub": "1", "email": "ann@force.example"}, Role.PLAN),
        ({"sub": "1", "email": "ANN@force.example ", "email_verified": True}, Role.PLAN),
        ({"sub": "1", "email": "ann@force.example", "email_verified": False}, None),
        ({"sub": "1", "email": "ann@force.example", "email_verified": "false"}, None),
        ({"sub": "1", "email": "bob@partner.example"}, Role.VIEW),
        ({"sub": "1", "email": "bob@evil-partner.example"}, None),
        ({"sub": "1", "email": "bob@force.example", "groups": ["analysts"]}, Role.PLAN),
        ({"sub": "1", "roles": ["Analysts", 7, None]}, Role.PLAN),
        ({"sub": "1", "groups": "analysts"}, None),
        ({"sub": "1", "email": "chief@force.example", "groups": ["analysts"]}, Role.ADMINISTER),
        ({"sub": "", "email": "chief@force.example"}, None),
        ({"email": "chief@force.example"}, None),
        ({"sub": "group:analysts", "email": "group:analysts"}, None),
        ({}, None),
    ],
)
def test_who_has_which_role(claims, role):
    person = person_of({"iss": "https://id.example", **claims}, ROLES)
    assert (person.role if person else None) == role


def test_owners_differ_by_person_and_provider_and_tell_nothing():
    first = person_of({"iss": "a", "sub": "1", "email": "ann@force.example"}, ROLES)
    again = person_of({"iss": "a", "sub": "1", "email": "chief@force.example"}, ROLES)  # a new address
    other = person_of({"iss": "b", "sub": "1", "email": "ann@force.example"}, ROLES)
    assert first.owner == again.owner != other.owner
    assert first.id == "ann@force.example"
    assert alone("x" * 32).owner not in ("", first.owner, "x" * 32)
    assert alone("").owner == ""
    assert may(alone(""), "clear store")


def test_roles_are_read_strictly(tmp_path):
    path = tmp_path / "roles.json"
    with pytest.raises(InputError, match="no file of roles"):
        read_roles(path)
    path.write_text('{"plan": ["ann@force.example"]}')
    assert read_roles(path).plan == ("ann@force.example",)
    path.write_text('{"owner": ["ann@force.example"]}')
    with pytest.raises(InputError, match="unknown key 'owner'"):
        read_roles(path)


# ---------------------------------------------------------------- the audit log


def test_the_log_chains_its_entries_and_finds_what_was_changed(tmp_path):
    log = AuditLog(tmp_path / "audit.jsonl")
    assert log.verify() == ""
    assert log.entries() == []
    for count in range(4):
        log.add("ann@force.example", "export", f"plan{count}.csv")
    assert log.verify() == ""
    assert [entry.what for entry in log.entries()] == [f"plan{count}.csv" for count in range(4)]
    lines = log.path.read_bytes().splitlines(keepends=True)

    def after(changed: list[bytes]) -> str:
        log.path.write_bytes(b"".join(changed))
        return log.verify()

    assert "Line 2 of the audit log was changed" in after(
        [lines[0], lines[1].replace(b"plan1", b"plan9"), *lines[2:]]
    )
    assert "Line 2 of the audit log does not follow" in after([lines[0], *lines[2:]])
    assert "Line 2 of the audit log does not follow" in after([lines[0], lines[2], lines[1], lines[3]])
    assert "Line 1 of the audit log does not follow" in after(lines[1:])
    assert "Line 3 of the audit log is no entry" in after([*lines[:2], b"{}\n", *lines[2:]])
    assert after(lines) == ""


def test_half_a_line_of_a_killed_writer_goes(tmp_path):
    log = AuditLog(tmp_path / "audit.jsonl")
    log.add("", "upload", "one")
    with log.path.open("ab") as file:
        file.write(b'{"action": "upl')
    log.add("", "upload", "two")
    assert [entry.what for entry in log.entries()] == ["one", "two"]
    assert log.verify() == ""


def test_long_and_odd_texts_are_one_line(tmp_path):
    log = AuditLog(tmp_path / "audit.jsonl")
    for _ in range(3):
        log.add("\U0001f600" * 999, "a\nb", "\x00" * 999)
    assert log.verify() == ""
    assert len(log.path.read_bytes().splitlines()) == 3


def test_several_add_at_once(tmp_path):
    path = tmp_path / "audit.jsonl"

    def work(name: str) -> None:
        for count in range(10):
            AuditLog(path).add(name, "export", str(count))

    threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log = AuditLog(path)
    assert len(log.entries()) == 30
    assert log.verify() == ""


def test_a_log_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="nothing is done without it"):
        AuditLog(tmp_path / "file" / "audit.jsonl").add("", "export", "x")


def test_nothing_else_stands_in_an_entry(tmp_path):
    log = AuditLog(tmp_path / "audit.jsonl")
    log.add("ann@force.example", "delete", "0123456789abcdef")
    assert set(json.loads(log.path.read_bytes())) == {"at", "user", "action", "what", "before", "hash"}
