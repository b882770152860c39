"""What is stored of an editor's HTML, and how it is printed."""

import re

import html5lib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.printing import printed
from config.richtext import clean_long, clean_short, plain_text, word_count

TAGS = [
    "p",
    "h1",
    "h2",
    "h3",
    "em",
    "strong",
    "a",
    "ul",
    "li",
    "blockquote",
    "figure",
    "figcaption",
    "img",
    "span",
    "br",
    "script",
    "style",
    "svg",
    "iframe",
    "table",
    "td",
    "div",
]
ATTRIBUTES = [
    'class="x"',
    'href="/films/m/"',
    'href="javascript:x"',
    'src="/media/a.jpg"',
    'src="//e/x"',
    'data-footnote="n"',
    'data-spoiler="Vertigo"',
    'data-spoiler=""',
]
PIECES = st.one_of(
    st.builds("<{} {}>".format, st.sampled_from(TAGS), st.sampled_from([*ATTRIBUTES, "", 'onerror="x()"'])),
    st.builds("</{}>".format, st.sampled_from(TAGS)),
    st.sampled_from(["&nbsp;", "\u00a0", "&lt;", "<", ">", '"', "&amp;nbsp;", "<!--", "-->", "\x00", "]]>", " "]),
    st.text(max_size=8),
)
HTML = st.lists(PIECES, max_size=14).map("".join)


@pytest.mark.parametrize(
    ("html", "stored"),
    [
        ("<p>Before<script>alert(1)</script>after</p>", "<p>Beforeafter</p>"),
        ("<style>p { color: red }</style><p style='color: red' class='x' id='y'>Text</p>", "<p>Text</p>"),
        ('<iframe src="https://elsewhere.example"></iframe><p>Text</p>', "<p>Text</p>"),
        ("<svg onload=alert(1)><p>Text</p></svg>", "<p>Text</p>"),
        (
            "<p><a href='/films/m/' onclick='x()' target='_blank'>M</a></p>",
            '<p><a href="/films/m/" rel="noopener">M</a></p>',
        ),
        ("<p><a href='javascript:alert(1)'>M</a></p>", '<p><a rel="noopener">M</a></p>'),
        ("<p><a href='jAva&#10;script:alert(1)'>M</a></p>", '<p><a rel="noopener">M</a></p>'),
        ("<p><a href='data:text/html,<b>'>M</a></p>", '<p><a rel="noopener">M</a></p>'),
        ("<p>Text<!-- secret --></p>", "<p>Text</p>"),
        ("<p>a&nbsp;b\u00a0c &amp;nbsp; d</p>", "<p>a b c &amp;nbsp; d</p>"),
        ("<p>One<br>two</p>", "<p>One two</p>"),
        ("<div>One</div><div>two</div>", "One two"),
        ("<p><span style='x'>One</span> <span>two</span></p>", "<p>One two</p>"),
        ("<p>A\x00B\ud800C</p>", "<p>ABC</p>"),
        ("<p> </p><p>&nbsp;</p>", ""),
        ("", ""),
    ],
)
def test_only_what_is_allowed_is_stored(html, stored):
    assert clean_long(html) == stored
    assert clean_short(html) == stored


@pytest.mark.parametrize(
    "html",
    [
        '<h2>Title</h2><p><em>One</em> <strong>two</strong></p><ul><li><p>a</p></li></ul><ol start="3"><li><p>b</p></li></ol>',
        "<blockquote><p>Words</p></blockquote><hr>",
        '<figure><img src="/media/a.jpg" alt="A &gt; B"><figcaption>Words</figcaption></figure>',
        '<p>Text<span data-footnote="A note">*</span>.</p>',
    ],
)
def test_what_a_review_may_hold_is_stored_as_it_is(html):
    assert clean_long(html) == html


def test_short_text_has_no_headings_lists_pictures_or_footnotes():
    html = '<h2>One</h2><ul><li>two</li></ul><img src="/media/a.jpg"><p>three<span data-footnote="n">*</span></p>'

    assert clean_short(html) == "One two <p>three*</p>"


@pytest.mark.parametrize(
    "picture",
    [
        '<img src="https://elsewhere.example/a.jpg">',
        '<img src="//media/a.jpg">',
        '<img src="data:image/png;base64,AAAA">',
        '<img src="/static/a.jpg">',
        '<img src="/media/../admin/">',
        '<img src="/media/%2e%2e/admin/">',
        '<img alt=" src=/media/a.jpg">',
        "<img>",
    ],
)
def test_picture_from_elsewhere_is_dropped(picture):
    assert clean_long(f"<p>Text{picture}</p>") == "<p>Text</p>"
    assert clean_long(picture) == ""


