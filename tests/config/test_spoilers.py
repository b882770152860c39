"""Passages that give things away: how they are stored, left out and printed."""

import html5lib
import nh3
import pytest
from django.utils.safestring import mark_safe
from hypothesis import given
from hypothesis import strategies as st

from config.markup import parse
from config.printing import headings, printed
from config.richtext import clean_long, clean_short, plain_text, word_count
from config.spoilers import is_spoiler, without_spoilers
from tests.config.test_richtext import HTML


@pytest.mark.parametrize(
    "html",
    [
        '<p>She <span data-spoiler="">dies</span>.</p>',
        '<p>As in <span data-spoiler="the end of Vertigo"><a href="/films/vertigo/" rel="noopener">a</a> tower</span>.</p>',
        '<div data-spoiler=""><p>She dies.</p><ul><li><p>Twice</p></li></ul></div>',
        '<p>She dies<span data-spoiler=""><span data-footnote="Of it">*</span></span>.</p>',
    ],
)
def test_what_an_editor_marks_is_stored_as_it_is(html):
    assert clean_long(html) == html


@pytest.mark.parametrize(
    ("html", "stored"),
    [
        ('<p><span data-spoiler="" class="x" onclick="y()">a</span></p>', '<p><span data-spoiler="">a</span></p>'),
        ('<p>a<span data-spoiler=" V \n &lt;b&gt; ">b</span></p>', '<p>a<span data-spoiler="V &lt;b&gt;">b</span></p>'),
        (f'<p><span data-spoiler="{"x" * 99}">a</span></p>', f'<p><span data-spoiler="{"x" * 80}">a</span></p>'),
        ('<p>a<span data-spoiler="">b', '<p>a<span data-spoiler="">b</span></p>'),
        ('<p>a <span data-spoiler=""> </span>b</p>', "<p>a  b</p>"),
        (
            '<p><span data-spoiler="V">a<span data-spoiler="W">b</span>c</span></p>',
            '<p><span data-spoiler="V">abc</span></p>',
        ),
        (
            '<div data-spoiler=""><p>a <span data-spoiler="">b</span></p><div data-spoiler="">c</div></div>',
            '<div data-spoiler=""><p>a b</p>c </div>',
        ),
        (
            '<p>a <em>b <span data-spoiler="">c</span> d</em></p>',
            '<p>a <em>b </em><span data-spoiler=""><em>c</em></span><em> d</em></p>',
        ),
        (
            '<p><a href="/x/"><strong><span data-spoiler="">a</span></strong></a></p>',
            '<p><span data-spoiler=""><a href="/x/" rel="noopener"><strong>a</strong></a></span></p>',
        ),
        ('<h2>How <span data-spoiler="V">it ends</span></h2>', '<div data-spoiler="V"><h2>How it ends</h2></div>'),
        ('<span data-spoiler=""><p>a</p><p>b</p></span>', '<div data-spoiler=""><p>a</p><p>b</p></div>'),
        ('<div data-spoiler="">a</div>', '<div data-spoiler=""><p>a</p></div>'),
        ('<p>a<span data-footnote="n" data-spoiler="">*</span></p>', '<p>a<span data-spoiler=""><span data-footnote="n">*</span></span></p>'),
        ('<div class="x"><p>a</p></div><p>b</p>', "<p>a</p> <p>b</p>"),
    ],
)  # fmt: skip
def test_marks_are_brought_to_where_they_can_be_printed(html, stored):
    assert clean_long(html) == stored
    assert clean_long(stored) == stored


def test_text_that_is_one_spoiler_is_a_text():
    assert clean_long('<div data-spoiler=""><p>She dies.</p></div>') == '<div data-spoiler=""><p>She dies.</p></div>'


def test_words_that_look_like_a_mark_are_none():
    html = '<img alt="x data-spoiler=" src="/media/a.jpg"><p>a data-spoiler="" b</p>'

    assert clean_long(html) == html
    assert without_spoilers(html) == html
    assert "<details" not in printed(html)


def test_short_texts_have_no_spoilers():
    assert clean_short('<p>She <span data-spoiler="">dies</span>.</p>') == "<p>She dies.</p>"


# --- Left out


TEXT = (
    '<p>She <span data-spoiler="">dies</span>.</p><div data-spoiler="V"><h2>Ends</h2><p>He jumps.</p></div><p>Go.</p>'
)


def test_plain_text_is_without_spoilers():
    assert plain_text(TEXT) == "She …. Go."


def test_reading_time_counts_what_is_hidden_as_well():
    assert word_count(TEXT) == 6


def test_something_can_be_said_in_place_of_a_spoiler():
    assert without_spoilers(TEXT, "Not <here>") == ("<p>She Not &lt;here&gt;.</p><p>Not &lt;here&gt;</p><p>Go.</p>")
    assert without_spoilers(TEXT, mark_safe("<b>x</b>")) == "<p>She <b>x</b>.</p><p><b>x</b></p><p>Go.</p>"


