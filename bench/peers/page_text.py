"""The text of web pages beside two extractors: which lines do both keep and the M3W builder lose? 100 and more pages of Debian
packages that no recipe uses, in many languages, of many generators and ages.

    ninja -C build/release flamingo-page-text
    pip install trafilatura==2.3.1 resiliparse==2.0.1 lxml_html_clean
    python3 bench/peers/page_text.py [--held-out] [--each N] [--seed S] [--show] build/release/bin/flamingo-page-text

The first call fetches the packages (200 MB; 70 MB of those held out, which showed two losses and are else unseen) into .deps/pages. A line counts when trafilatura (favouring recall) and resiliparse (main
content) both have it, by its letters and digits. Apart from the lines that are lost there are those that
  - stand in a block of links: tables of contents, menus;
  - stand on most other pages of the folder, too: running heads, licences;
  - are tool tips, which the style sheet hides from a reader.
"""
import argparse
import html
import os
import random
import re
import subprocess
import sys

import trafilatura
from resiliparse.extract.html2text import extract_plain_text
from resiliparse.parse.encoding import detect_encoding
from resiliparse.parse.html import HTMLTree

PACKAGES = """
    apache2-doc aptitude-doc-en aptitude-doc-es asymptote-doc bash-doc debian-faq-ru debian-faq-zh-cn debian-policy debian-reference-ja
    debmake-doc developers-reference-fr developers-reference-ru exim4-doc-html fp-docs-3.2.2 git-doc gnuplot-doc graphviz-doc grass-doc
    hugin-data icewm-common installation-guide-amd64 kicad-doc-de kicad-doc-ja libboost1.74-doc libglib2.0-doc libgtk-4-doc libsfml-doc
    lilypond-doc-html lilypond-doc-html-de lilypond-doc-html-fr linuxdoc-tools maxima-doc mutt nodejs-doc ntpsec-doc octave-doc
    openshot-qt-doc postgresql-doc-15 povray-doc privoxy python3.11-doc qtbase5-doc-html r-doc-html rust-doc sqlite3-doc tuxpaint-data
    vim-doc wireshark-doc xapian-doc xfig-doc
""".split()
HELD_OUT = """
    allegro4-doc ant-doc aptitude-doc-fi argyll-doc asciidoctor-doc bind9-doc bochs-doc borgbackup-doc buildbot-doc calculix-ccx-doc
    clisp-doc cppreference-doc-en-html dar-docs dbus-1-doc debian-faq-de debian-faq-it debian-history debian-kernel-handbook
    docbook-xsl-doc-html docutils-doc elinks-doc fontforge-doc fricas-doc geographiclib-doc gnumed-doc gpsbabel-doc gri-html-doc
    gtkmm-documentation harden-doc haskell98-report junit4-doc libcairo2-doc libcommons-math3-java-doc libghc-aeson-doc libgtk-3-doc
    libhdf5-doc libjs-jquery-ui-docs libpango1.0-doc libxml2-doc maint-guide-ja plplot-doc postfix-doc proftpd-doc python-django-doc
    python-pygame-doc python-sqlalchemy-doc python-werkzeug-doc sbcl-doc swi-prolog-doc tcllib w3m xboard xorg-docs yorick-doc zsh-doc
""".split()
TIPS = {"tooltip", "tooltiptext", "ttc"}  # class names
SMALLEST, LARGEST = 6_000, 90_000  # bytes of a page
LINK_SHARE = 0.8  # of the characters of a block of links
OTHER_PAGES = 8  # of a folder, to see what stands on all of them
SHORTEST = 3  # characters of a line that counts


def fetch(package):
    """The package's files in .deps/pages, as tools/setup.sh puts them there."""
    folder = f".deps/pages/{package}"
    if not os.path.isdir(folder):
        print(f"fetching {package}", file=sys.stderr)
        part = folder + ".part"
        os.makedirs(part, exist_ok=True)
        subprocess.run(["apt-get", "download", "-qq", package], cwd=part, check=True)
        archive = next(name for name in os.listdir(part) if name.endswith(".deb"))
        subprocess.run(["dpkg-deb", "-x", archive, "files"], cwd=part, check=True)
        os.rename(f"{part}/files", folder)
        os.remove(f"{part}/{archive}")
        os.rmdir(part)
    return folder


