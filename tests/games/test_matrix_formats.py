"""Matrix games as files: what is written reads back to the last digit, and what is wrong is named with its place."""

from __future__ import annotations

import contextlib
import io
import json
import pickle
import struct
import time
import zipfile

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from patrol_core.errors import InputError
from patrol_core.games.matrix.formats import FORMATS, read_matrix, write_matrix
from patrol_core.games.matrix.game import MatrixGame, random_game
from patrol_core.games.matrix.pickle_convert import read_pickle

floats = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(
    st.characters(exclude_categories=("Cc", "Cs")) | st.sampled_from('"\\{}#[]:é\u2028 '), max_size=8
)


@st.composite
def games(draw) -> MatrixGame:
    size = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    row = draw(arrays(float, size, elements=floats))
    column = draw(st.none() | arrays(float, size, elements=floats))
    labels = [draw(st.none() | st.tuples(*[texts] * count)) for count in size]
    return MatrixGame(row, column, *labels, title=draw(texts))


def same(one, other) -> None:
    assert one.row.tobytes() == other.row.tobytes() or np.array_equal(one.row, other.row)
    assert one.zero_sum == other.zero_sum
    assert np.array_equal(one.column_payoffs, other.column_payoffs)
    assert (one.row_labels, one.column_labels, one.title) == (
        other.row_labels,
        other.column_labels,
        other.title,
    )


@pytest.mark.parametrize("kind", FORMATS)
@settings(derandomize=True, deadline=None, max_examples=80)
@given(game=games())
def test_every_format_keeps_everything(kind, game):
    content = write_matrix(game, kind)
    same(game, read_matrix(f"game.{kind}", content))
    same(game, read_matrix("-", content))


@pytest.mark.parametrize("kind", FORMATS)
def test_signs_and_extremes_survive(kind):
    game = MatrixGame([[5e-324, 1.7976931348623157e308], [-0.1, 0.1 + 0.2]], [[1 / 3, -1e-17], [0.0, 1e22]])
    read = read_matrix(f"x.{kind}", write_matrix(game, kind))
    assert read.row.tobytes() == game.row.tobytes()
    assert read.column.tobytes() == game.column.tobytes()


@pytest.mark.parametrize("zero_sum", [True, False])
def test_pygambit_reads_the_same_payoffs(zero_sum):
    pygambit = pytest.importorskip("pygambit")
    drawn = random_game(4, 3, 7, zero_sum)
    game = MatrixGame(drawn.row, drawn.column, ("a", 'b "x"', "c", "d"), None, 'a "title"')
    read = pygambit.read_nfg(io.BytesIO(write_matrix(game, "nfg")))
    mine, theirs = (np.array(table, dtype=float) for table in read.to_arrays())
    assert np.array_equal(mine, game.row)
    assert np.array_equal(theirs, game.column_payoffs)
    assert read.title == game.title


def test_what_pygambit_writes_is_read():
    """Gambit itself writes the outcome version."""
    pygambit = pytest.importorskip("pygambit")
    game = MatrixGame([[1, 2], [3, 4], [5, 6]], [[0, 1], [1, 0], [7, 0.25]], ("a", "b", "c"), title="made")
    written = pygambit.read_nfg(io.BytesIO(write_matrix(game, "nfg"))).to_nfg()
    assert '"6" 6.0, 0.25' in written
    same(game, read_matrix("x.nfg", written.encode()))


# -- Gambit -----------------------------------------------------------------------------------------

HEAD = 'NFG 1 R "t" { "A" "B" } '


def test_gambits_own_example():
    """Documented as e02.nfg: the first player's strategy changes fastest."""
    game = read_matrix(
        "e02.nfg", b'NFG 1 R "Selten" \n{ "Player 1" "Player 2" } { 3 2 }\n\n1 1 0 2 0 2 1 1 0 3 2 0\n'
    )
    assert game.row.tolist() == [[1, 1], [0, 0], [0, 2]]
    assert game.column.tolist() == [[1, 1], [2, 3], [2, 0]]


def test_nfg_labels_comment_fractions_commas_and_escapes():
    text = r'NFG 1 D "a \"q\" \\ b" { "A" "B" } { { "u\"p" "down" } { "l" } } "a comment" 1/3, -2 .5 1e-3'
    game = read_matrix("x.nfg", text.encode())
    assert game.title == 'a "q" \\ b'
    assert game.row_labels == ('u"p', "down")
    assert game.column_labels == ("l",)
    assert game.row.tolist() == [[1 / 3], [0.5]]
    assert game.column.tolist() == [[-2.0], [0.001]]


