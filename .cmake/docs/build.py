# SPDX-License-Identifier: MIT
"""The reference: prepares what Doxygen reads, runs it, judges its warnings, puts the links right and checks them all.
build.py ROOT WORK OUT [--all-the-same]: WORK holds the configured Doxyfile and what is made on the way, OUT the pages;
faults are errors, unless all the same.  What is public, and which names must have words, is said by `counts`."""
import collections
import html
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as Xml
from pathlib import Path

root, work, out = (Path(a).resolve() for a in sys.argv[1:4])
there = work / "input"
missing = []

# What a contract asks for, told once where the contract is (core/layer.hpp, core/layer_more.hpp, core/pass.hpp,
# transformers/transformer.hpp, distributions/independent.hpp, math/energy.hpp, targets/toy.hpp,
# training/objectives.hpp), and not again at each of the types that keep it.
contracts = """
x_dim z_dim context_dim param_count buffer_count kind exactness x_support z_support Cache unpack unpack_buffers
init initialise after_step valid_buffers encode decode encode_pull decode_pull encode_path_pull decode_path_pull smooth
piecewise_smooth seams z_seams accuracy exact_pulls biased_pulls noise_free bounded encode_passes decode_passes
parallel_encode parallel_decode support_source categories x_categories z_categories replays draws reverse_draws weigh
net masked map map_pull from_value pull
params Local local
natural_count cotangents natural log_prob_pull raw_pull from_normal draw draw_pull support lanes
dim Workspace value value_and_gradient value_and_derivative
name log_prob entropy box in_support distance_to_support
Room
""".split()


def pages():
    """Markdown that becomes pages, the main one first."""
    found = [root / "README.md", root / "include/rheo/README.md"]
    for pattern in ("include/rheo/*/**/README.md", "examples/guides/*.md", "examples/*.md", "examples/data/README.md",
                    "tests/README.md", "benchmarks/README.md", "benchmarks/compare/REPORT.md"):
        found += sorted(root.glob(pattern))
    return list(dict.fromkeys(found))


def key(path):
    """The name of a page, by its place in the tree."""
    name = path.relative_to(root).with_suffix("")
    name = name.parent if name.name == "README" else name
    return "page_" + re.sub(r"\W+", "_", str(name).replace("include/rheo", "rheo")).strip("_")


def title_of(path):
    return re.search(r"^# (.+)$", path.read_text(), re.M).group(1)


def staged_page(path):
    """Links become absolute, `rheo:` and the place in the tree: what Doxygen makes of it is known afterwards."""

    def link(m):
        picture, words, place = m.groups()
        place = place.split("#")[0]
        if re.match(r"https?:|mailto:", place) or not place:
            return m[0]
        target = (path.parent / place).resolve().relative_to(root)
        if not (root / target).exists():
            missing.append(f"{path}: links to {place}, which is not there")
            return m[0]
        if picture:
            name = "_".join(target.parts).lstrip(".")
            shutil.copy(root / target, work / "images" / name)
            return f"![{words}]({name})"
        words = re.sub(r"`([^`]+)`", lambda c: f"<code>{html.escape(c[1], False)}</code>", words)
        return f'<a href="rheo:{target}">{words}</a>'

    text, parts = path.read_text(), []
    for k, part in enumerate(re.split(r"(```.*?```)", text, flags=re.S)):
        if k % 2 == 0:
            pieces = re.split(r"(`[^`]*`|\]\([^()]*\)|^    .*$)", part, flags=re.M)
            pieces[::2] = [formulas(p) for p in pieces[::2]]
            part = re.sub(r"(!?)\[((?:[^][]|\[[^]]*\])*)\]\(([^() ]+)\)", link, "".join(pieces))
        parts.append(part)
    text = "".join(parts)
    if path != root / "README.md":
        text = re.sub(r"^# (.+)$", rf"# \1 {{#{key(path)}}}", text, count=1, flags=re.M)
    return text


def bare(text):
    """Without brackets around the whole."""
    return text[1:-1] if text.startswith("(") else text


