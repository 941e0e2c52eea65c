"""JSON of unknown make: what Python's own reader lets pass is one sentence here."""

from __future__ import annotations

import json
import time

import pytest

from patrol_core.errors import InputError
from patrol_core.files.strict_json import DEEPEST, load_json, quoted, shown


def test_what_is_json_is_read_as_python_reads_it():
    plain = {"a": [1, -2.5, 1e-300, 10**180, True, None, 'é\n\\"[[[{{'], "b": {"c": []}, "": "\U0001f600"}
    for text in (
        json.dumps(plain),
        json.dumps(plain, ensure_ascii=False).encode(),
        b"\xef\xbb\xbf" + json.dumps(plain).encode(),
    ):
        assert load_json(text, "x.json") == plain
    assert load_json(json.dumps(plain).encode("utf-16"), "x.json") == plain
    assert load_json(b"[" * DEEPEST + b"]" * DEEPEST, "x.json")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "x.json is not JSON .line 1, column 1"),
        ('{"a": 1,\n "b": }', "line 2, column 7.*cut off or damaged"),
        ('{"a": NaN}', "holds NaN, and NaN is no number"),
        ("[-Infinity]", "-Infinity"),
        ('{"a": {"k": 1, "k": 2}}', "the key 'k' twice"),
        ('{\n"a": 1e400}', "at line 2, column 6 .'a'. that is beyond 1.8e308"),
        ("[-1e999999999]", "line 1, column 2"),
        ("[1e-400]", "too small"),
        ("[" + "9" * 5000 + "]", "too many digits"),
        ("[" + "9" * 400 + "]", "1.8e308"),
        ("[0." + "1" * 5000 + "]", "characters"),
        ("[" * 100_000 + "]" * 100_000, "nested too deeply"),
        ('{"a":' * 50 + "1" + "}" * 50, "nested too deeply"),
        ("[" * 100_000, "nested too deeply"),
        (r'{"a": "\ud800"}', r"half of a character"),
        (r'{"\udc00x": 1}', r"half of a character"),
        (b"\xff\xfe\xfa", "not UTF-8"),
        (b'{"a": "\xff"}', "not UTF-8"),
        ('{"' + "k" * 5000 + '": 1, "' + "k" * 5000 + '": 2}', "twice"),
    ],
)
def test_what_is_not_is_one_short_sentence(text, words):
    begin = time.perf_counter()
    with pytest.raises(InputError, match=words) as refused:
        load_json(text, "x.json")
    assert len(str(refused.value)) < 300
    assert "\n" not in str(refused.value)
    assert time.perf_counter() - begin < 2


def test_brackets_and_quotes_in_texts_do_not_count():
    texts = ['["\\""]', '["\\\\", "]"]', '["[[[["]', json.dumps(["[" * 500, '"' * 500, "\\" * 501])]
    for text in texts:
        assert load_json(text, "x.json") == json.loads(text)


@pytest.mark.parametrize(
    "text", ['["' + '\\"' * 200_000, '"' * 200_001, "[" + "1" * 400_000 + "x]", "\\" * 300_000]
)
def test_damaged_text_takes_no_longer_than_whole_text(text):
    begin = time.perf_counter()
    with pytest.raises(InputError):
        load_json(text, "x.json")
    assert time.perf_counter() - begin < 2


def test_size_is_said():
    with pytest.raises(InputError, match=r"x\.json has 1 MB; accepted are up to 1 MB"):
        load_json("[" + "1," * 600_000 + "1]", "x.json", most_bytes=1_000_000)


def test_values_are_shown_short():
    assert shown("é") == '"é"'
    assert quoted("é") == "'é'"
    # Control and direction characters would move the cursor or turn the line of a terminal round.
    assert shown({"a": "t\u009b31m\u202e\u2028"}) == '{"a": "t\\u009b31m\\u202e\\u2028"}'
    assert all(show("\u009b\u202e\x1b").isprintable() for show in (shown, quoted))
    for show in (shown, quoted):
        assert len(show("a" * 500)) == 60
        assert len(show(list(range(500)))) == 60
        assert "cannot be shown" in show(10**5000)
        assert show({1, 2})
