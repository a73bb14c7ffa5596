"""Makes the packages of this folder, for pip and its like (PEP 517, PEP 660), with nothing but the standard library.

So `pip install ./clients/python` needs no package index, and no right to write into this folder: a backend such as
setuptools would have to be fetched first, and leaves its own files beside the sources. Equal sources make equal wheels.
"""

import base64
import hashlib
import io
import os
import re
import tarfile
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.join(HERE, "src")
SDIST = ["METADATA.txt", "README.md", "pyproject.toml", "wheel_backend.py", "src", "tests"]
LEFT_OUT = re.compile(r"\.pyc$|^\.|__pycache__|\.egg-info")
WHEEL = "Wheel-Version: 1.0\nGenerator: bide\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
SCRIPTS = "[console_scripts]\nbide-python = bide.__main__:main\n"
LONG_AGO = (1980, 1, 1, 0, 0, 0)


def get_requires_for_build_wheel(config_settings=None):
    return []


get_requires_for_build_sdist = get_requires_for_build_editable = get_requires_for_build_wheel


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return _write_wheel(wheel_directory, _files(SOURCES, "bide"))


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return _write_wheel(wheel_directory, [("bide.pth", f"{SOURCES}\n".encode())])


def build_sdist(sdist_directory, config_settings=None):
    folder = f"bide-{_version()}"
    name = f"{folder}.tar.gz"
    files = [("PKG-INFO", _metadata()), *(file for path in SDIST for file in _files(HERE, path))]
    with tarfile.open(os.path.join(sdist_directory, name), "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for path, data in files:
            entry = tarfile.TarInfo(f"{folder}/{path}")
            entry.size = len(data)
            entry.mode = 0o644
            archive.addfile(entry, io.BytesIO(data))
    return name


def _write_wheel(directory, files):
    version = _version()
    info = f"bide-{version}.dist-info"
    name = f"bide-{version}-py3-none-any.whl"
    about = {"METADATA": _metadata(), "WHEEL": WHEEL.encode(), "entry_points.txt": SCRIPTS.encode()}
    files = [*files, *((f"{info}/{path}", data) for path, data in about.items())]
    record = "".join(f"{path},{_hash(data)},{len(data)}\n" for path, data in files) + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(os.path.join(directory, name), "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in [*files, (f"{info}/RECORD", record.encode())]:
            entry = zipfile.ZipInfo(path, LONG_AGO)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, data)
    return name


def _hash(data):
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def _files(root, path):
    """Names below `root`, with slashes, and what stands in them."""
    full = os.path.join(root, path)
    if not os.path.isdir(full):
        with open(full, "rb") as file:
            return [(path, file.read())]
    names = sorted(name for name in os.listdir(full) if not LEFT_OUT.search(name))
    return [file for name in names for file in _files(root, f"{path}/{name}")]


def _version():
    [(_, text)] = _files(SOURCES, "bide/_version.py")
    return re.search(rb'__version__ = "([^"]+)"', text).group(1).decode()


def _metadata():
    [(_, head)], [(_, body)] = _files(HERE, "METADATA.txt"), _files(HERE, "README.md")
    return head.replace(b"VERSION", _version().encode()) + b"\n" + body