def test_nfg_outcomes_with_none():
    game = read_matrix("x.nfg", (HEAD + '{ 2 2 } "" { { "" 1, 2 } { "" 3 1/4 } } 1 0 2 1').encode())
    assert game.row.tolist() == [[1, 3], [0, 1]]
    assert game.column.tolist() == [[2, 0.25], [0, 2]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("NFG 2 R", ["line 1, column 5", "version 1"]),
        ("NFG 1 X", ["line 1, column 7", "R or D"]),
        ("NFG 1 R 5", ["line 1, column 9", "title"]),
        ('NFG 1 R "t" { "A" "B" "C" } { 1 1 1 } 0 0 0', ["line 1, column 13", "3 players"]),
        (HEAD + "{ 1 }", ["column 25", "[1]"]),
        (HEAD + "{ 0 1 }", ["[0, 1]"]),
        (HEAD + "{ 2 1 }\n1 2\n3 x", ["line 3, column 3", "payoff 4 of 4"]),
        (HEAD + "{ 2 1 }\n1 2 3", ["line 2, column 6", "4 payoffs", "after 3"]),
        (HEAD + "{ 1 1 }\n1 2 3", ["line 2, column 5", "more follow"]),
        (HEAD + "{ 1 1 }\n1 1/0", ["line 2, column 3", "zero"]),
        (HEAD + "{ 1 1 }\n1 1e999", ["line 2, column 3", "1e999"]),
        (HEAD + "{ 1 1 }\n1 1_0", ["line 2, column 3"]),
        (HEAD + "{ 1 1 }\n1 nan", ["line 2, column 3", "nan"]),
        (HEAD + '{ 1 1 }\n{ { "" 1 2 } }\n2', ["line 3, column 1", "outcome 2"]),
        (HEAD + '{ 1 1 }\n{ { "" 1 2 }', ["line 2, column 13", "after the outcomes"]),
        (HEAD + "{ 9000000 9000000 } 1", ["9,000,000 x 9,000,000", "GB"]),
        ('NFG 1 R "t { "A', ["line 1"]),
    ],
)
def test_a_bad_nfg_names_the_place(text, words):
    with pytest.raises(InputError) as caught:
        read_matrix("x.nfg", text.encode())
    assert all(word in str(caught.value) for word in words), caught.value


# -- GAMUT ------------------------------------------------------------------------------------------


def test_gamuts_own_shape():
    text = (
        "# Generated by GAMUT v1.0.1\n# A Game\n# Players:\t2\n# Actions:\t2 2\n# players:\t2\n# actions:\t[2, 2]\n"
        "[1  1] :\t[ 1.5 -2.0 ]\n[2  1] :\t[ 3.0 4.0 ]\n[1  2] :\t[ 5.0 6.0E-3 ]\n[2  2] :\t[ 7.0 8.0 ]\n"
    )
    game = read_matrix("BoS.game", text.encode())
    assert game.row.tolist() == [[1.5, 5.0], [3.0, 7.0]]
    assert game.column.tolist() == [[-2.0, 0.006], [4.0, 8.0]]


@pytest.mark.parametrize("line", ["[{} {}] :\t[{}]", "[{} {}]: {}", "[{} {}] {}", "[{}, {}] :\t[ {} ]\r"])
def test_counting_from_0_and_one_payoff(line):
    text = "\n".join(line.format(i, j, 10 * i + j) for i in range(2) for j in range(3))
    game = read_matrix("guard.game", text.encode())
    assert game.zero_sum
    assert game.row.tolist() == [[0, 1, 2], [10, 11, 12]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[1 1] : [ 1 2 ]\n[1 2 : [ 1 2 ]", ["line 2, column 6", "] and :"]),
        ("[1 1] : [ x 2 ]", ["line 1, column 11", "row player's payoff", "x 2"]),
        ("[1 1] : [ 1 2 3 ]", ["line 1, column 15"]),
        ("hello", ["line 1, column 1", "hello"]),
        ("[1 1] : [ 1 2 ]\n[1 1] : [ 1 2 ]", ["line 2", "second time"]),
        ("[1 1] : [ 1 2 ]\n[2 2] : [ 1 2 ]", ["[1 2]", "2 of 4"]),
        ("# Actions: 1 2\n[1 1] : [ 1 2 ]\n[1 3] : [ 1 2 ]", ["line 3", "outside"]),
        ("# Players: 3\n", ["line 1", "3 players"]),
        ("# Actions: 2 2 2\n", ["line 1", "3 players"]),
        ("[1 1] : [ 1 2 ]\n[1 2] : [ 1 ]", ["line 2", "one payoff"]),
        ("[1 1] : [ 1e999 2 ]", ["line 1, column 11", "1.8e308"]),
        ("# Actions: 900000 900000\n[1 1] : [ 1 2 ]", ["900,000", "GB"]),
        ("# nothing\n", ["no cells"]),
    ],
)
def test_a_bad_gamut_file_names_the_place(text, words):
    with pytest.raises(InputError) as caught:
        read_matrix("x.game", text.encode())
    assert all(word in str(caught.value) for word in words), caught.value


