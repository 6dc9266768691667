"""Events of MkDocs: what the site has beside the pages in `docs`.

The root of the site is both `docs` and the root of the repository: `../CONTRIBUTING.md` of a page
in `docs` becomes `CONTRIBUTING.md`. A link whose text is the name of a page's file shows the page's
title. Text in `<!-- site: ... -->` is shown on the site only, and `<!-- card: NAME -->` stands for
the data card of a benchmark.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from urllib.parse import urlsplit

from api_reference import api_pages
from benchmark_cards import card
from command_reference import command_pages
from component_reference import component_pages
from experiment_reference import experiment_pages
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from notebooks import notebook_pages

from nni_nlp_bench import __version__

ROOT = Path(__file__).parents[2]
PAGES = ("CHANGELOG.md", "CONTRIBUTING.md", "reports/*.md")
"""Pages of the repository outside `docs` that are pages of the site."""
GENERATED = (command_pages, api_pages, component_pages, experiment_pages, notebook_pages)
SEARCH_BOOST = {"automl.md": 3.0, "data.md": 3.0, "reference/api/": 0.5}
"""Weights in the site's search by start of the path: guides come before the reference."""
NAMED_BY_FILE = re.compile(r"\[[\w/]+\.md\](\(([^)#\s]+\.md)[^)\s]*\))")
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
LINK = re.compile(r"(?<=\]\()[^)\s]+")
SITE_ONLY = re.compile(r"<!-- site: (.*?) -->", re.DOTALL)
CARD = re.compile(r"^<!-- card: (\S+) -->$", re.MULTILINE)


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Show the version in the footer of every page."""
    config.copyright = f"nni-nlp-bench {__version__}"
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages, and pages and files from outside `docs`."""
    for make in GENERATED:
        for path, text in make():
            files.append(File.generated(config, path, content=text))
    linked = set()
    for pattern in PAGES:
        for page in sorted(ROOT.glob(pattern)):
            path = page.relative_to(ROOT).as_posix()
            files.append(File.generated(config, path, abs_src_path=str(page)))
            linked |= _outside(page, path)
    for file in files.documentation_pages():
        if file.abs_src_path and Path(file.abs_src_path).is_relative_to(ROOT / "docs"):
            linked |= _outside(Path(file.abs_src_path), f"docs/{file.src_uri}")
    for path in sorted(linked):
        if path not in files.src_uris:
            files.append(File.generated(config, path, abs_src_path=str(ROOT / path)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Weight the page, show what is for the site only, and lead links to targets on the site."""
    for start, boost in SEARCH_BOOST.items():
        if page.file.src_uri.startswith(start):
            page.meta["search"] = {"boost": boost}
    markdown = SITE_ONLY.sub(r"\1", markdown)
    markdown = CARD.sub(lambda match: card(match[1]), markdown)
    source = page.file.abs_src_path
    if source is None:
        return markdown
    here = Path(source).relative_to(ROOT).as_posix()
    markdown = NAMED_BY_FILE.sub(lambda match: f"[{_title(match[2], here)}]{match[1]}", markdown)
    return LINK.sub(lambda match: _on_site(match[0], here, page.file.src_uri), markdown)


def _title(link: str, here: str) -> str:
    """Return the title of the page that a page links to, where the text names its file."""
    path = ROOT / here
    match = TITLE.search((path.parent / link).read_text("utf-8"))
    return match[1] if match else link


def _outside(page: Path, here: str) -> set[str]:
    """Return the files outside `docs` that a page links to, by path in the repository."""
    links = (_target(link, here) for link in LINK.findall(page.read_text("utf-8")))
    return {
        path
        for path in links
        if path is not None and not path.startswith("docs/") and (ROOT / path).is_file()
    }


def _target(link: str, here: str) -> str | None:
    """Return the path in the repository that a page links to; None for anchors and addresses."""
    parts = urlsplit(link)
    if parts.scheme or parts.netloc or not parts.path:
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(here), parts.path))


def _on_site(link: str, here: str, page: str) -> str:
    """Return a link of the page as it is on the site."""
    path = _target(link, here)
    if path is None:
        return link
    target = path.removeprefix("docs/")
    relative = posixpath.relpath(target, posixpath.dirname(page) or ".")
    fragment = urlsplit(link).fragment
    return f"{relative}#{fragment}" if fragment else relative
