import bz2
import gzip
import io
import lzma
import os
import zipfile
from pathlib import Path

import pytest

from evidense.boundary.documents import Form, parsed, read_as
from evidense.boundary.files import Budget, opened, read_bytes, read_text
from evidense.boundary.numbers import finite_number, whole_number
from evidense.boundary.shown import shown, shown_line
from evidense.boundary.strangers import foreign
from evidense.errors import InvalidInput

TEXT = b"q1 Q0 d1 1 2.5 tag\n" * 50


def _zipped(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, TEXT)
    return packed.getvalue()


@pytest.mark.parametrize("name", ["run.trec", "run.trec.gz", "run"])
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress, lambda _: _zipped("run.trec")])
def test_packed_file_is_unpacked_under_any_name(tmp_path: Path, name: str, pack) -> None:
    path = tmp_path / name
    path.write_bytes(pack(TEXT))
    assert read_bytes(path) == TEXT


def test_plain_file_keeps_its_descriptor_for_random_access(tmp_path: Path) -> None:
    (tmp_path / "corpus").write_bytes(TEXT)
    with opened(tmp_path / "corpus") as file:
        assert os.pread(file.fileno(), 5, 3) == TEXT[3:8]
        assert file.read() == TEXT


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_bomb_is_refused_before_it_fills_memory(tmp_path: Path, pack) -> None:
    (tmp_path / "bomb").write_bytes(pack(bytes(1 << 22)))
    with pytest.raises(InvalidInput, match="unpacks to more than 0 MiB"):
        read_bytes(tmp_path / "bomb", budget=Budget(free_bytes=1000, ratio=50))


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("damage", [lambda d: d[:-9], lambda d: d[:400] + b"\xff" * 9 + d[409:]])
def test_damaged_archive_is_named(tmp_path: Path, pack, damage) -> None:
    (tmp_path / "run.gz").write_bytes(damage(pack(os.urandom(999))))
    with pytest.raises(InvalidInput, match="run.gz' is a damaged"):
        read_bytes(tmp_path / "run.gz")


def test_archive_of_several_files_and_a_false_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "two.zip").write_bytes(_zipped("a", "b"))
    (tmp_path / "plain.gz").write_bytes(TEXT)
    with pytest.raises(InvalidInput, match="zip archive of 2 files"):
        read_bytes(tmp_path / "two.zip")
    with pytest.raises(InvalidInput, match="not a gzip file, though its name says so"):
        read_bytes(tmp_path / "plain.gz")


def test_pipe_device_folder_and_missing_file_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, kind in ((tmp_path / "pipe", "a pipe"), (Path("/dev/zero"), "a device"), (tmp_path, "a folder"),
                       (tmp_path / "none", "No such file"), (tmp_path / ("n" * 300), "too long"), (Path("a\0b"), "null")):  # fmt: skip
        with pytest.raises(InvalidInput, match=kind):
            read_bytes(path)


def test_text_that_is_not_utf8_is_named_by_line_and_byte(tmp_path: Path) -> None:
    (tmp_path / "latin1").write_bytes(b"one\ncaf\xe9\n")
    (tmp_path / "marked").write_bytes(b"\xef\xbb\xbfone")
    with pytest.raises(InvalidInput, match="line 2: byte 0xE9 is not UTF-8"):
        read_text(tmp_path / "latin1")
    assert read_text(tmp_path / "marked") == "one"


class Page(Form):
    files: dict[str, str]
    n: int = 0


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("[" * 5000, "recursion limit"),
        ('"\\ud800"', "not JSON"),
        ("9" * 5000, "number out of range"),
        (b'"\xff"', "not JSON"),
        ("", "EOF"),
    ],
)
def test_dangerous_json_is_refused(data, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        parsed(data, "page.json")


def test_model_names_every_wrong_value_at_once() -> None:
    with pytest.raises(InvalidInput) as refusal:
        read_as(Page, '{"files": {"a": 1, "b": null}, "n": "x"}', "page.json")
    assert all(
        words in str(refusal.value) for words in ("'files.a' is 1", "'files.b' is None, nothing", "'n' is 'x', a text")
    )
    with pytest.raises(InvalidInput, match="'files' is missing"):
        read_as(Page, "{}", "page.json")
    with pytest.raises(InvalidInput, match="the whole is 5, a whole number"):
        read_as(Page, "5", "page.json")
    assert read_as(Page, '{"files": {}, "more": 1}', "page.json") == Page(files={})


def test_numbers_are_whole_and_finite_or_none() -> None:
    assert [whole_number(v) for v in ("1", "1.0", "1e0", "-2", 3, 3.0, "0")] == [1, 1, 1, -2, 3, 3, 0]
    wrong = [
        "",
        "x",
        "0.5",
        "nan",
        "inf",
        "1_0",
        "١",
        "1e400",
        "9" * 5000,
        2**31,
        -(2**31) - 1,
        True,
        None,
        [1],
        float("nan"),
    ]
    assert [whole_number(v) for v in wrong] == [None] * len(wrong)
    assert whole_number(2**53 + 1, highest=2**60) == whole_number(str(2**53 + 1), highest=2**60) == 2**53 + 1
    assert finite_number(10**400) is None
    assert finite_number("-.5e-3") == -0.0005


def test_library_error_names_the_file_and_own_errors_pass() -> None:
    class PanicException(BaseException):
        pass

    for error in (ValueError("odd\nwords"), KeyError("files"), RecursionError(), MemoryError(), PanicException("rust")):
        with pytest.raises(InvalidInput, match="^'ids.json' "), foreign("ids.json"):
            raise error
    with pytest.raises(InvalidInput, match="^ours$"), foreign("ids.json"):
        raise InvalidInput("ours")
    with pytest.raises(KeyboardInterrupt), foreign("ids.json"):
        raise KeyboardInterrupt


def test_control_characters_become_visible_and_letters_of_every_script_stay() -> None:
    assert shown("\x1b]0;x\x07 \u202eabc \x7f \u2028 \ud800") == "␛]0;x␇ <U+202E>abc ␡ <U+2028> <U+D800>"
    assert shown_line("a\tb\nc") == "a␉b␊c"
    for text in ("naïve", "日本語", "می\u200cخواهم", "👩\u200d💻", "−.02 ± →", "tab\tand\nline"):
        assert shown(text) == text


def test_json_of_millions_of_lists_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(InvalidInput, match="holds 5,000,002 lists and objects"):
        parsed(b"[" + b"[]," * 5_000_000 + b"[]]", "x.json")