def pages_of(folder):
    """Its pages of middle size, indexes of names left out."""
    found = []
    for base, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(base, name)
            is_page = re.search(r"\.html?(\.|$)", name, re.I) and not name.endswith(".gz") and not name.startswith("genindex")
            if is_page and not os.path.islink(path) and SMALLEST < os.path.getsize(path) < LARGEST:
                found.append(path)
    return sorted(found)


def letters(text):
    return re.sub(r"[\W_]+", "", text)


def words(text):
    """Without numbers of chapters."""
    return re.sub(r"[\W\d_]+", "", text)


class Page:
    def __init__(self, path):
        with open(path, "rb") as file:
            data = file.read()
        self.elements = None  # with their letters, the smallest first
        self.tree = HTMLTree.parse_from_bytes(data, detect_encoding(data))
        self.resiliparse = extract_plain_text(self.tree, main_content=True, alt_texts=False) or ""
        self.trafilatura = trafilatura.extract(data, favor_recall=True, include_comments=False, include_tables=True) or ""

    def common_lines(self):
        """Lines that both peers have."""
        lines = {}
        for text, other in ((self.resiliparse, letters(self.trafilatura)), (self.trafilatura, letters(self.resiliparse))):
            for line in text.split("\n"):
                if len(letters(line)) >= SHORTEST and letters(line) in other:
                    lines.setdefault(letters(line), line.strip())
        return lines

    def holders(self, line):
        """The elements that hold the line, the smallest first."""
        if self.elements is None:
            elements = [(letters(e.text), e) for e in self.tree.body.get_elements_by_tag_name("*")]
            self.elements = sorted(elements, key=lambda pair: len(pair[0]))
        return [pair for pair in self.elements if line in pair[0]]

    def is_linked(self, line):
        """Whether the smallest element that holds the line, or one of the three around it, is a block of links."""
        for text, element in self.holders(line)[:4]:
            links = sum(len(words(a.text)) for a in element.get_elements_by_tag_name("a") if a.getattr("href"))
            if (element.tag == "a" and element.getattr("href")) or links >= LINK_SHARE * len(words(text)):
                return True
        return False

    def is_tip(self, line):
        """Whether the line stands in a tool tip, which the style sheet hides."""
        return any(TIPS.intersection(element.class_list) for _, element in self.holders(line))


def stands_elsewhere(line, pages):
    texts = []
    for path in pages:
        with open(path, encoding="utf-8", errors="replace") as file:
            texts.append(letters(html.unescape(re.sub(r"<[^>]*>", "", file.read()))))
    return len(texts) > 1 and 2 * sum(line in text for text in texts) > len(texts)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--held-out", action="store_true", help="pages of other packages")
    parser.add_argument("--each", type=int, default=3, help="pages of a package")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="print the lines of all kinds")
    options = parser.parse_args()
    counts = dict.fromkeys(["pages", "ours", "trafilatura", "resiliparse", "lost", "linked", "repeated", "tip"], 0)
    for package in HELD_OUT if options.held_out else PACKAGES:
        all_pages = pages_of(fetch(package))
        draw = random.Random(f"{package} {options.seed}")
        chosen = draw.sample(all_pages, min(options.each, len(all_pages)))
        texts = subprocess.run([options.program, *chosen], check=True, capture_output=True).stdout.decode().split("\f")
        for path, text in zip(chosen, texts):
            page, ours = Page(path), letters(text)
            beside = [other for other in all_pages if os.path.dirname(other) == os.path.dirname(path) and other != path]
            others = draw.sample(beside, min(OTHER_PAGES, len(beside)))
            counts["pages"] += 1
            for name, size in (("ours", len(ours)), ("trafilatura", len(letters(page.trafilatura))),
                               ("resiliparse", len(letters(page.resiliparse)))):
                counts[name] += size
            for line, shown in page.common_lines().items():
                if line in ours:
                    continue
                kind = ("linked" if page.is_linked(line) else "repeated" if stands_elsewhere(line, others) else
                        "tip" if page.is_tip(line) else "lost")
                counts[kind] += 1
                if options.show or kind == "lost":
                    print(f"{kind:9} {path}: {shown[:100]}")
    print("  ".join(f"{name} {count}" for name, count in counts.items()))


if __name__ == "__main__":
    main()