# -- JSON -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"row": [[1]], "rows": 3}', ["rows", "row, column"]),
        ('{"column": [[1]]}', ["lacks 'row'"]),
        ('{"row": [[1, 2], [3]]}', ["2 payoffs in row 1", "1 in row 2"]),
        ('{"row": [[1, "a"]]}', ['"a"', "row 1, column 2"]),
        ('{"row": [[1, true]]}', ["true", "row 1, column 2"]),
        ('{"row": [1, 2]}', ["not a table"]),
        ('{"row": []}', ["not a table"]),
        ('{"row": [[NaN]]}', ["NaN"]),
        ('{"row": [[1e999]]}', ["line 1, column 11", "1.8e308"]),
        ('{"row": [[1' + "0" * 400 + "]]}", ["1.8e308"]),
        ('{"row": [[1]], "row": [[2]]}', ["'row'", "twice"]),
        ('{"row": [[1]\n}', ["line 2, column 1"]),
        ('{"row": [[1]], "column": [[1, 2]]}', ["1 x 1", "1 x 2"]),
        ('{"row": [[1]], "title": 3}', ["title"]),
        ('{"row": [[1]], "row_labels": "a"}', ["row_labels"]),
        ('{"row": [[1]], "row_labels": [3]}', ["row_labels"]),
    ],
)
def test_a_bad_document_names_the_place(text, words):
    with pytest.raises(InputError) as caught:
        read_matrix("x.json", text.encode())
    assert all(word in str(caught.value) for word in words), caught.value


# -- arrays -----------------------------------------------------------------------------------------


def npz(**held) -> bytes:
    file = io.BytesIO()
    np.savez(file, **held)
    return file.getvalue()


def h5(**held) -> bytes:
    file = io.BytesIO()
    with h5py.File(file, "w") as made:
        for name, value in held.items():
            made[name] = value
    return file.getvalue()


TABLE = np.array([[1.0, -2.0], [0.5, 3.0]])


@pytest.mark.parametrize("write", [npz, h5])
@pytest.mark.parametrize(
    ("row", "column"),
    [("defender_utility", "attacker_utility"), ("defender_utility_matrix", "attacker_utility_matrix")],
)
def test_other_names_of_the_payoffs(write, row, column):
    kind = write.__name__
    game = read_matrix(f"x.{kind}", write(**{row: TABLE, column: TABLE * 2, "paths": np.arange(3)}))
    assert np.array_equal(game.row, TABLE)
    assert np.array_equal(game.column, TABLE * 2)
    assert read_matrix(f"x.{kind}", write(**{row: TABLE, column: -TABLE})).zero_sum
    assert np.array_equal(read_matrix(f"x.{kind}", write(utility_matrix=TABLE)).row, TABLE)


@pytest.mark.parametrize("write", [npz, h5])
@pytest.mark.parametrize(
    ("held", "words"),
    [
        ({"other": TABLE}, ["other", "defender_utility"]),
        ({"row": TABLE[0]}, ["row", "shape"]),
        ({"row": TABLE > 0}, ["row", "bool"]),
        ({"row": TABLE + 1j}, ["row", "complex"]),
        ({"row": np.array([[b"a"]])}, ["row", "S1"]),
        ({"row": np.full((1, 1), np.inf)}, ["row 1, column 1"]),
        ({"row": TABLE, "row_labels": np.arange(2)}, ["row_labels", "texts"]),
    ],
)
def test_bad_arrays_are_refused(write, held, words):
    with pytest.raises(InputError) as caught:
        read_matrix(f"x.{write.__name__}", write(**held))
    assert all(word in str(caught.value) for word in words), caught.value


class Bomb:
    """Runs something when it is unpickled."""

    def __reduce__(self):
        return (pytest.fail, ("the file ran a function",))


