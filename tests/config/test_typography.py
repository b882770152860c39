"""Quotations are typeset, whatever was pasted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.typography import set_quotation, set_text, unquoted

MARKS = st.text(alphabet="\"'“”‘’„«»‚ .-–…abs190\u00a0\n", max_size=20)


@pytest.mark.parametrize(
    ("pasted", "printed"),
    [
        ('"A film of great power."', "A film of great power."),
        ("“A film of great power.”", "A film of great power."),
        ("„Ein großer Film.“", "Ein großer Film."),
        ("„Wielki film.”", "Wielki film."),
        ("«Un grand film.»", "Un grand film."),
        ("«\u00a0Un grand film.\u00a0»", "Un grand film."),
        ("»Ein großer Film.«", "Ein großer Film."),
        ("”En stor film.”", "En stor film."),
        ("‘A great film.’", "A great film."),
        ("'A great film.'", "A great film."),
        ("'It's a great film.'", "It’s a great film."),
        ("‘The boys’ own film.’", "The boys’ own film."),
        ('She says "no" twice.', "She says ‘no’ twice."),
        ('"She says "no" twice."', "She says ‘no’ twice."),
        ("“She says ‘no’ twice.”", "She says ‘no’ twice."),
        ("“She says “no” twice.”", "She says ‘no’ twice."),
        ("«\u00a0Un «\u00a0grand\u00a0» film.\u00a0»", "Un « grand » film."),
        ('"Great" and "good"', "‘Great’ and ‘good’"),
        ("“Great” and “good”", "‘Great’ and ‘good’"),
        ("'Great' and 'good'", "‘Great’ and ‘good’"),
        ("‘Great’ says he, rockin’", "‘Great’ says he, rockin’"),
        ("It's the director's, isn't it?", "It’s the director’s, isn’t it?"),
        ("the '90s", "the ’90s"),
        ("the ‘90s", "the ’90s"),
        ("'90s noir", "’90s noir"),
        ("May '68 again", "May ’68 again"),
        ("'12 Angry Men' again", "‘12 Angry Men’ again"),
        ("rock 'n' roll", "rock ’n’ roll"),
        ("'Tis a pity", "’Tis a pity"),
        ("wait...", "wait…"),
        ("wait....", "wait...."),
        ("slow - and good", "slow – and good"),
        ("slow -- and good", "slow – and good"),
        ("slow--and good", "slow–and good"),
        ("well-made", "well-made"),
        ('(so "good")', "(so ‘good’)"),
        ("  two\n lines\t", "two lines"),
        ('""', ""),
        ("", ""),
    ],
)
def test_quotation_is_set_without_its_outer_marks(pasted, printed):
    assert set_quotation(pasted) == printed


@given(MARKS | st.text())
def test_setting_a_quotation_twice_changes_nothing(text):
    assert set_quotation(set_quotation(text)) == set_quotation(text)


@given(MARKS | st.text())
def test_setting_text_twice_changes_nothing(text):
    assert set_text(set_text(text)) == set_text(text)


@given(MARKS)
def test_quotation_has_no_typewriter_marks_and_no_double_ones(text):
    assert not set(set_quotation(text)) & set("\"'“”\n")


@given(st.text(alphabet="abc é,千", max_size=30))
def test_words_themselves_are_left_alone(text):
    assert set_quotation(f"“{text}”") == " ".join(text.split())


@pytest.mark.parametrize(
    ("given_", "printed"), [('The "Gazette"', "The “Gazette”"), ("Cahiers d'art", "Cahiers d’art")]
)
def test_names_keep_their_double_marks(given_, printed):
    assert set_text(given_) == printed


def test_marks_that_do_not_belong_together_are_left():
    assert unquoted("“A” and “B”") == "“A” and “B”"
    assert unquoted("“") == "“"
