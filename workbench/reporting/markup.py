"""Markdown, HTML and code of a notebook as HTML that holds no script, no style and no address that is fetched.

Markdown is rendered with raw HTML switched off: it shows as text. HTML outputs pass nh3 (the sanitiser *ammonia*,
which parses as browsers do) with short lists of elements and attributes, and are then written anew, attribute by
attribute. Code is coloured by pygments through classes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from workbench.errors import MissingExtra
from workbench.reporting.plain import visible

if TYPE_CHECKING:
    from markdown_it.token import Token

__all__ = ["MarkdownRenderer", "clean_html", "highlighted"]

_DATA_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp|svg\+xml)[;,]", re.IGNORECASE)
_TEXT = {"abbr", "b", "br", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s", "samp", "small", "span"}
_MORE = {"strong", "sub", "sup", "u", "var", "wbr", "a", "img"}
_BLOCKS = {"blockquote", "dd", "details", "div", "dl", "dt", "figcaption", "figure", "hr", "li", "ol", "p", "pre"}
_LISTS = {"summary", "ul", "h1", "h2", "h3", "h4", "h5", "h6"}
_TABLES = {"caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr"}
_TAGS = _TEXT | _MORE | _BLOCKS | _LISTS | _TABLES
_ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "width", "height"},
    "td": {"colspan", "rowspan", "class"},
    "th": {"colspan", "rowspan", "scope", "class"},
    "ol": {"start"},
}
_VOID = frozenset({"br", "col", "hr", "img", "wbr"})
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_LARGEST = 2_000_000  # characters of an HTML output or of code that is coloured


class MarkdownRenderer:
    """Markdown (CommonMark with tables and strike-through). Headings go below the page's, without gaps."""

    def __init__(self) -> None:
        try:
            from markdown_it import MarkdownIt
        except ImportError as error:
            raise MissingExtra("markdown-it-py", "notebook") from error
        self._parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
        self._level = 1

    def render(self, source: str, attachments: Mapping[str, Any]) -> str:
        """HTML of one cell. Pictures come from its attachments; others stand as their text."""
        tokens = self._parser.parse(visible(source))
        for token in tokens:
            self._adapt(token, attachments)
        return str(self._parser.renderer.render(tokens, self._parser.options, {}))

    def _adapt(self, token: Token, attachments: Mapping[str, Any]) -> None:
        if token.type == "heading_open":
            self._level = max(2, min(int(token.tag[1]) + 1, self._level + 1, 6))
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{self._level}"
        if token.type == "table_open":
            token.attrSet("class", "wb-table")
        if token.type in ("th_open", "td_open"):
            self._align(token)
        token.children = [self._inline(child, attachments) for child in token.children or []] or None

    def _align(self, token: Token) -> None:
        """A class for a style attribute, which the page's policy refuses."""
        if "right" in str(token.attrs.pop("style", "")):
            token.attrSet("class", "number")
        if token.type == "th_open":
            token.attrSet("scope", "col")

    def _inline(self, token: Token, attachments: Mapping[str, Any]) -> Token:
        if token.type == "link_open":
            token.attrSet("rel", "noopener noreferrer")
        if token.type != "image":
            return token
        picture = _attached(str(token.attrs.get("src", "")), attachments)
        if picture:
            token.attrSet("src", picture)
            token.content = token.content or "A picture of the notebook"
            return token
        from markdown_it.token import Token

        told = f"[picture: {token.content or token.attrs.get('src', '')}]"
        return Token("text", "", 0, content=told)


def _attached(source: str, attachments: Mapping[str, Any]) -> str:
    """A picture as a data address; "" for anything that would have to be fetched."""
    if _DATA_PICTURE.match(source):
        return source
    bundle = attachments.get(source.removeprefix("attachment:")) if source.startswith("attachment:") else None
    if isinstance(bundle, dict):
        for kind, data in bundle.items():
            address = f"data:{kind};base64,{data}"
            if isinstance(data, str) and _DATA_PICTURE.match(address) and re.fullmatch(r"[A-Za-z0-9+/=\s]+", data):
                return "".join(address.split())
    return ""


def clean_html(html: str, said: Callable[[str], str] = str) -> str:
    """An HTML output without anything active; ``said`` maps its texts. "" where nothing is left to show."""
    try:
        import nh3
    except ImportError as error:
        raise MissingExtra("nh3", "notebook") from error
    if len(html) > _LARGEST:
        return ""
    clean = nh3.clean(
        visible(html),
        tags=_TAGS,
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        attribute_filter=_allowed,
        url_schemes={"http", "https", "mailto", "data"},
        link_rel=None,
    )
    writer = _Writer(said)
    writer.feed(clean)
    writer.close()
    return "".join(writer.made) if writer.shows else ""


def _allowed(tag: str, name: str, value: str) -> str | None:
    """Pictures only from the page itself, links never to it, and no class but that of numbers."""
    if (tag, name) == ("img", "src"):
        return value if _DATA_PICTURE.match(value) else None
    if name == "class":
        return value if value == "number" else None  # of our own tables: set to the right
    if (tag, name) == ("a", "href"):
        return None if value.strip().lower().startswith("data:") else value
    return value


class _Writer(HTMLParser):
    """Writes sanitised HTML anew: texts visible, headings as paragraphs, what accessibility needs added."""

    def __init__(self, said: Callable[[str], str]) -> None:
        super().__init__(convert_charrefs=True)
        self.made: list[str] = []
        self.shows = False
        self._said = said

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        kept = {name: value or "" for name, value in attrs if name in _ATTRIBUTES.get(tag, ())}
        if tag == "img":
            if "src" not in kept:
                return
            self.shows = True
            kept.setdefault("alt", "A picture of the notebook")
        if tag == "a" and "href" in kept:
            kept["rel"] = "noopener noreferrer"
        if tag == "table":
            kept["class"] = "wb-table"
        for name in kept.keys() & {"alt", "title", "href"}:
            kept[name] = self._said(kept[name])
        written = "".join(f' {name}="{escape(visible(value))}"' for name, value in kept.items())
        self.made.append(f"<{'p' if tag in _HEADINGS else tag}{written}>")

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        empty_heading = tag == "th" and self.made and self.made[-1].startswith("<th")
        if empty_heading:  # a corner without text is no heading
            self.made[-1] = f"<td{self.made[-1][3:]}"
        self.made.append("</td>" if empty_heading else f"</{'p' if tag in _HEADINGS else tag}>")

    def handle_data(self, data: str) -> None:
        self.shows = self.shows or bool(data.strip())
        self.made.append(escape(visible(self._said(data))))


def highlighted(code: str, language: str) -> str:
    """Code with classes for its kinds of words; plain where pygments doesn't know the language."""
    try:
        from pygments import highlight
        from pygments.formatters import HtmlFormatter
        from pygments.lexers import get_lexer_by_name
        from pygments.util import ClassNotFound
    except ImportError as error:
        raise MissingExtra("pygments", "notebook") from error
    if len(code) > _LARGEST // 10:
        return escape(code)
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return escape(code)
    return str(highlight(code, lexer, HtmlFormatter(nowrap=True)))
