"""Dates are written as people write them and read back from every form; what is no date is said to be none."""

import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnviz.training import dates

DAYS = st.dates(datetime.date(dates.FIRST_YEAR, 1, 1), datetime.date(dates.LAST_YEAR, 12, 31))


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        (
            "{Weekday}, the {day_words} of {Month}, {year_words}",
            "Sunday, the thirty-first of October, nineteen ninety-nine",
        ),
        ("the {dth} of {Month} {Y}", "the 31st of October 1999"),
        ("{m}/{d}/{y}", "10/31/99"),
        ("{Y}년 {m}월 {d}일({wd_korean})", "1999년 10월 31일(일)"),
        ("{year_korean}년 {month_korean} {day_korean}", "천구백구십구년 시월 삼십일일"),
    ],
)
def test_a_date_is_written_as_people_write_it(form, wanted):
    assert form in dates.DATE_FORMATS
    assert dates.written_date(datetime.date(1999, 10, 31), form) == wanted


@pytest.mark.parametrize(
    ("year", "words"),
    [
        (1950, "nineteen fifty"),
        (2000, "two thousand"),
        (2007, "two thousand and seven"),
        (2021, "twenty twenty-one"),
    ],
)
def test_years_in_words(year, words):
    form = "{Month} {day_words}, {year_words}"
    assert dates.written_date(datetime.date(year, 6, 1), form) == f"June first, {words}"


def test_june_and_october_lose_a_letter_in_korean():
    form = "{Y}년 {month_korean} {day_korean}"
    written = [dates.written_date(datetime.date(2021, month, 20), form) for month in (6, 10, 11)]
    assert written == ["2021년 유월 이십일", "2021년 시월 이십일", "2021년 십일월 이십일"]


@settings(max_examples=60, deadline=None)
@given(DAYS, st.sampled_from(dates.DATE_FORMATS))
def test_every_date_is_read_back_from_every_form(day, form):
    written = dates.written_date(day, form)
    assert dates.read_date(written) == dates.read_date(f" {written.upper()} ") == day


def test_there_are_at_least_thirty_forms_in_two_languages():
    assert len(set(dates.DATE_FORMATS)) == len(dates.DATE_FORMATS) >= 30
    assert 10 <= sum("년" in form for form in dates.DATE_FORMATS) <= len(dates.DATE_FORMATS) - 20


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("February 29, 2021", "there is no day 29 of month 2 in 2021"),
        ("31/12/2021", "there is no day 12 of month 31 in 2021"),
        ("2021년 13월 1일", "there is no day 1 of month 13 in 2021"),
        ("the 31st of April 2004", "there is no day 31 of month 4 in 2004"),
        ("July 4, 1776", "the year must be from 1950 to 2049; got 1776"),
    ],
)
def test_a_day_that_does_not_exist_is_said_in_one_line(text, words):
    with pytest.raises(ValueError) as refused:
        dates.read_date(text)
    assert str(refused.value) == words


@settings(max_examples=60, deadline=None)
@given(st.text())
def test_what_is_no_date_is_none(text):
    try:
        assert dates.read_date(text) is None
    except ValueError as refused:
        assert "\n" not in str(refused)
