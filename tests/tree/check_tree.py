#!/usr/bin/env python3
"""Checks what ARCHITECTURE.md and CONTRIBUTING.md promise of every header: tests/tree/check_tree.py [ROOT]

- a folder includes only folders above it in ARCHITECTURE's table;
- what a folder declares is in the namespace of its name (core: in flamingo itself);
- no type or constant is declared in two headers of a namespace, nor in core and in another folder;
- a block of public declarations begins with ///, and so does every type, nested and detail ones too;
- a function of tensors says their shapes ("[B, T, D]", or in words: "of any shape").

Prints file:line of what is against it; status 1 then.
"""
import collections
import os
import re
import sys

ROOT_FOLDER = "core"
PLAIN = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'|^[ \t]*#(?:[^\n\\]|\\.)*', re.S | re.M)
SHAPE = re.compile(r"\[[^\]\n]*\w[^\]\n]*\]|any shape|same shape|shapes? of|scalar|/// The same")
Declaration = collections.namedtuple("Declaration", "kind name scope begin head")  # scope: namespaces and classes


def blank(text):
    """Comments, strings and preprocessor lines as spaces, so that offsets stay."""
    return PLAIN.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def closing(code, begin, brackets):
    """Offset of the bracket that closes the one at `begin`."""
    depth = 0
    for i in range(begin, len(code)):
        depth += (code[i] == brackets[0]) - (code[i] == brackets[1])
        if depth == 0:
            return i
    return len(code) - 1


def without_template(statement):
    while match := re.match(r"\s*template\s*<", statement):
        statement = statement[closing(statement, match.end() - 1, "<>") + 1:]
    return re.sub(r"\[\[.*?\]\]", "", statement).strip()


def classify(statement, has_body):
    """(kind, name) of what a statement declares, or None."""
    head = without_template(statement)
    if match := re.match(r"(?:class|struct|union|enum(?: class| struct)?)\s+(?:alignas\([^()]*\)\s*)?(\w+)\s*(<.*>)?\s*"
                         r"(final\b|:(?!:)|$)", head, re.S):
        return (("special case" if match[2] else "type") if has_body else "forward", match[1])
    if match := re.match(r"(?:using|concept)\s+(\w+)\s*=", head):
        return ("type", match[1])
    if not head or re.match(r"using\b|friend\b|static_assert\b|namespace\b|TORCH_MODULE\b|extern\s*$|"
                            r"class\b|struct\b", head):
        return None
    plain = re.sub(r"<[^<>()]*(\([^()]*\))?[^<>()]*>", "", head)
    if match := re.search(r"(~?\w+)\s*\(", plain):
        return None if "operator" in plain[:match.start() + 9] else ("function", match[1])
    match = re.search(r"(\w+)\s*(?:\[.*\]\s*)?(?:=.*)?$", head, re.S)
    return ("constant", match[1]) if match else None


def declarations(code, begin=0, end=None, scope=()):
    """All of a header, in classes too; `code` is blank()."""
    found, start, i = [], begin, begin
    end = len(code) if end is None else end
    while i < end:
        if access := re.match(r"\s*(?:public|protected|private)\s*:", code[start:i + 1]):
            start += access.end()
        if code[i] in "([":
            i = closing(code, i, "()" if code[i] == "(" else "[]")
        elif code[i] == "{":
            close, head = closing(code, i, "{}"), code[start:i]
            if match := re.match(r"\s*(?:inline\s+)?namespace\b\s*([\w:]*)\s*$", head):
                found += declarations(code, i + 1, close, scope + (tuple(match[1].split("::")) if match[1] else ("",)))
            elif what := classify(head, True):
                found.append(Declaration(*what, scope, start, head))
                if what[0] == "type" and "enum" not in head:
                    found += declarations(code, i + 1, close, scope + ("class " + what[1],))
            i = close
            tail = re.match(r"[^;{}()]*;", code[i + 1:end])
            i += tail.end() if tail else 0
            start = i + 1
        elif code[i] == ";":
            if what := classify(code[start:i], False):
                found.append(Declaration(*what, scope, start, code[start:i]))
            start = i + 1
        elif code[i] == "}":
            start = i + 1
        i += 1
    return found