def test_npz_with_objects_is_refused_without_loading_them():
    content = npz(row=np.array([[Bomb(), 1]], dtype=object))
    with pytest.raises(InputError, match="objects"):
        read_matrix("x.npz", content)
    with pytest.raises(InputError, match="texts"):
        read_matrix("x.npz", npz(row=TABLE, title=np.array([Bomb()], dtype=object)))


def test_npz_that_lies_about_its_size_is_refused():
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"shape": (10**6, 10**6), "fortran_order": False, "descr": "<f8"}
    )
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("row.npy", header.getvalue())
    with pytest.raises(InputError, match="GB"):
        read_matrix("x.npz", file.getvalue())
    with pytest.raises(InputError, match="damaged"):
        read_matrix("x.npz", npz(row=TABLE)[:-30])
    with pytest.raises(InputError, match=r"row|damaged"):
        read_matrix("x.npz", npz(row=TABLE).replace(b"NUMPY", b"NUMPX"))


def test_h5_that_points_elsewhere_is_refused(tmp_path):
    other = tmp_path / "other.h5"
    other.write_bytes(h5(row=TABLE))
    raw = tmp_path / "raw.bin"
    raw.write_bytes(TABLE.tobytes())

    def made(build) -> bytes:
        file = io.BytesIO()
        with h5py.File(file, "w") as target:
            build(target)
        return file.getvalue()

    def linked(target):
        target["row"] = h5py.ExternalLink(str(other), "/row")

    def soft(target):
        target["held"] = TABLE
        target["row"] = h5py.SoftLink("/held")

    def external(target):
        target.create_dataset("row", (2, 2), "f8", external=[(str(raw), 0, 32)])

    def virtual(target):
        layout = h5py.VirtualLayout((2, 2), "f8")
        layout[:] = h5py.VirtualSource(str(other), "row", (2, 2))
        target.create_virtual_dataset("row", layout)

    def group(target):
        target.create_group("row")

    def huge(target):
        target.create_dataset("row", (10**6, 10**6), "f8", chunks=(10, 10))

    def words(target):
        target.create_dataset("row", data=[["a"]], dtype=h5py.string_dtype())

    for build, said in (
        (linked, "link"), (soft, "link"), (external, "other files"), (virtual, "other files"),
        (group, "group"), (huge, "GB"), (words, "object"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=said):
            read_matrix("x.h5", made(build))
    with pytest.raises(InputError, match="damaged"):
        read_matrix("x.h5", h5(row=TABLE)[:600])


def npy(shape: str, data: bytes = b"", descr: str = "<f8") -> bytes:
    """An .npy file with this very text as its shape."""
    header = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def zipped(packing: int = zipfile.ZIP_DEFLATED, **members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as archive:
        for name, content in members.items():
            archive.writestr(f"{name}.npy", content)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (zipped(row=npy("(2, 2")), "no readable header"),
        (zipped(row=npy("(2, __import__('os'))")), "no readable header"),
        (zipped(row=npy("(-2, -2)")), "shape|at least one|cannot be read"),
        (zipped(row=npy("(" + "9" * 30 + ", 1)")), "GB"),
        (zipped(row=npy("(2, 2)", b"\0" * 8)), "cannot be read"),
        (zipped(row=npy("(2, 2)", b"\0" * 64, "<c16")), "complex128"),
        (zipped(row=npy("(2, 2)", np.full(4, np.nan).tobytes())), "nan in row 1, column 1"),
        (zipped(row=npy("(2, 2)", b"\0" * 32), title=npy("(1, 2")), "title .*no readable header"),
        (zipped(row=npy("(2, 2)", b"\0" * 32), row_labels=npy("(2,)", b"", "<U100000000")), "list of texts"),
        (zipped(row=npy("(3000, 3000)", bytes(72_000_000))), "unpacks 0.1 MB to 72 MB"),
    ],
)  # fmt: skip
def test_damaged_and_packed_arrays_are_refused(content, words):
    with pytest.raises(InputError, match=words) as refused:
        read_matrix("x.npz", content)
    assert len(str(refused.value)) < 300


def test_every_byte_of_an_array_file_may_be_wrong():
    for content, name in ((npz(row=TABLE, column=TABLE), "x.npz"), (h5(row=TABLE), "x.h5")):
        rng = np.random.default_rng(1)
        for _ in range(150):
            damaged = bytearray(content)
            for at in rng.integers(0, len(damaged), 3):
                damaged[at] ^= 1 << int(rng.integers(0, 8))
            content_now = bytes(damaged[: rng.integers(1, len(damaged))] if rng.random() < 0.3 else damaged)
            with contextlib.suppress(InputError):  # whatever else is raised fails the test
                read_matrix(name, content_now)


