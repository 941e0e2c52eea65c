"""The line to the service: faults, retries, pace, bounds."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest

from patrol_core import __version__
from patrol_core.errors import InputError, SourceError
from patrol_core.sources.police import ApiSettings, PoliceApi
from patrol_core.sources.police.service import POLICY, PUBLISHED_BURST, PUBLISHED_RATE, TooLarge
from patrol_core.web import HttpClient, PullCancelled, Request
from patrol_core.web.limits import limiter_for
from tests.sources.fake_police import CATEGORIES, FORCES, FakePolice, Fault, crime

WELL = [i for i, _ in FORCES]


@pytest.fixture
def service():
    with FakePolice([crime(1, -0.14, 51.5)]) as running:
        yield running


def forces(service, **settings):
    with PoliceApi(service.settings(**settings)) as api:
        return [f.id for f in api.forces()]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("status", 429),
        Fault("status", 429, {"Retry-After": "0"}),
        Fault("status", 429, {"Retry-After": "soon"}),
        Fault("status", 502),
        Fault("status", 503),
        Fault("status", 504),
        Fault("truncated"),
        Fault("short"),
        Fault("reset"),
        Fault("body", body=b""),
        Fault("body", body=b"<html>maintenance</html>"),
    ],
    ids=lambda f: f"{f.what}-{f.status}",
)
def test_faults_that_pass_are_tried_again(service, fault):
    service.fault("forces", fault, fault)
    assert forces(service) == WELL
    assert len(service.asked("forces")) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 500, 501])
def test_faults_that_stay_are_not_tried_again(service, status):
    service.always("forces", Fault("status", status))
    with pytest.raises(SourceError, match=f"forces with status {status}"):
        forces(service)
    assert len(service.asked("forces")) == 1


def test_gives_up_after_the_set_attempts(service):
    service.always("forces", Fault("status", 502))
    with pytest.raises(SourceError, match=r"in 3 attempts \(last: status 502\)"):
        forces(service, attempts=3)
    assert len(service.asked("forces")) == 3


def test_slow_is_waited_for_and_silent_is_not(service):
    service.fault("forces", Fault("slow", seconds=0.3))
    assert forces(service, read_timeout_s=10.0) == WELL
    service.always("forces", Fault("slow", seconds=0.6))
    with pytest.raises(SourceError, match="no answer in time"):
        forces(service, read_timeout_s=0.2, attempts=2)


def test_a_trickle_ends_at_the_deadline(service):
    service.always("forces", Fault("trickle", seconds=0.02))  # each byte in time, the whole never
    start = time.monotonic()
    with pytest.raises(SourceError, match=r"not finished after 0\.3 seconds"):
        forces(service, deadline_s=0.3, attempts=1)
    assert time.monotonic() - start < 5.0


def test_a_flood_is_refused(service):
    service.gzip = True
    service.always("forces", Fault("body", body=b"[" + b" " * 3_000_000))
    with pytest.raises(SourceError, match="over 1,000,000 bytes"):
        forces(service, max_answer_bytes=1_000_000)
    assert len(service.asked("forces")) == 1


def test_packed_answers_are_read(service):
    service.gzip = True
    assert forces(service) == WELL


def test_retry_after_is_kept_to(service):
    service.fault("forces", Fault("status", 429, {"Retry-After": "1"}))
    assert forces(service) == WELL
    first, second = (s.at for s in service.asked("forces"))
    assert 1.0 <= second - first < 5.0


def test_retry_after_may_be_a_date(service):
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    service.fault("forces", Fault("status", 503, {"Retry-After": moment}))
    assert forces(service) == WELL
    first, second = (s.at for s in service.asked("forces"))
    assert 0.8 <= second - first < 6.0  # dates have whole seconds


def test_a_long_retry_after_ends_with_words(service):
    service.always("forces", Fault("status", 429, {"Retry-After": "3600"}))
    with pytest.raises(SourceError, match="wait 3,600 seconds"):
        forces(service)
    assert len(service.asked("forces")) == 1


def test_a_429_holds_back_every_thread(service):
    service.fault("crime-last-updated", Fault("status", 429, {"Retry-After": "1"}))
    with PoliceApi(service.settings()) as api, ThreadPoolExecutor(2) as pool:
        slow = pool.submit(api.last_updated)
        while not limiter_for(
            api.settings
        )._paused_until:  # until the answer, not only the question, has arrived
            time.sleep(0.005)
        api.forces()
        slow.result()
    assert service.asked("forces")[0].at - service.log[0].at >= 0.95


def test_jitter_pulls_threads_apart(service):
    service.fault("forces", *[Fault("status", 502)] * 3)
    forces(service, backoff_first_s=0.1, backoff_max_s=0.2)
    pauses = [b.at - a.at for a, b in pairwise(service.log)]
    assert all(p > 0.04 for p in pauses)  # how long they are beyond that is the machine's affair
    assert len(set(pauses)) == 3


@pytest.mark.parametrize("to", ["forces", "crime-categories"])
def test_redirects_are_refused_loops_and_others(service, to):
    service.always("forces", Fault("redirect", body=to.encode()))
    with pytest.raises(SourceError, match="redirects are refused"):
        forces(service)
    assert [s.path for s in service.log] == ["forces"]


def test_a_refused_question_is_told_from_a_service_that_is_down(service):
    params = (("date", "2025-06"), ("poly", "51,-1:52,-1:52,1"))
    question = Request("crimes-street/all-crime", params, may_be_refused=True)
    service.limit = 0
    with HttpClient(service.settings(), POLICY) as client:
        with pytest.raises(TooLarge, match=r"more than 10,000 crimes .* ask for a smaller area"):
            client.ask(question, bytes)
        assert [s.path for s in service.log] == ["crimes-street/all-crime", "crime-last-updated"]
        service.always("", Fault("status", 503))
        with pytest.raises(SourceError, match=r"in 4 attempts \(last: status 503\)"):
            client.ask(question, bytes)


def test_wrong_types_are_named_and_not_asked_again(service):
    service.always("forces", Fault("change", change=lambda a: [a[0], {"id": 7, "name": "Seven"}]))
    with pytest.raises(SourceError, match=r"forces: record 2, field id is wrong .*got 7"):
        forces(service)
    assert len(service.asked("forces")) == 1


@pytest.mark.parametrize("answer", [b"{}", b"7", b'"x"', b"null", b'[{"id": "x"}]', b"[[]]"])
def test_other_json_is_named(service, answer):
    service.always("forces", Fault("body", body=answer))
    with pytest.raises(SourceError, match=r"forces: .* is wrong"):
        forces(service)


def test_nobody_at_home():
    with FakePolice() as gone:
        settings = gone.settings(attempts=2)
    with PoliceApi(settings) as api, pytest.raises(SourceError, match="refuses connections"):
        api.forces()


def test_says_who_asks(service):
    forces(service, contact="analyst@example.org")
    agent = service.log[0].agent
    assert agent.startswith(f"patrol-core/{__version__} ")
    assert "analyst@example.org" in agent
    assert "Mozilla" not in agent


def test_lists_are_asked_once(service):
    with PoliceApi(service.settings()) as api:
        for _ in range(3):
            assert api.categories() == dict(CATEGORIES)
            assert api.months()[-1] == "2025-12"
    assert sorted(s.path for s in service.log) == ["crime-categories", "crimes-street-dates"]
    assert service.asked("crime-categories")[0].params == {"date": "2025-12"}
    with PoliceApi(service.settings(remember_s=0.0)) as api:
        api.months()
        api.months()
    assert len(service.asked("crimes-street-dates")) == 3


def test_pace_stays_within_what_is_published():
    with FakePolice(paced=True) as service:
        settings = ApiSettings(base_url=service.url)  # the limits used in earnest
        with PoliceApi(settings) as api, ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: api.last_updated(), range(28)))
        times = sorted(s.at for s in service.log)
        assert {s.status for s in service.log} == {200}
        assert service.most_under_way <= 4
    busiest = max(sum(t <= u < t + 1.0 for u in times) for t in times)
    assert busiest <= PUBLISHED_RATE
    assert max(sum(t <= u < t + 0.1 for u in times) for t in times) <= PUBLISHED_BURST / 3
    assert len(times) / (times[-1] - times[0]) > 4  # and not needlessly slow


def test_two_clients_share_one_pace():
    with FakePolice() as service:
        settings = ApiSettings(base_url=service.url, rate_per_s=20, burst=2)
        start = time.monotonic()
        with PoliceApi(settings) as one, PoliceApi(settings) as two, ThreadPoolExecutor(2) as pool:
            for api in (one, two):
                pool.submit(lambda a=api: [a.last_updated() for _ in range(6)])
        assert time.monotonic() - start > (12 - 2) / 20 * 0.95


def test_stop_wakes_whatever_waits(service):
    service.always("forces", Fault("status", 429, {"Retry-After": "60"}))
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    start = time.monotonic()
    with PoliceApi(service.settings(), stop=stop) as api, pytest.raises(PullCancelled):
        api.forces()
    assert time.monotonic() - start < 5.0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"base_url": "http://data.police.uk/api"}, "not encrypted"),
        ({"base_url": "ftp://data.police.uk/api"}, "no address"),
        ({"base_url": "https://data.police.uk/api/"}, "without slash"),
        ({"base_url": "data.police.uk"}, "no address"),
        ({"base_url": "https://me:secret@data.police.uk/api"}, "user name"),
        ({"rate_per_s": 16.0}, "more than the service allows"),
        ({"burst": 31}, "more than the service allows"),
        ({"rate_per_s": 0.0}, "rate_per_s is 0.0"),
        ({"read_timeout_s": float("nan")}, "read_timeout_s is nan"),
        ({"attempts": 0}, "attempts is 0"),
        ({"contact": "a\r\nX-Evil: 1"}, "line break"),
    ],
)
def test_settings_refuse_what_would_do_harm(changes, words):
    with pytest.raises(InputError, match=words):
        ApiSettings(**changes)


def test_settings_by_default_and_by_environment(monkeypatch):
    monkeypatch.delenv("PATROL_POLICE_API_URL", raising=False)
    plain = ApiSettings.from_environment()
    assert plain == ApiSettings()
    assert plain.base_url == "https://data.police.uk/api"
    assert plain.rate_per_s + plain.burst <= PUBLISHED_RATE  # so no second holds more
    assert plain.in_flight <= 4
    monkeypatch.setenv("PATROL_POLICE_API_URL", "http://127.0.0.1:9/api")
    assert ApiSettings.from_environment().base_url == "http://127.0.0.1:9/api"
