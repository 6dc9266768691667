"""Files of the release of LiteTransformerSearch: a folder of sets, or an archive of it.

A set is a folder of YAML files: summaries (`ppl_summary.yaml`, `params_summary.yaml`, and of
measured sets `latency_summary.yaml` and `memory_summary.yaml`) with one entry per network, and the
networks' `model_config.yaml` in folders such as `config_3/j4` or `M7`.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.importers.tar_members import tar_members
from nni_nlp_bench.benchmarks.importers.zip_members import MAX_MEMBER_BYTES, zip_members
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import is_file, is_folder, list_tree, open_input, read_bytes

SETS: Mapping[str, str] = {
    "random_GPT2_wt103": "gpt2-wt103",
    "random_GPT2_lm1b": "gpt2-lm1b",
    "random_TransXL_wt103": "txl-wt103",
    "random_TransXL_lm1b": "txl-lm1b",
    "random_TransXL_wt103_homogeneous": "txl-wt103-homogeneous",
    "pareto_GPT2_lm1b_arm": "gpt2-lm1b-arm",
    "pareto_GPT2_lm1b_corei7": "gpt2-lm1b-corei7",
    "pareto_GPT2_lm1b_titanxp": "gpt2-lm1b-titanxp",
    "pareto_TransXL_lm1b_arm": "txl-lm1b-arm",
    "pareto_TransXL_lm1b_corei7": "txl-lm1b-corei7",
    "pareto_TransXL_lm1b_titanxp": "txl-lm1b-titanxp",
}
"""Name here of each set, by its folder in the release."""
CONFIGURATION = "model_config.yaml"
SUFFIX = ".yaml"

Files: TypeAlias = Mapping[str, bytes]
"""Contents by path within the folder of a set, such as `M7/model_config.yaml`."""


def read_sets(source: Path) -> dict[str, Files]:
    """Return the files of each set in a folder or an archive, by the set's name here.

    The source may be the folder of one set, or hold sets at any depth.

    Raises:
        BenchmarkError: There is no set, a set is there twice, or the source is damaged, malicious
            or beyond the limits.
    """
    found: dict[str, dict[str, bytes]] = {}
    for path, content in _files(source):
        # The innermost folder with the name of a set; the source itself may be one.
        parts = (source.absolute().name.partition(".")[0], *PurePosixPath(path).parts)
        places = [i for i, part in enumerate(parts[:-1]) if part in SETS]
        if places:
            files = found.setdefault(SETS[parts[places[-1]]], {})
            inside = "/".join(parts[places[-1] + 1 :])
            if inside in files:
                raise BenchmarkError(f"{source} holds {parts[places[-1]]}/{inside} more than once")
            files[inside] = content
    if not found:
        raise BenchmarkError(
            f"{source} holds no set of LiteTransformerSearch: name a folder such as "
            f"{next(iter(SETS))}, one that holds such folders, or an archive of it"
        )
    return {name: found[name] for name in SETS.values() if name in found}


def _files(source: Path) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of the YAML files."""
    if is_folder(source):
        for path in list_tree(source):
            if path.suffix == SUFFIX and is_file(path):
                name = path.relative_to(source).as_posix()
                yield name, read_bytes(path, MAX_MEMBER_BYTES, BenchmarkError)
    elif _is_zip(source):
        for name, content, _ in zip_members(source):
            if name.endswith(SUFFIX):
                if content is None:
                    raise BenchmarkError(f"{source}: the member {name[:200]!r} is damaged")
                yield name, content
    else:
        yield from tar_members(source, SUFFIX)


def _is_zip(source: Path) -> bool:
    with open_input(source, BenchmarkError) as stream:
        return zipfile.is_zipfile(stream)


def tree_id(source: Path) -> str:
    """Return the git id of the release's folder in an archive: 40 hex digits.

    It is that of a tree of the sets and their files, all of mode 100644, as git computes it. The
    text `unreadable` takes its place if the source is no archive of sets.
    """
    try:
        sets = read_sets(source)
    except UserError:
        return "unreadable"
    folders = {here: folder for folder, here in SETS.items()}
    files = {
        f"{folders[name]}/{path}": content
        for name, of_set in sets.items()
        for path, content in of_set.items()
    }
    return git_tree(files).hex()


def git_tree(files: Mapping[str, bytes]) -> bytes:
    """Return the git object id (20 bytes) of a tree with these files, by path."""
    folders: dict[str, dict[str, bytes]] = {}
    entries: list[tuple[str, bytes, bytes]] = []
    for path, content in files.items():
        name, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(name, {})[rest] = content
        else:
            entries.append((name, b"100644", _object("blob", content)))
    # Git sorts a folder as if its name ended with a slash.
    entries += [(f"{name}/", b"40000", git_tree(inside)) for name, inside in folders.items()]
    lines = [
        mode + b" " + name.removesuffix("/").encode() + b"\0" + of
        for name, mode, of in sorted(entries)
    ]
    return _object("tree", b"".join(lines))


def _object(kind: str, content: bytes) -> bytes:
    header = f"{kind} {len(content)}\0".encode()
    return hashlib.sha1(header + content, usedforsecurity=False).digest()