def test_h5_that_holds_less_than_it_says_is_refused():
    file = io.BytesIO()
    with h5py.File(file, "w") as target:
        target.create_dataset("row", (8000, 8000), "f8", chunks=(1000, 1000))
    with pytest.raises(InputError, match=r"unpacks 0\.0 MB to 512 MB"):
        read_matrix("x.h5", file.getvalue())


# -- what would freeze ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.nfg", 'NFG 1 R "t" {"A" "B"} {1 1} "" 1e-99999999/3 0'),
        ("x.nfg", 'NFG 1 R "t" {"A" "B"} {1 1} {{"" 1 1/' + "9" * 100_000 + "}} 1"),
        ("x.nfg", 'NFG 1 R "t" {"A" "B"} {1 1} ' + "9" * 100_000 + "x 0"),
        ("x.nfg", 'NFG 1 R "t" {"A" "B"} {' + "9" * 100_000 + " 1} 0"),
        ("x.nfg", 'NFG 1 R "' + "\\a" * 100_000),
        ("x.nfg", 'NFG 1 R "t" {"A" "B"} {1 1} \u00a0' + "\u00a0" * 50),
        ("x.game", "[1 1] : [ " + "9" * 100_000 + "x 1 ]"),
        ("x.game", "[1 1] : [ 1" + " " * 100_000 + "x"),
        ("x.game", "[1 1]" + " " * 100_000 + "x"),
        ("x.game", "# Players:" + " " * 100_000 + "x\n[1 1] : [ 1e-99999999 0 ]"),
        ("x.game", "# Actions: " + "9" * 5000 + " 2\n[1 1] : [ 1 0 ]"),
        ("x.game", "# patrol title: " + "[" * 100_000 + "\n[1 1] : [ 1 0 ]"),
        ("x.json", '{"row": [[1e-99999999, 1]]}'),
    ],
)
def test_hostile_text_is_refused_in_no_time(name, text):
    begin = time.perf_counter()
    with pytest.raises(InputError) as refused:
        read_matrix(name, text.encode())
    assert time.perf_counter() - begin < 2
    assert len(str(refused.value)) < 300


# -- the form ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["x.json", "-"])
@pytest.mark.parametrize("text", ["[[3, 0], [1, 2]]", "\n [\n [3.0,0],\n [1,2] ]", "\ufeff[[3,0],[1,2]]"])
def test_a_bare_table_is_a_zero_sum_game(name, text):
    game = read_matrix(name, text.encode())
    assert game.zero_sum
    assert game.row.tolist() == [[3.0, 0.0], [1.0, 2.0]]


@pytest.mark.parametrize(
    "text",
    [
        "[]", "[1, 2]", "[[]]", "[[1, 2], [3]]", "[[[1, 2], [3, 4]], [[1, 2], [3, 4]]]", "[[1, 2], 3]", "null", "3", '"row"',
        '{"matrix": [[1]]}', '{"payoffs": [[1]]}', '{"column": [[1]]}', '{"row": {"a": 1}}', '[{"row": [[1]]}]', "{}",
    ],
)  # fmt: skip
def test_another_form_is_answered_with_the_form(text):
    with pytest.raises(InputError, match=r'[{]"row": \[\[3, -1\], \[0, 2\]\]'):
        read_matrix("x.json", text.encode())


def test_lists_of_json_and_cells_of_gamut_are_told_apart():
    for text in ("[1 1] : [ 0.5 -0.5 ]", "[1, 1] : 0.5", "[1 1] [ 2 -2 ]", "[ 1 1 ]:[ 2 -2 ]"):
        assert read_matrix("-", text.encode()).shape == (1, 1)
    with pytest.raises(InputError, match="holds json data"):
        read_matrix("x.game", b"[[1, 2]]")
    with pytest.raises(InputError, match="holds game data"):
        read_matrix("x.json", b"[1 1] : [ 1 -1 ]")


