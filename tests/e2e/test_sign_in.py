"""Sign-in by an identity provider on this machine: roles, private projects, and the audit log, in a browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from patrol_core.access import AuditLog
from patrol_core.sources.sample.city import write_archive
from tests.e2e.conftest import free_port, served, stop
from tests.e2e.driving import metric, opened, settled
from tests.e2e.test_upload import upload

PEOPLE = {
    "ann": {"email": "ann@force.example", "groups": ["analysts"]},
    "vic": {"email": "vic@partner.example"},
    "bob": {"email": "bob@elsewhere.example"},
    "chief": {"email": "chief@force.example"},
}
ROLES = {"view": ["*@partner.example"], "plan": ["group:analysts"], "administer": ["chief@force.example"]}
SECRETS = """
[auth]
redirect_uri = "http://127.0.0.1:{port}/oauth2callback"
cookie_secret = "only for this test, thirty-two characters"
client_id = "patrol"
client_secret = "not looked at by the provider of the test"
server_metadata_url = "{provider}/.well-known/openid-configuration"
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """An identity provider that believes everybody."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    for name, claims in PEOPLE.items():
        command += ["--user-claims", json.dumps({"sub": name, **claims})]
    server = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ.copy()
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"{address}/.well-known/openid-configuration", timeout=2):
                    break
            except OSError:
                time.sleep(0.1)
        yield address
    finally:
        stop(server)


def signed_in(browser: Browser, address: str, name: str) -> Page:
    """A browser of its own in which somebody has signed in."""
    page = browser.new_context(viewport={"width": 1280, "height": 720}, accept_downloads=True).new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{address}/data")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=name, exact=True).click()
    page.wait_for_url(f"{address}/**")
    settled(page)
    return page


def test_people_see_their_own_and_may_what_their_role_may(browser, provider, tmp_path):
    (file,) = write_archive(tmp_path, months=("2025-12",))
    port = free_port()
    secrets, roles, cache = tmp_path / "secrets.toml", tmp_path / "roles.json", tmp_path / "cache"
    secrets.write_text(SECRETS.format(port=port, provider=provider))
    roles.write_text(json.dumps(ROLES))
    environment = {
        "STREAMLIT_SECRETS_FILES": str(secrets),
        "PATROL_ROLES_FILE": str(roles),
        "PATROL_CACHE_DIR": str(cache),
    }
    with served(tmp_path / "log.txt", port=port, **environment) as address:
        stranger = browser.new_page()
        stranger.goto(f"{address}/data")
        expect(stranger.get_by_role("button", name="Sign in")).to_be_visible(timeout=60_000)
        assert "Sampleford" not in stranger.inner_text("body")
        expect(stranger.get_by_test_id("stTopNavLink")).to_have_count(0)

        ann = signed_in(browser, address, "ann")
        opened(ann, f"{address}/data", "Data")
        upload(ann, [("ann-MARKER.csv", file.read_bytes())])
        expect(ann.get_by_text("Kept as your project ann-MARKER")).to_be_visible()
        link = f"{address}/data?{urlsplit(ann.url).query}"
        expect(metric(ann, "Rows in the period")).to_be_visible()
        with ann.expect_download():
            ann.get_by_test_id("stDownloadButton").first.get_by_role("button").click()

        vic = signed_in(browser, address, "vic")
        vic.goto(link)
        expect(vic.get_by_text("nothing is shown in their place")).to_be_visible()
        assert "MARKER" not in vic.content()
        opened(vic, f"{address}/data", "Data")
        vic.get_by_role("tab", name="Upload files").click()
        expect(vic.get_by_text("Your role may look and bring nothing in").first).to_be_visible()
        expect(vic.get_by_test_id("stDownloadButton").first.get_by_role("button")).to_be_disabled()
        expect(vic.get_by_text("Administration")).to_have_count(0)

        bob = signed_in(browser, address, "bob")
        expect(bob.get_by_text("for whom no role is set")).to_be_visible()
        assert "Sampleford" not in bob.inner_text("body")

        chief = signed_in(browser, address, "chief")
        opened(chief, f"{address}/data", "Data")
        chief.get_by_text("Administration: audit log").click()
        expect(chief.get_by_text("each resting on the one before")).to_be_visible()
        assert "MARKER" not in chief.content()
        chief.get_by_role("button", name="Delete", exact=True).click()
        settled(chief)
        ann.reload()
        settled(ann)
        assert "MARKER" not in ann.content()

        ann.get_by_role("button", name="Sign out").click()
        ann.get_by_role("button", name="End session").click()  # of the provider
        expect(ann.get_by_role("button", name="Sign in")).to_be_visible()
        for page in (stranger, ann, vic, bob, chief):
            page.context.close()
    log = AuditLog(cache / "audit.jsonl")
    assert log.verify() == ""
    done = [(entry.user, entry.action) for entry in log.entries()]
    assert done == [
        ("ann@force.example", "upload"),
        ("ann@force.example", "export"),
        ("chief@force.example", "delete"),
    ]
    assert b"MARKER" not in log.path.read_bytes()
