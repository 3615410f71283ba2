"""Opens the documents that the portal made with programs that are not the portal.

Usage: check.py FOLDER. Prints a line for each document, and `# pass`, `# fail` as Node's test
runner does.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import docx
from docx.oxml.ns import qn

from marks import Expected, bare, tokens_of
from office import Settled, settle

HEADING_STYLES = {f"Deplisteoverskrift{level}" for level in range(1, 5)} | {
    "Overskrift5",
    "Overskrift7",
}
LETTERED = "Konklusjonbokstavert"
# Documents contract 5.1; the single case and the case list need the others.
LIST_STYLES = HEADING_STYLES | {
    "Normal",
    "Deplistetabell-tittel",
    "Deplistefigur-tittel",
    "Deplistetittel-ramme",
    LETTERED,
    "Tabellrutenett",
}


def equal(what, found, wanted):
    assert found == wanted, f"{what}: found {found!r}, wanted {wanted!r}"


def check_structure(path, expected):
    """What python-docx sees in the XML."""
    document = docx.Document(path)
    body = document.element.body
    count = lambda name: sum(1 for _ in body.iter(qn(name)))
    equal("insertions", count("w:ins"), expected.insertions)
    equal("deletions", count("w:del"), expected.deletions)
    equal("format changes", count("w:rPrChange"), expected.format_changes)
    ids = [element.get(qn("w:id")) for name in ("w:ins", "w:del", "w:rPrChange") for element in body.iter(qn(name))]
    equal("revision ids used twice", len(ids) - len(set(ids)), 0)
    for name in ("w:commentRangeStart", "w:commentRangeEnd", "w:commentReference"):
        equal(name, count(name), expected.comments)
    equal("comments", len(list(document.comments)), expected.comments)
    known = {style.style_id for style in document.styles}
    used = {element.get(qn("w:val")) for name in ("w:pStyle", "w:rStyle", "w:tblStyle") for element in body.iter(qn(name))}
    equal("styles without a definition", used - known, set())
    properties = document.core_properties
    assert properties.title and properties.author, "no title or creator"
    numbered = numbered_paragraphs(body)
    told = expected.told
    conclusions = told.get("conclusions", [])
    equal("list items", len(numbered), expected.items + sum(conclusions))
    equal("lists", len({number for _, number in numbered}), expected.lists + len(conclusions))
    if told["kind"] == "case":
        check_case(document, told)
    else:
        check_list(document, told, numbered, known)


def numbered_paragraphs(body):
    """Style and list of the paragraphs that Word's list engine counts by themselves."""
    numbered = []
    for paragraph in body.iter(qn("w:p")):
        number = paragraph.find(f"{qn('w:pPr')}/{qn('w:numPr')}/{qn('w:numId')}")
        if number is not None:
            style = paragraph.find(f"{qn('w:pPr')}/{qn('w:pStyle')}").get(qn("w:val"))
            numbered.append((style, number.get(qn("w:val"))))
    return numbered


def check_case(document, told):
    titles = [p.text for p in document.paragraphs if p.style.style_id == "Heading1"]
    equal("title", titles, [told["title"]])
    labels = [p.text for p in document.paragraphs if p.style.style_id == "Heading2"]
    sections = [section["attrs"]["label"] for section in told["texts"][0]["content"]]
    equal("headings", labels, sections)


def check_list(document, told, numbered, known):
    equal("missing styles", LIST_STYLES - known, set())
    headings = [
        [p.style.style_id, p.text] for p in document.paragraphs if p.style.style_id in HEADING_STYLES
    ]
    if "template" in told:
        # Headings inside texts are of the same styles in a Norwegian template.
        headings = [heading for heading in headings if heading in told["headings"]]
    equal("headings", headings, told["headings"])
    equal("classification", sum(p.style.style_id == "Deplistetittel-ramme" for p in document.paragraphs), 1)
    # Conclusions begin anew at a) for each case: a list of its own each.
    per_case = {}
    for style, number in numbered:
        if style == LETTERED:
            per_case[number] = per_case.get(number, 0) + 1
    equal("conclusions", list(per_case.values()), told["conclusions"])
    equal("rows of tables", [len(table.rows) for table in document.tables], told["tables"])
    for table in document.tables:
        head = table.rows[0]._tr.find(f"{qn('w:trPr')}/{qn('w:tblHeader')}")
        assert head is not None, "the header row is not repeated"
        equal("last row", table.rows[-1].cells[1].text, "Sum")
    equal("pictures", len(document.inline_shapes), told["pictures"])
    if "template" in told:
        check_template(document, told["template"])
    chosen = document.styles["Deplisteoverskrift2"].element
    level = chosen.find(f"{qn('w:pPr')}/{qn('w:numPr')}/{qn('w:ilvl')}")
    equal("level of the numbering", level.get(qn("w:val")), "1")