def formulas(text):
    """x_j, D^2, e^(-s), <= as they are set in print; by HTML alone, which needs no script."""
    inside = r"(-?\w+|\((?:[^()]|\([^()]*\))*\))"
    text = re.sub(r"(?<=[\w)])\^" + inside, lambda m: f"<sup>{bare(m[1])}</sup>", text)
    text = re.sub(r"\b([A-Za-z])_(\w|\([^()]*\))(?!\w)", lambda m: f"{m[1]}<sub>{bare(m[2])}</sub>", text)
    for plain_sign, sign in (("&lt;=", "≤"), ("&gt;=", "≥"), (" <= ", " ≤ "), (" >= ", " ≥ "), ("+-", "±")):
        text = text.replace(plain_sign, sign)
    return text


def escaped(text):
    """Plain text in a comment: what Doxygen would take for a command is none.  Code between backticks stays."""
    entities = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
    pieces = re.split(r"(`[^`]*`)", text)
    pieces[::2] = [formulas(re.sub(r"[<>@\\#%&*|]", lambda m: entities.get(m[0], "\\" + m[0]), p)) for p in pieces[::2]]
    return "".join(pieces).replace("](", "] (")


def declared(text):
    """What a declaration declares, as far as words may be shared: an alias, or a function's name and its signature."""
    text = re.sub(r"^\s*(template <(?:[^<>]|<(?:[^<>]|<[^<>]*>)*>)*>\s*)*", "", text)
    if text.startswith("using "):
        return "using", ""
    m = re.match(r"(?:requires\(.*?\) )?[^=;{]*?\b(operator\S+|\w+)\s*\(", text)
    return (m[1], re.sub(rf"\b{re.escape(m[1])}\b", "", text.split("{")[0])) if m else None


def shared_words(lines):
    """A comment stands for all aliases, overloads and functions of one signature that follow it without a blank line:
    each gets it."""
    i, words, kind = 0, None, None
    while i < len(lines):
        m = re.match(r"( *)/// ?(.*)", lines[i])
        if m and not re.match(r" *///<", lines[i]):
            words = []
            while re.match(r" *///( |$)", lines[i]):
                words.append(lines[i].strip())
                i += 1
            kind = None
        elif not re.match(r" *(template|using|inline|constexpr|static|requires|\[\[|[A-Za-z][\w:<>, *&]* [\w~]+\()",
                          lines[i]):
            i, words = i + 1, None
            continue
        first, depth, text = i, 0, ""
        while i < len(lines):
            code = re.sub(r'"(\\.|[^"\\])*"|\'.\'|//.*', "", lines[i])
            depth += len(re.findall(r"[{(]", code)) - len(re.findall(r"[})]", code))
            text, i = text + code + " ", i + 1
            if depth <= 0 and re.search(r"[;}]\s*$", code):
                break
            if depth == 1 and re.match(r" *(template <.*> )?(struct|class|namespace|enum)\b", text):
                words = None  # its members are looked at one by one
                break
        now = declared(text)
        if words and kind and now and (now[0] == kind[0] or now[1] == kind[1]) and not re.match(r" *///", lines[first]):
            spaces = len(lines[first]) - len(lines[first].lstrip())
            said = " ".join(escaped(w[3:].strip()) for w in words)
            lines[first] = " " * spaces + f"/** {said} */ " + lines[first].lstrip()
        kind = now
    return lines


def one_by_one(line):
    """Fields declared in one line each get its words."""
    field = r"\w+(?: = [^,;(]+)?"
    m = re.match(rf"( +)((?:const |static constexpr )*[\w:]+(?:<[^<>]*>)?) ({field}(?:, {field})+);\s*///< (.*)$", line)
    if not m:
        return line
    return m[1] + " ".join(f"{m[2]} {field}; /**< {escaped(m[4])} */" for field in m[3].split(", "))


def members(lines):
    """What core/layer_more.hpp tells of members, beside the code that finds them, as a list under its headings."""
    told = []
    for i, line in enumerate(lines):
        if re.match(r"// [A-Z]", line):
            told += ["", "<b>" + escaped(line[3:].strip()) + "</b>", ""]
        elif line.startswith("/// `"):
            told.append("- ")
        if line.startswith(("///", "//   ")) and told and (line.startswith("//   ") or told[-1].startswith("- ")):
            told[-1] += " " + escaped(line.strip("/ "))
        elif told and told[-1].startswith("- "):
            told.append("")
    return told