# -- the door ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("x.npz", b'{"row": [[1]]}', ["named .npz", "json"]),
        ("x.txt", b"hello", [".json", ".nfg"]),
        ("x.json", b"  ", ["empty"]),
        ("x.pkl", pickle.dumps([[1.0]]), ["pickle", "convert-pickle"]),
        ("-", pickle.dumps([[1.0]]), ["pickle", "convert-pickle"]),
    ],
)
def test_what_is_no_game_is_refused(name, content, words):
    with pytest.raises(InputError) as caught:
        read_matrix(name, content)
    assert all(word in str(caught.value) for word in words), caught.value


def test_an_unknown_format_is_refused():
    with pytest.raises(InputError, match="json, npz, h5, nfg, game"):
        write_matrix(random_game(1, 1, 0), "xlsx")


# -- pickles ----------------------------------------------------------------------------------------

CELLS = np.arange(6.0).reshape(2, 3) / 7


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_pickle_of_arrays_is_converted(protocol, order):
    mine, theirs = np.array(CELLS, order=order), np.array(CELLS**2, order=order)
    for held in (
        (theirs, mine),  # GUARD: the attacker's first
        {
            "attacker_utility_matrix": theirs,
            "defender_utility_matrix": mine,
            "targets": [1, 2],
            "actions": {3},
        },
        {
            "schedule_form": {
                "attacker_utility_matrix": theirs,
                "defender_utility_matrix": mine,
                "n": np.float64(2),
            }
        },
    ):
        game = read_pickle(pickle.dumps(held, protocol))
        assert np.array_equal(game.row, mine)
        assert np.array_equal(game.column, theirs)
    for held in (mine, mine.tolist(), {"utility_matrix": mine}, mine.astype(">f4").astype(">f8")):
        assert read_pickle(pickle.dumps(held, protocol)).zero_sum
    assert np.array_equal(read_pickle(pickle.dumps(mine.astype(">i2"), protocol)).row, mine.astype(int))


def attack(module, name, argument) -> bytes:
    """A protocol 0 pickle that calls module.name(argument)."""
    return f"c{module}\n{name}\n(V{argument}\ntR.".encode()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("builtins", "eval"),
        ("builtins", "getattr"),
        ("numpy", "load"),
        ("numpy.core.multiarray", "fromfile"),
        ("numpy._core.multiarray", "__getattr__"),
        ("collections", "OrderedDict"),
    ],
)
def test_a_hostile_pickle_is_refused_by_name(module, name, tmp_path):
    proof = tmp_path / "proof"
    with pytest.raises(InputError, match=rf"{module}\.{name}"):
        read_pickle(attack(module, name, f"touch {proof}"))
    assert not proof.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04",
        b"garbage",
        pickle.dumps("text"),
        pickle.dumps((1, 2)),
        pickle.dumps({"x": 1}),
        pickle.dumps([[1, 2], [3]]),
        pickle.dumps(np.array([[None]], dtype=object)),
        pickle.dumps(np.array([["a"]])),
        pickle.dumps(np.zeros((2, 2)))[:-20],
        attack("numpy", "dtype", "O8"),
        b"Pabc\n.",
        b"\x80\x04r" + struct.pack("<I", 2**31) + b".",
    ],
)
def test_a_pickle_that_is_no_game_is_refused(content):
    with pytest.raises(InputError):
        read_pickle(content)


def test_converted_arrays_solve_like_the_original():
    game = read_pickle(pickle.dumps((CELLS**2, CELLS)))
    assert json.loads(write_matrix(game, "json"))["row"] == CELLS.tolist()


def test_published_general_sum_files_name_the_attacker_first():
    head = "# Generated by RealGame v1.0\n# Players: 2\n# Actions: 1 2\n"
    game = read_matrix("park.game", (head + "[0 0] :\t[3.0 -1.0]\n[0 1] :\t[4.0 -2.0]\n").encode())
    assert game.row.tolist() == [[-1.0, -2.0]]
    assert game.column_payoffs.tolist() == [[3.0, 4.0]]
    plain = read_matrix(
        "park.game", (head.split("\n", 1)[1] + "[0 0] :\t[3.0 -1.0]\n[0 1] :\t[4.0 -2.0]\n").encode()
    )
    assert plain.row.tolist() == [[3.0, 4.0]]


@pytest.mark.parametrize("header", [b"{'descr': '<f8', 'shape': (2, 2", b"[1", b"\xff\xfe", b"((((", b"'"])
def test_a_damaged_header_of_an_array_is_told_without_the_words_of_the_reader(header):
    entry = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("row.npy", entry)
    with pytest.raises(InputError) as caught:
        read_matrix("game.npz", file.getvalue())
    assert str(caught.value) == "row in the .npz file has no readable header: save it again with numpy.savez."
