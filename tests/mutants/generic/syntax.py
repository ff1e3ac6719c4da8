# SPDX-License-Identifier: BSD-3-Clause
"""The syntax tree that clang has of a source, with each node's place in its file."""
import json
import subprocess


class Place:
    """Half-open range of bytes of a file that somebody wrote: no body of a macro."""

    def __init__(self, file, begin, end):
        self.file, self.begin, self.end = file, begin, end


def documents(clang, flags, source):
    """The declarations of namespace `mediator` that a source sees, one by one, without system headers."""
    command = [clang, *flags, "-w", "-fsyntax-only", "-Xclang", "-ast-dump=json", "-Xclang", "-ast-dump-filter=mediator", source]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{source}: {clang} does not take it: {done.stderr.strip().splitlines()[:1]}")
    text, at, decoder = done.stdout, 0, json.JSONDecoder()
    files = _Files()
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        node, at = decoder.raw_decode(text, at)
        files.name_all(node)
        yield node


class _Files:
    """A place names its file only where it is another one than that of the place before it."""

    def __init__(self):
        self.last = None

    def name_all(self, node):
        for key, value in node.items():
            if key == "loc":
                self._name(value)
            elif key == "range":
                self._name(value["begin"])
                self._name(value["end"])
            elif key == "inner":
                for child in value:
                    self.name_all(child)

    def _name(self, place):
        for part in ("spellingLoc", "expansionLoc"):
            if part in place:
                self._name(place[part])
        if "offset" in place:
            self.last = place["file"] = place.get("file", self.last)


def _written(point):
    if "offset" in point:
        return point
    if point.get("expansionLoc", {}).get("isMacroArgExpansion"):
        return point["spellingLoc"]
    return None


def place_of(node):
    """Where a node is written, or None: in the body of a macro, or nowhere."""
    if "range" not in node:
        return None
    begin, end = _written(node["range"]["begin"]), _written(node["range"]["end"])
    if not begin or not end or begin["file"] != end["file"] or end["offset"] + end["tokLen"] <= begin["offset"]:
        return None
    return Place(begin["file"], begin["offset"], end["offset"] + end["tokLen"])


def macro_place(node):
    """Where the macro is called whose body a node begins in, or None."""
    begin = node.get("range", {}).get("begin", {})
    return begin.get("expansionLoc") if "spellingLoc" in begin and not _written(begin) else None


def kind(node):
    return node.get("kind", "")


def children(node):
    return node.get("inner", [])


def type_of(node):
    """Without typedefs."""
    qualified = node.get("type", {})
    return qualified.get("desugaredQualType", qualified.get("qualType", "")).removeprefix("const ")


TRANSPARENT = {"ImplicitCastExpr", "ParenExpr", "ExprWithCleanups", "MaterializeTemporaryExpr", "CXXBindTemporaryExpr"}


def bare(node):
    """The expression without what clang put around it."""
    while kind(node) in TRANSPARENT and children(node):
        node = children(node)[0]
    return node