def check_template(document, template):
    """The ministry's template is still to be seen."""
    [section] = document.sections
    header = [paragraph.text for paragraph in section.header.paragraphs]
    equal("header of the template", header, [template["header"]])
    equal("left margin", section.left_margin.twips, template["margin"])
    color = document.styles["Deplisteoverskrift1"].font.color.rgb
    equal("colour of the first heading", str(color), template["color"])
    names = [style.name for style in document.styles]
    equal("styles of one name", len(names) - len(set(names)), 0)
    assert "Skriv her" not in [p.text for p in document.paragraphs], "the template's own text"


def check_schema(path):
    """The schema of the file format, which python-docx does not look at."""
    audit = Path(sys.executable).parent / "openxml-audit"
    answer = subprocess.run(
        [audit, "--output", "json", "--max-errors", "0", path], capture_output=True, text=True
    )
    [result] = json.loads(answer.stdout)
    equal("findings of openxml-audit", result["errors"], [])


def check_in_office(base, expected):
    """What LibreOffice made of it: a PDF, and the text with all revisions settled both ways."""
    settled = Settled(base)
    equal("comments in LibreOffice", settled.comments, expected.comments)
    check_pdf(settled.pdf)
    for lines, wanted in ((settled.accepted, expected.kept), (settled.rejected, expected.original)):
        texts = [text for _, text in lines]
        for kept, original, text in zip(expected.kept, expected.original, wanted):
            # Each text is found by numbers that are its own.
            found = tokens_of(texts, kept + original)
            equal("text with all revisions settled", found, text)
    if expected.told["kind"] == "case":
        check_flat(settled.accepted, expected.told["flat"])


def check_flat(lines, flat):
    """With all accepted, each section says what the flat field says."""
    sections, label = {}, None
    for style, text in lines:
        if style == "Heading 2":
            label = text
            sections[label] = ""
        elif label is not None:
            sections[label] += text
    for label, text in flat:
        equal(f"section {label}", bare(sections.get(label)), bare(text))


def check_pdf(path):
    subprocess.run(["qpdf", "--check", path], check=True, capture_output=True)
    fonts = subprocess.run(["pdffonts", path], check=True, capture_output=True, text=True)
    for line in fonts.stdout.splitlines()[2:]:
        embedded = line.split()[-5]
        equal(f"embedded: {line}", embedded, "yes")


def check_own_pdf(path, expected):
    """The PDF that the portal makes itself: whole, and with everything that is in the Word file."""
    check_pdf(path)
    info = subprocess.run(["pdfinfo", path], check=True, capture_output=True, text=True).stdout
    assert "Title:" in info and "A4" in info, info
    text = subprocess.run(["pdftotext", path, "-"], check=True, capture_output=True, text=True)
    for kept, original in zip(expected.kept, expected.original):
        shown = set(tokens_of([text.stdout], kept + original))
        equal("texts that the PDF lacks", set(kept + original) - shown, set())


def main():
    folder = Path(sys.argv[1])
    failures = passed = 0

    def run(name, check, *arguments):
        nonlocal failures, passed
        try:
            check(*arguments)
            passed += 1
        except Exception as error:  # One document must not hide what is wrong with the next.
            failures += 1
            print(f"{name}: {type(error).__name__}: {error}")

    told = sorted(folder.glob("*.json"))
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        bases, said = settle([path.with_suffix(".docx") for path in told], scratch)
        run("LibreOffice's own log", equal, "complaints", said, [])
        for path in told:
            expected = Expected.read(path)
            word = path.with_suffix(".docx")
            run(f"{word.name} in python-docx", check_structure, word, expected)
            run(f"{word.name} by its schema", check_schema, word)
            run(f"{word.name} in LibreOffice", check_in_office, bases[word.name], expected)
            pdf = path.with_suffix(".pdf")
            if pdf.exists():
                run(pdf.name, check_own_pdf, pdf, expected)
    print(f"# pass {passed}\n# fail {failures}")
    sys.exit(1 if failures or not passed else 0)


main()
