#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""make_mutants.py CLANG ROOT OUT FLAG…: a copy of mediator/src in OUT that holds all generic mutants of its core and handlers
behind the switch of switch.hpp, with OUT/mutant_count.hpp and a list of them in OUT/mutants.json. Deterministic."""
import collections
import json
import pathlib
import shutil
import sys

from operators import Collector
from syntax import documents

FOLDERS = ("mediator/src/core", "mediator/src/handlers")
# They instantiate all handlers.
INSTANCE = "sim/platform/instance.cpp"


def sources_below(root):
    files = sorted(path for folder in FOLDERS for path in (root / folder).iterdir() if path.suffix in {".cpp", ".hpp"})
    return {str(path): path.read_bytes() for path in files}


def mutated(text, sites):
    """Where two sites begin in one place, the longer one is outside, of equals the one that was found first."""
    edits = []
    for site in sites:
        length = site.end - site.begin
        if site.before:
            edits.append((site.begin, 2, -length, site.found, site.begin, site.before.format(site.number)))
        if site.after:
            edits.append((site.end, 0, length, -site.found, site.end, site.after.format(site.number)))
        if site.instead:
            begin, end, text_there = site.instead
            edits.append((begin, 1, 0, 0, end, text_there.format(site.number)))
    out, at = [], 0
    for begin, _, _, _, end, put in sorted(edits, key=lambda edit: edit[:4]):
        out += [text[at:begin], put.encode()]
        at = end
    return b"".join([*out, text[at:]])


def describe(root, site, text):
    """One entry a mutant. `line_text` and `column_there` find it again where lines were added above."""
    start = text.rfind(b"\n", 0, site.begin) + 1
    line = text[start:].split(b"\n", 1)[0].decode()
    code = text[site.begin:site.end].decode()
    for offset, name in enumerate(site.names):
        file = str(pathlib.Path(site.file).relative_to(root / "mediator/src"))
        number, column = text.count(b"\n", 0, site.begin) + 1, site.begin - start + 1
        yield {"number": site.number + offset, "id": f"{file}:{number}:{column}:{name}", "file": file, "line": number,
               "column": column, "operator": name, "function": site.function, "code": " ".join(code.split()),
               "line_text": line.strip(), "column_there": column - (len(line) - len(line.lstrip()))}


def tell_apart(entries):
    """Where several of an operator begin in one place (`a && b && c`), the second one, inside of the first, is `logic.2`."""
    seen = collections.Counter()
    for entry in entries:
        seen[entry["id"]] += 1
        if (nth := seen[entry["id"]]) > 1:
            entry["operator"] += f".{nth}"
            entry["id"] += f".{nth}"


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    clang, root, out, flags = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3]), sys.argv[4:]
    sources = sources_below(root)
    collector = Collector(sources)
    for source in [str(root / INSTANCE), *(file for file in sources if file.endswith(".cpp"))]:
        for node in documents(clang, flags, source):
            collector.add_tree(node)
    sites = sorted(collector.sites.values(), key=lambda site: (site.file, site.begin, -site.end, site.names))
    for found, site in enumerate(collector.sites.values()):
        site.found = found
    number = 1
    for site in sites:
        site.number = number
        number += len(site.names)
    tree = out / "mediator/src"
    shutil.rmtree(tree, ignore_errors=True)
    shutil.copytree(root / "mediator/src", tree)
    entries = []
    for file, text in sources.items():
        here = [site for site in sites if site.file == file]
        entries += [entry for site in here for entry in describe(root, site, text)]
        body = b'#include "switch.hpp"\n' + mutated(text, here)
        (tree / pathlib.Path(file).relative_to(root / "mediator/src")).write_bytes(body)
    tell_apart(entries)
    (out / "mutants.json").write_text("[\n" + ",\n".join(json.dumps(entry) for entry in entries) + "\n]\n")
    (out / "mutant_count.hpp").write_text(f"#pragma once\n#include <cstdint>\nconstexpr uint32_t ffasim_mutant_count = {number - 1};\n")
    print(f"{number - 1} mutants in {len(sources)} files")


if __name__ == "__main__":
    try:
        main()
    except (OSError, RuntimeError) as error:
        sys.exit(f"make_mutants.py: {error}")