class Header:
    """A header, its lines and what it declares."""

    def __init__(self, root, path):
        self.path = path
        self.folder = path.split("/")[1]
        with open(os.path.join(root, path)) as file:
            self.text = file.read()
        self.code = blank(self.text)
        self.lines = self.text.split("\n")
        self.all = declarations(self.code)
        self.public = [one for one in self.all if one.kind not in ("forward", "special case") and not {"", "detail"} & set(one.scope)
                       and not any(name.startswith("class ") for name in one.scope)]

    def line_of(self, offset):
        offset += len(self.code[offset:]) - len(self.code[offset:].lstrip())
        return self.text.count("\n", 0, offset)

    def comment_above(self, line):
        """The /// lines of the block of declarations without a blank line that `line` is in."""
        comment = []
        while line > 0 and self.lines[line - 1].strip() and not self.lines[line - 1].rstrip().endswith(("{", "public:")):
            line -= 1
            if self.lines[line].strip().startswith("///"):
                comment.insert(0, self.lines[line])
        return "\n".join(comment)


def headers_of(root):
    found = []
    for folder, _, names in os.walk(os.path.join(root, "flamingo")):
        found += [os.path.relpath(os.path.join(folder, name), root) for name in names if name.endswith(".h")]
    return [Header(root, path) for path in sorted(found)]


def check_order(root):
    with open(os.path.join(root, "ARCHITECTURE.md")) as file:
        rows = re.findall(r"^\| ([a-z_, ]+) \|[^\n]*\|[^\n]*\|$", file.read(), re.M)
    order = [name for row in rows for name in row.split(", ")][1:]  # the first row is the title
    for folder, _, names in sorted(os.walk(os.path.join(root, "flamingo"))):
        for name in sorted(names):
            if not name.endswith((".h", ".cpp", ".inl")):
                continue
            path = os.path.relpath(os.path.join(folder, name), root)
            own = path.split("/")[1]
            if own not in order:
                yield f"{path}:1: expected a folder that ARCHITECTURE.md lists, got {own}"
                continue
            with open(os.path.join(root, path)) as file:
                for number, line in enumerate(file, 1):
                    match = re.match(r'\s*#include "flamingo/(\w+)/', line)
                    if match and (match[1] not in order or order.index(match[1]) > order.index(own)):
                        yield f"{path}:{number}: expected a folder above {own} in ARCHITECTURE.md, got {match[1]}"


def check_namespaces(headers):
    for header in headers:
        wanted = ("flamingo",) if header.folder == ROOT_FOLDER else ("flamingo", header.folder)
        for one in header.public:
            if one.scope[:len(wanted)] != wanted:
                yield (f"{header.path}:{header.line_of(one.begin) + 1}: expected {one.name} in {'::'.join(wanted)}, "
                       f"got {'::'.join(one.scope)}")


def check_duplicates(headers):
    first = {}
    for header in headers:
        for one in header.public:
            if one.kind not in ("type", "constant"):
                continue
            for hidden in (one.scope, ("flamingo",)):
                other = first.get((hidden, one.name), header.path)
                if other != header.path:
                    yield (f"{header.path}:{header.line_of(one.begin) + 1}: expected a name of its own, got {one.name} "
                           f"as in {other}")
                    break
            first.setdefault((one.scope, one.name), header.path)


def check_comments(headers):
    for header in headers:
        for one in header.public:
            line = header.line_of(one.begin)
            if not has_members(one) and one.name != "enum_table" and "///" not in header.comment_above(line) + header.lines[line]:
                yield f"{header.path}:{line + 1}: expected /// above {one.name}, got none"


def has_members(one):
    """Whether this is a type with a body, and no alias or concept."""
    return one.kind in ("type", "special case") and re.match(r"(class|struct|union|enum)\b", without_template(one.head)) is not None


def check_types(headers):
    for header in headers:
        for one in filter(has_members, header.all):
            line = header.line_of(one.begin)
            if not header.lines[line - 1].strip().startswith("///") and "///" not in header.lines[line]:
                yield f"{header.path}:{line + 1}: expected /// above {one.name}, got none"


def takes_tensors(one):
    """Whether a function takes or gives tensors, of which no other declaration tells."""
    return one.kind == "function" and "override" not in one.head and re.search(r"\b(torch|at)::Tensor\b", one.head) is not None


def check_shapes(headers):
    for header in headers:
        for one in filter(takes_tensors, header.all):
            line = header.line_of(one.begin)
            if not SHAPE.search(header.comment_above(line) + header.lines[line].partition("//")[2]):
                yield f"{header.path}:{line + 1}: expected the shapes of {one.name}'s tensors, got none"


def problems_of(root):
    headers = headers_of(root)
    return [*check_order(root), *check_namespaces(headers), *check_duplicates(headers), *check_comments(headers),
            *check_types(headers), *check_shapes(headers)]


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
    problems = problems_of(root)
    for problem in problems:
        print(problem)
    print(f"{len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