MARKUP = (
    """<span data-spoiler=""> </span> <div data-spoiler="V"> </div> <p> </p> <em> </em> <h2> </h2> <ul><li> </li></ul>
    <blockquote> <figure> <figcaption> </figure> word word""".replace("<span d", "<span_d")
    .replace("<div d", "<div_d")
    .split()
)
PIECES = [
    *(piece.replace("_", " ") for piece in MARKUP),
    '<a href="/x/">',
    '<img src="/media/a.jpg" alt="word">',
    '<span data-footnote="word">*</span>',
]


def outside_marks(nodes) -> str:
    """All words of a tree that stand in no mark, those in attributes included."""
    parts = []
    for node in nodes:
        if isinstance(node, str):
            parts.append(node)
        elif not is_spoiler(node):
            parts += [node.start, outside_marks(node.children)]
    return "".join(parts)


@given(st.lists(st.sampled_from(PIECES), max_size=16).map("".join))
def test_no_mark_is_lost_on_the_way_in(html):
    """What a browser would find inside a mark is inside a mark, or gone, once it is stored."""
    tags = {"span", "div", "p", "em", "h2", "ul", "li", "blockquote", "figure", "figcaption", "a", "img"}
    understood = nh3.clean(html, tags=tags, attributes={"*": {"data-spoiler", "data-footnote", "alt", "src"}})

    assert outside_marks(parse(clean_long(html))).count("word") <= outside_marks(parse(understood)).count("word")


@given(HTML)
def test_a_closed_spoiler_is_all_that_is_printed_of_what_is_left_out(html):
    stored = clean_long(html)
    page = html5lib.parseFragment(printed(stored), namespaceHTMLElements=False)

    details = page.findall(".//details")
    assert all(one[0].tag == "summary" and "open" not in one.attrib for one in details)
    marked = html5lib.parseFragment(stored, namespaceHTMLElements=False)
    assert bool(details) == any("data-spoiler" in one.attrib for one in marked.iter())


# --- Printed


def test_words_open_within_their_sentence():
    html = printed('<p>As in <span data-spoiler="the end of Vertigo">a tower</span>.</p>', "Wanda")

    assert html == (
        '<div class="p" role="paragraph">As in <details class="spoiler inline">'
        "<summary>Spoiler: the end of Vertigo</summary><span data-nosnippet>a tower</span></details>.</div>"
    )


def test_blocks_open_where_they_stand_and_are_named_for_the_film():
    html = printed('<div data-spoiler=""><p>She dies.</p></div>', "Fish & Chips")

    assert html == (
        '<details class="spoiler"><summary>Spoiler<span class="vh"> for Fish &amp; Chips</span></summary>'
        "<div data-nosnippet><p>She dies.</p></div></details>"
    )


def test_note_of_a_spoiler_is_closed_as_well():
    html = printed(
        '<p>x<span data-spoiler="V">y<span data-footnote="SECRET">*</span></span>z<span data-footnote="B">*</span></p>'
    )
    page = html5lib.parseFragment(html, namespaceHTMLElements=False)

    hidden, shown = page.findall(".//section//li")
    assert hidden.attrib["id"] == "note-1"
    assert [one.tag for one in hidden] == ["details"]
    assert hidden.find("details/summary").text == "Spoiler: V"
    assert "SECRET" in "".join(hidden.itertext())
    assert [one.tag for one in shown] == ["a"]


# --- Headings


def test_headings_have_stable_ids_of_their_words():
    html = "<h2>The Slag Heap</h2><h3>The slag heap!</h3><h2>千と千尋</h2><h2>The <em>slag</em> heap</h2><h2>?</h2>"

    page = html5lib.parseFragment(printed(html), namespaceHTMLElements=False)

    assert [one.attrib["id"] for one in page] == [
        "on-the-slag-heap", "on-the-slag-heap-2", "on-千と千尋", "on-the-slag-heap-3", "on-question-mark"
    ]  # fmt: skip
    assert [(one.id, one.text) for one in headings(html)] == [
        ("on-the-slag-heap", "The Slag Heap"), ("on-千と千尋", "千と千尋"), ("on-the-slag-heap-3", "The slag heap"), ("on-question-mark", "?")
    ]  # fmt: skip


def test_headings_inside_a_spoiler_are_not_among_the_parts_of_a_page():
    html = clean_long(
        '<h2>One</h2><div data-spoiler=""><h2>She dies</h2></div><h2>So <span data-spoiler="">ends</span></h2>'
    )

    assert [heading.text for heading in headings(html)] == ["One"]


def test_a_footnote_in_a_heading_is_no_part_of_its_name():
    assert headings('<h2>One<span data-footnote="n">*</span> &amp; all</h2>')[0].text == "One & all"