def staged_header(path):
    """The first comment of a header tells of the file; indented lines of it are sources, or code and tables."""
    lines = path.read_text().split("\n")
    end = next(i for i, l in enumerate(lines) if not l.startswith("//"))
    head, code, cited = ["/** @file"], False, False
    for line in lines[1:end]:
        line = line[2:]
        source = line.startswith("   ") and re.search(r"arXiv|doi|\b(19|20)\d\d\b", line)
        cited = source or cited and line.startswith("     ")
        block = line.startswith("   ") and not cited
        if block != code and (block or line.strip()):
            head.append("@verbatim" if block else "@endverbatim")
            code = block
        head.append(line[1:] if code else ("<br> " if source else "") + escaped(line.strip()))
    more = members(lines[end:]) if path.name == "layer_more.hpp" else []
    lines[:end] = head + (["@endverbatim"] if code else []) + more + ["*/"]
    lines = [one_by_one(line) for line in shared_words(lines)]
    for i in range(end, len(lines)):
        m = re.match(r"(.*?///<?)( .*)$", lines[i])
        if m:
            further = re.match(r"^   +\S", m[2]) and "///<" not in m[1] and not re.match(r" +/// {3}", lines[i - 1])
            lines[i] = m[1] + (" <br>" if further else "") + escaped(m[2])
    return "\n".join(lines)