def test_own_picture_loses_its_handlers_and_stays(settings):
    settings.S3_PUBLIC_URL = "https://media.example"

    html = '<p><img src="/media/a.jpg" onerror="x()"><img src="https://media.example/b.jpg" alt=""></p>'

    assert clean_long(html) == '<p><img src="/media/a.jpg"><img src="https://media.example/b.jpg" alt=""></p>'


def test_footnote_keeps_its_text_and_nothing_else():
    html = (
        '<p>x<span data-footnote="A &quot;note&quot; &lt;b&gt;" class="y" onclick="z()">in <span>it</span></span> y</p>'
    )

    assert clean_long(html) == '<p>x<span data-footnote="A &quot;note&quot; &lt;b&gt;">*</span> y</p>'


@given(HTML)
def test_storing_twice_changes_nothing(html):
    for clean in (clean_long, clean_short):
        assert clean(clean(html)) == clean(html)


@given(HTML)
def test_what_is_stored_and_printed_holds_nothing_that_runs(html):
    for clean in (clean_long, clean_short):
        tree = html5lib.parseFragment(printed(clean(html)), namespaceHTMLElements=False)
        for element in tree.iter():
            assert element.tag not in {"script", "style", "iframe", "svg", "object", "form", "base", "meta", "link"}
            assert not [name for name in element.attrib if str(name).startswith("on") or name == "style"]
            assert not re.match(r"\s*(javascript|data|vbscript):", element.attrib.get("href", ""))
            assert element.tag != "img" or element.attrib["src"].startswith("/media/")


# --- Words


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<p>One <em>t</em>wo, <em>three</em>.</p><p>Four</p>", "One two, three. Four"),
        ("<h2>A</h2><ul><li>b</li><li>c</li></ul>", "A b c"),
        ("<p>Fish &amp; chips &lt;3</p>", "Fish & chips <3"),
        ('<p>Text<span data-footnote="Not counted here">*</span>, more</p>', "Text, more"),
        ('<figure><img src="/media/a.jpg" alt="not these"><figcaption>these</figcaption></figure>', "these"),
        ("", ""),
    ],
)
def test_words_of_stored_html(html, words):
    assert plain_text(html) == words
    assert word_count(html) == len(words.split())


# --- Printing


def test_headings_are_printed_one_level_lower():
    assert printed("<h2>A</h2><h3>B</h3>") == '<h3 id="on-a">A</h3><h4 id="on-b">B</h4>'


def test_text_about_markup_is_printed_as_text():
    html = clean_long("<p>&lt;h2&gt; and &lt;script&gt; and &lt;img src=x&gt;</p>")

    assert printed(html) == html == "<p>&lt;h2&gt; and &lt;script&gt; and &lt;img src=x&gt;</p>"


def test_pictures_of_a_text_wait_until_they_are_near():
    assert printed('<img src="/media/a.jpg">') == '<img src="/media/a.jpg" loading="lazy" decoding="async">'


def test_footnotes_are_numbered_linked_both_ways_and_escaped():
    html = '<p>x<span data-footnote="One &lt;script&gt; &amp; &quot;so&quot;">*</span> y<span data-footnote="Two">*</span></p>'

    page = html5lib.parseFragment(printed(clean_long(html)), namespaceHTMLElements=False)

    references = page.findall(".//sup/a")
    notes = page.findall("./section/ol/li")
    assert [(a.attrib["id"], a.attrib["href"]) for a in references] == [
        ("note-ref-1", "#note-1"),
        ("note-ref-2", "#note-2"),
    ]
    assert [note.attrib["id"] for note in notes] == ["note-1", "note-2"]
    assert [note.text for note in notes] == ['One <script> & "so" ', "Two "]
    assert [note.find("a").attrib["href"] for note in notes] == ["#note-ref-1", "#note-ref-2"]
    assert page.find("./section").attrib == {"class": "notes", "role": "doc-endnotes", "aria-label": "Notes"}


def test_text_without_footnotes_has_no_list_of_them():
    assert "<section" not in printed("<p>Text</p>")


def test_picture_in_a_text_is_printed_with_its_sizes_and_room():
    stored = '<figure><img src="/media/stills/ab/abcd-1440x868-1280.jpg" alt="A field"><figcaption>Drawn</figcaption></figure>'

    html = printed(stored)

    assert '<source type="image/avif" srcset="/media/stills/ab/abcd-1440x868-480.avif 480w' in html
    assert 'width="1440" height="868"' in html
    assert 'alt="A field"' in html


def test_picture_whose_sizes_may_be_missing_keeps_its_room_only():
    html = printed('<img src="/media/stills/ab/abcd-1440x868.jpg" alt="">')

    assert "<source" not in html
    assert 'width="1440" height="868"' in html
