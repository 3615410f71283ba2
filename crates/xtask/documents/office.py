"""LibreOffice on a set of documents: settle.bas does the work, this starts it and reads it."""

import shutil
import subprocess
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZipFile

import docx
from docx.oxml.ns import qn

MACRO = Path(__file__).with_name("settle.bas")
# One start, and some seconds a document.
LONGEST_SECONDS = 600
# Said where there is no Java, which nothing here needs.
HARMLESS = ("Warning: failed to launch javaldx", "convert /")
# Before the name of a copy without comments.
BARE = "bare-"

LIBRARY = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE library:library PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "library.dtd">
<library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard" library:readonly="false" library:passwordprotected="false">
 <library:element library:name="Settle"/>
</library:library>
"""
MODULE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Settle" script:language="StarBasic">{}</script:module>
"""


class Settled:
    """What LibreOffice made of one document."""

    def __init__(self, base: Path):
        self.pdf = base.with_suffix(".pdf")
        assert self.pdf.exists(), "LibreOffice has not converted it"
        with ZipFile(base.with_suffix(".odt")) as package:
            self.comments = package.read("content.xml").count(b"<office:annotation ")
        bare = base.with_name(BARE + base.name)
        failed = bare.with_suffix(".failed")
        assert not failed.exists(), failed.read_text("utf-8").strip()
        self.accepted = lines_of(bare.with_suffix(".accepted"))
        self.rejected = lines_of(bare.with_suffix(".rejected"))


def lines_of(path):
    left, *lines = path.read_text("utf-8").split("\n")
    assert left == "0", f"{left} revisions are left"
    return [tuple(line.split("\t", 1)) for line in lines if "\t" in line]


def settle(documents, scratch: Path):
    """Runs all documents through LibreOffice. Returns where the results lie, by name, and what
    LibreOffice had to say."""
    # Copies: LibreOffice leaves lock files beside what it opens.
    copies = [Path(shutil.copy(document, scratch)) for document in documents]
    said = []
    for kind in ("pdf", "odt"):
        said += run(scratch, "--convert-to", kind, "--outdir", scratch, *copies)
    jobs = scratch / "jobs"
    bares = [without_comments(copy) for copy in copies]
    jobs.write_text("".join(f"{bare.with_suffix('').as_uri()}\n" for bare in bares), "utf-8")
    # Only now: the first start fills the profile, and would write over a macro that is there.
    basic = scratch / "profile/user/basic/Standard"
    (basic / "script.xlb").write_text(LIBRARY)
    (basic / "Settle.xba").write_text(MODULE.format(escape(MACRO.read_text("utf-8"))))
    said += run(scratch, f'macro:///Standard.Settle.Run("{jobs.as_uri()}")')
    return {copy.name: copy.with_suffix("") for copy in copies}, said


def without_comments(document):
    """A copy of the document without its comments: in a view, LibreOffice draws them in a margin,
    and the package without a user interface crashes on that (7.4, a missing .ui file)."""
    opened = docx.Document(document)
    for name in ("w:commentRangeStart", "w:commentRangeEnd"):
        for element in list(opened.element.body.iter(qn(name))):
            element.getparent().remove(element)
    for element in list(opened.element.body.iter(qn("w:commentReference"))):
        element.getparent().getparent().remove(element.getparent())
    copy = document.with_name(BARE + document.name)
    opened.save(copy)
    return copy


def run(scratch, *arguments):
    """Starts LibreOffice with the profile in `scratch` and returns its complaints."""
    finished = subprocess.run(
        [
            "soffice",
            f"-env:UserInstallation={(scratch / 'profile').as_uri()}",
            "--headless",
            "--norestore",
            "--nologo",
            *arguments,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    said = [line for line in finished.stdout.splitlines() if line.strip()]
    return [line for line in said if not line.startswith(HARMLESS)]