def plain(text):
    """Markdown without links and code."""
    return escaped(re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", text).replace("`", ""))


def tidy(text):
    """Titles without their kind, brackets without blanks, and no heading where there is one already."""
    text = re.sub(r' (?:File|Namespace|Directory|Concept)(?: Template)? Reference(?=</|\s*<)', "", text)
    text = re.sub(r'<h2 class="groupheader"> *</h2>', "", text)
    text = re.sub(r" ?&#160;</td>", "</td>", text)
    return "\n".join(re.sub(r" &gt;(?![=&])", "&gt;", re.sub(r"&lt; ", "&lt;", line))
                     if re.search(r'class="(title|mem|param|navelem|entry)|<title>|^(struct|class) ', line)
                     else line for line in text.split("\n"))


def stage():
    for folder in (there, work / "images", work / "html"):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    for path in pages():
        target = there / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(staged_page(path))
    shutil.copy(root / ".cmake/docs/names.dox", there)
    rooms = re.findall(r"^\| \[`(\w+)`\]\([^)]*\) \| (.+) \|$", (root / "include/rheo/README.md").read_text(), re.M)
    text = "".join(f"/** @dir rheo/{room}\n{plain(words)} */\n" for room, words in rooms)
    (there / "rooms.dox").write_text(text)
    for path in (root / "include/rheo").rglob("*.hpp"):
        target = there / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(staged_header(path))


def tab(kind, title, url="", inside=""):
    title = html.escape(title).replace("&#x27;", "'")
    return f'<tab type="{kind}" visible="yes" title="{title}" url="{url}">{inside}</tab>\n'


def layout():
    """The menu: guides, rooms, names, headers."""
    groups = collections.defaultdict(str)
    for path in pages()[1:]:
        group = "Guides" if path.parent.name in ("examples", "guides") else "Project"
        group = "Rooms" if "include" in path.relative_to(root).parts else group
        groups[group] += tab("user", title_of(path), f"@ref {key(path)}")
    menu = tab("mainpage", "rheo") + "".join(tab("usergroup", g, "", groups[g]) for g in ("Guides", "Rooms"))
    menu += tab("usergroup", "Names", "", tab("classlist", "Types") + tab("namespacelist", "Namespaces") +
                tab("namespacemembers", "Functions, aliases, constants"))
    menu += tab("filelist", "Headers") + tab("usergroup", "Project", "", groups["Project"])
    sections = {
        "class": ("<includes/>", """nestedclasses publictypes services interfaces publicmethods publicstaticmethods
            publicattributes publicstaticattributes protectedtypes protectedmethods protectedattributes friends related
            membergroups""", "typedefs enums constructors functions related variables"),
        "namespace": ("", "nestednamespaces concepts classes typedefs enums functions variables membergroups",
                      "typedefs enums functions variables"),
        "file": ("", "classes concepts typedefs enums functions variables defines membergroups",
                 "defines typedefs enums functions variables"),
    }
    text = ""
    for kind, (first, declared_here, told_here) in sections.items():
        visible = "".join(f'<{s} title=""/>' for s in declared_here.split())
        text += f'<{kind}>{first}<detaileddescription title=" "/><memberdecl>{visible}</memberdecl>'
        text += f'<memberdef>{"".join(f"<{s}/>" for s in told_here.split())}</memberdef></{kind}>'
    (work / "layout.xml").write_text(
        f'<doxygenlayout version="1.0"><navindex>{menu}</navindex>{text}</doxygenlayout>')


def counts(what, line):
    """Whether a name without words is a fault: all that stand in a namespace, and members where users call them.  Not
    operators, specialisations and guides, and macros; those say what they do, or are ours."""
    if re.search(r"operator|->|macro definition|RHEO_| friend\b|\(friend\)|=delete|=default", what + line):
        return False
    if re.search(r"Member \S+< .*\(variable\)|::(Cache|Room|Workspace) is not", line):
        return False
    if re.search(r" of (namespace|file) ", line) or is_type(what):
        return True
    return bool(re.search(called, line))


def is_type(what):
    return re.fullmatch(r"rheo::(?:[a-z_]+::)?[A-Za-z]\w*", what)


# Headers whose members users call.
called = (r"include/rheo/(flows/|io/|targets/|mpi\.hpp|core/(batch|kind|noise|params|pass|fail|layer|tensor)\.hpp|"
          r"training/(fit|held_out|objectives|optimizer|schedule|row_source|replay|repeated|outlying|team|importance|"
          r"alpha|flow_matching|denoising|free_form|log_variance)|evaluation/(metrics|importance|isoperi|pareto|signed|sliced|"
          r"roc|latent|certify\.|finding|c2st|mmd|calibration|eubo|energy|mode|tempering|annealed))")


def judge():
    """Warnings that count: all but those of members that a contract tells of."""
    faults, told = [], 0
    for line in (work / "warnings.txt").read_text().splitlines():
        m = re.search(r"warning: (?:Member (.+?) \([\w ]+\) of .*|Compound (.+)) is not documented", line)
        if m:
            name = re.sub(r"\(.*|\s*=.*|\{.*", "", m[1] or m[2], flags=re.S).split("[")[0].split()[-1].split("::")[-1]
            if name in contracts:
                told += 1
                continue
            if not counts(m[1] or m[2], line):
                continue
        faults.append(line.replace(str(there), str(root)))
    return faults, told


def places():
    """Of every file, and of every name of ours by its last part: its page; and how many names have words."""
    place, by_name, names = {}, {}, 0
    for c in Xml.parse(work / "tags.xml").getroot().iter("compound"):
        file = c.findtext("filename") or ""
        file += "" if file.endswith(".html") else ".html"
        if c.get("kind") in ("file", "dir"):
            path = (c.findtext("path") or "").replace(str(there) + "/", "")
            path = "include/" + path if path.startswith("rheo") else path
            name = c.findtext("name")
            place[(path.rstrip("/") if c.get("kind") == "dir" else path + name)] = file
        elif c.get("kind") != "page":
            names += 1
            outer = c.findtext("name")
            if c.get("kind") == "namespace":
                for m in c.findall("member"):
                    anchor = f"{m.findtext('anchorfile')}#{m.findtext('anchor')}"
                    by_name.setdefault(f"{outer}::{m.findtext('name')}", anchor)
            elif "<" not in outer:
                by_name[outer] = file
        names += sum(1 for m in c.findall("member") if c.get("kind") not in ("file", "page"))
    return place, by_name, names


def finish(place, by_name):
    """Puts the links right; those into the tree that are no page are copied beside."""
    by_page = {str(p.relative_to(root)): key(p) + ".html" for p in pages()}
    by_page["README.md"] = "index.html"
    for path in pages():
        by_page.setdefault(str(path.parent.relative_to(root)), by_page[str(path.relative_to(root))])

    def target(m):
        where = m.group(1).rstrip("/")
        if where in by_page:
            return by_page[where]
        if where in place:
            return place[where]
        source = root / where
        if source.is_dir():
            listing = "".join(f'<li><a href="{os.path.relpath(f, source)}">{f.name}</a></li>'
                              for f in sorted(source.iterdir()) if f.is_file())
            for f in source.iterdir():
                if f.is_file():
                    copied(f)
            to = work / "html/files" / where / "index.html"
            to.parent.mkdir(parents=True, exist_ok=True)
            to.write_text(f'<!doctype html><meta charset="utf-8"><title>{where}</title>\n'
                          f"<h1>{where}</h1><ul>{listing}</ul>")
            return f"files/{where}/index.html"
        return copied(source)

    def copied(source):
        where = source.relative_to(root)
        to = work / "html/files" / where
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, to)
        return f"files/{where}"

    def named(m):  # `Maf<2>` in a page leads to presets::Maf
        for space in ("rheo::", "rheo::presets::", "rheo::targets::", "rheo::io::"):
            if space + m[1] in by_name and re.search("[A-Z]|::|_", m[1]):
                return f'<code><a href="{by_name[space + m[1]]}">{m[1]}</a>{m[2] or ""}</code>'
        return m[0]

    texts = {page.name: page.read_text() for page in (work / "html").glob("*.html")}

    def shown(m):  # lists of members know of friends that have no place
        return m[0] if f'id="{m[2]}"' in texts.get(m[1], "") else f'href="{m[1]}"'

    for page in (work / "html").glob("*.html"):
        text = page.read_text()
        done = re.sub(r"(?<=href=\")rheo:([^\"]+)", target, text)
        if page.name.startswith(("page_", "index")):
            parts = re.split(r"(<a .*?</a>|<div class=\"fragment\">.*?</div><!-- fragment -->)", done, flags=re.S)
            called_so = r"<code>((?:\w+::)*\w+)((?:&lt;|\{|\()[^<]*)?</code>"
            parts[::2] = [re.sub(called_so, named, p) for p in parts[::2]]
            done = "".join(parts)
        if page.name.endswith("-members.html"):
            done = re.sub(r'href="(class[^"#]+)#([^"]+)"', shown, done)
        done = tidy(done)
        if done != text:
            page.write_text(done)
    with open(work / "html/search/search.css", "a") as style:  # of the frame of results, which our own does not reach
        style.write(":root { color-scheme: light dark; --link: #1f5fa8; }\n"
                    "body.SRPage { background: Canvas; color: CanvasText; }\n"
                    "@media (prefers-color-scheme: dark) { :root { --link: #84b6ee; } }\n"
                    ".SRSymbol, a.SRSymbol:visited, a.SRScope { color: var(--link) !important; font-size: 13px; }\n"
                    ".SRPage, .SRScope, .SRChildren a { font-size: 13px; } .SREntry { padding: 3px 6px; }\n")


def broken_links():
    files, faults = {}, []
    for page in (work / "html").glob("*.html"):
        text = page.read_text()
        files[page.name] = (set(re.findall(r'\b(?:id|name)="([^"]+)"', text)), re.findall(r'\bhref="([^"]+)"', text))
    for name, (_, links) in files.items():
        for link in links:
            link = html.unescape(link)
            if re.match(r"https?:|mailto:|javascript:", link):
                continue
            to, _, anchor = link.partition("#")
            to = to or name
            if not (work / "html" / to).exists() or anchor and to in files and anchor not in files[to][0]:
                faults.append(f"{name}: links to {link}, which is not there")
    return sorted(set(faults))


def doxygen(*settings):
    """Where what has no words is hidden, Doxygen does not warn of it: it is asked once with and once without."""
    text = "\n".join([(work / "Doxyfile").read_text(), *settings])
    subprocess.run(["doxygen", "-"], input=text, text=True, check=True, stderr=subprocess.DEVNULL)


stage()
layout()
doxygen("HIDE_UNDOC_MEMBERS = NO", "HIDE_UNDOC_CLASSES = NO", "GENERATE_HTML = NO", "GENERATE_TAGFILE =")
faults, told = judge()
doxygen()
faults += [f for f in judge()[0] if f not in faults]
place, by_name, names = places()
finish(place, by_name)
faults += missing + broken_links()
(work / "faults.txt").write_text("\n".join(faults) + "\n")
print(f"docs: {names} public names; {told} more members are told of by the contracts; {len(faults)} faults")
if faults and "--all-the-same" not in sys.argv:
    sys.exit("\n".join(faults))
shutil.rmtree(out, ignore_errors=True)
shutil.copytree(work / "html", out)
