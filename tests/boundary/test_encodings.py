"""Files that are not UTF-8: one line for one cause, with the whole command that mends it, which works as it is typed."""

import gzip
import shutil
import subprocess
from pathlib import Path

import pytest

from evidense.errors import InvalidInput
from evidense.reading.tables.rows import read_table

TEXT = "Query;Document\r\n" + "".join(f"Größe {n};Wie groß ist „{n}“?\r\n" for n in range(8))
WRITTEN = ("cp1252", "utf-32")


def refused(path: Path) -> str:
    with pytest.raises(InvalidInput) as caught:
        table = read_table(path)
        raise InvalidInput.all_of(str(path), table.mistakes)
    return str(caught.value)


@pytest.mark.parametrize("encoding", WRITTEN)
@pytest.mark.parametrize("name", ["German Excel.csv", "a.csv.gz"])
def test_command_in_the_message_converts_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, name: str
) -> None:
    if shutil.which("iconv") is None:
        pytest.skip("no iconv here")
    monkeypatch.chdir(tmp_path)
    data = TEXT.encode(encoding)
    Path(name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    said = refused(Path(name))
    assert len(said.splitlines()) == 1, said
    command = said.split("convert it: ")[1].split(" (7 more")[0]
    assert f"iconv -f {encoding} -t utf-8" in command
    subprocess.run(command, shell=True, check=True, timeout=20)
    written = command.split("> ")[1].strip("'")
    table = read_table(Path(written))
    assert table.rows[0].cells == {"Query": "Größe 0", "Document": "Wie groß ist „0“?"}


def test_damaged_byte_is_not_taken_for_an_encoding(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_bytes(b"query,document\na,caf\xff\n")
    said = refused(tmp_path / "p.csv")
    assert "looks like" not in said
    assert "iconv -f ITS-ENCODING" in said


def test_all_other_mistakes_of_the_file_are_reported_too(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_bytes((TEXT + "one cell\r\n").encode("cp1252"))
    said = refused(tmp_path / "p.csv").splitlines()
    assert len(said) == 3
    assert "line 2, byte 3: 0xF6 is not UTF-8" in said[1]
    assert said[1].endswith("(7 more like it, on lines 3, 4, 5, 6, 7 …)")
    assert "line 10: 1 cells" in said[2]
