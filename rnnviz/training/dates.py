"""Dates in many written forms, English and Korean: writing a day in one of them, and reading it again."""

import datetime
import functools
import re

FIRST_YEAR, LAST_YEAR = 1950, 2049  # so that two digits are enough to tell a year
_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth"
    " sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
_ORDINALS += [f"twenty-{word}" for word in _ORDINALS[:9]] + ["thirtieth", "thirty-first"]
_KOREAN_DAYS = "월화수목금토일"


def _words(number: int) -> str:
    """0 to 99 in English words."""
    if number < 20:
        return _ONES[number]
    ten, one = divmod(number, 10)
    return _TENS[ten - 2] + (f"-{_ONES[one]}" if one else "")


def _year_in_words(year: int) -> str:
    century, rest = divmod(year, 100)
    if 2000 <= year < 2010:
        return "two thousand" + (f" and {_words(rest)}" if rest else "")
    return f"{_words(century)} {_words(rest)}"


def _korean(number: int) -> str:
    """1 to 9999 in Sino-Korean words."""
    said = ""
    for size, name in ((1000, "천"), (100, "백"), (10, "십"), (1, "")):
        digit = number // size % 10
        if digit:
            said += ("" if digit == 1 and name else "일이삼사오육칠팔구"[digit - 1]) + name
    return said


_KOREAN_MONTHS = ["유월" if m == 6 else "시월" if m == 10 else f"{_korean(m)}월" for m in range(1, 13)]
_YEARS = range(FIRST_YEAR, LAST_YEAR + 1)
_ENDINGS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}
# a part of a date as it is written: which field it tells (or none), and each value's writing
_PARTS: dict[str, tuple[str, dict[int, str]]] = {
    "Y": ("year", {y: str(y) for y in _YEARS}),
    "y": ("year", {y: f"{y % 100:02}" for y in _YEARS}),
    "year_words": ("year", {y: _year_in_words(y) for y in _YEARS}),
    "year_korean": ("year", {y: _korean(y) for y in _YEARS}),
    "m": ("month", {m: str(m) for m in range(1, 13)}),
    "mm": ("month", {m: f"{m:02}" for m in range(1, 13)}),
    "Month": ("month", dict(enumerate(_MONTHS, 1))),
    "MONTH": ("month", {m: name.upper() for m, name in enumerate(_MONTHS, 1)}),
    "month": ("month", {m: name.lower() for m, name in enumerate(_MONTHS, 1)}),
    "Mon": ("month", {m: name[:3] for m, name in enumerate(_MONTHS, 1)}),
    "month_korean": ("month", dict(enumerate(_KOREAN_MONTHS, 1))),
    "d": ("day", {d: str(d) for d in range(1, 32)}),
    "dd": ("day", {d: f"{d:02}" for d in range(1, 32)}),
    "dth": ("day", {d: f"{d}{_ENDINGS.get(d, 'th')}" for d in range(1, 32)}),
    "day_words": ("day", dict(enumerate(_ORDINALS, 1))),
    "day_korean": ("day", {d: f"{_korean(d)}일" for d in range(1, 32)}),
    "Weekday": ("weekday", dict(enumerate(_DAYS))),
    "Wd": ("weekday", {w: name[:3] for w, name in enumerate(_DAYS)}),
    "weekday_korean": ("weekday", {w: f"{name}요일" for w, name in enumerate(_KOREAN_DAYS)}),
    "wd_korean": ("weekday", dict(enumerate(_KOREAN_DAYS))),
}
# slashes count as in the United States, dots with the year last as in Europe: what is written decides what is meant
DATE_FORMATS = (
    "{Month} {d}, {Y}",
    "{Month} {d} {Y}",
    "{d} {Month} {Y}",
    "{Mon} {d}, {Y}",
    "{Mon}. {d}, {Y}",
    "{d} {Mon} {Y}",
    "{Month} {dth}, {Y}",
    "{Month} {dth} {Y}",
    "{dth} {Month} {Y}",
    "the {dth} of {Month} {Y}",
    "the {dth} of {Month}, {Y}",
    "{Weekday}, {Month} {d}, {Y}",
    "{Weekday}, {d} {Month} {Y}",
    "{Weekday} the {dth} of {Month}, {Y}",
    "{Wd} {d} {Mon} {Y}",
    "{Wd}, {Mon} {d}, {Y}",
    "{m}/{d}/{Y}",
    "{mm}/{dd}/{Y}",
    "{m}/{d}/{y}",
    "{d}.{m}.{Y}",
    "{dd}.{mm}.{Y}",
    "{d}.{m}.{y}",
    "{Y}-{mm}-{dd}",
    "{Y}/{mm}/{dd}",
    "{Y}/{m}/{d}",
    "{Y}{mm}{dd}",
    "{d}-{Mon}-{Y}",
    "{Mon}-{dd}-{Y}",
    "{d} {Month} '{y}",
    "{Mon} {d} '{y}",
    "{MONTH} {d}, {Y}",
    "{month} {d}, {Y}",
    "{d} {month} {Y}",
    "{Y} {Month} {d}",
    "{Month} the {day_words}, {Y}",
    "the {day_words} of {Month} {Y}",
    "{Month} {day_words}, {year_words}",
    "the {day_words} of {Month}, {year_words}",
    "{Weekday}, the {day_words} of {Month}, {year_words}",
    "{Y}년 {m}월 {d}일",
    "{Y}년{m}월{d}일",
    "{Y}년 {mm}월 {dd}일",
    "{y}년 {m}월 {d}일",
    "{Y}. {m}. {d}.",
    "{Y}.{mm}.{dd}",
    "{Y}.{m}.{d}.",
    "{Y}년 {m}월 {d}일 {weekday_korean}",
    "{Y}년 {m}월 {d}일({wd_korean})",
    "{Y}. {m}. {d}. ({wd_korean})",
    "{year_korean}년 {month_korean} {day_korean}",
    "{Y}년 {month_korean} {day_korean}",
    "{year_korean}년 {month_korean} {day_korean} {weekday_korean}",
    "{m}월 {d}일 {Y}년",
    "서기 {Y}년 {m}월 {d}일",
)


def written_date(date: datetime.date, form: str) -> str:
    """A date as one of `DATE_FORMATS` has it."""
    fields = {"year": date.year, "month": date.month, "day": date.day, "weekday": date.weekday()}
    return form.format_map({name: texts[fields[field]] for name, (field, texts) in _PARTS.items()})


@functools.cache
def _date_patterns() -> list[re.Pattern[str]]:
    """How each format is recognised; in a longer form first, as 'twenty' also begins 'twenty-one'."""
    patterns = []
    for form in DATE_FORMATS:
        pattern = re.escape(form).replace(r"\{", "{").replace(r"\}", "}")
        for name, (field, texts) in _PARTS.items():
            ways = "|".join(re.escape(text) for text in sorted(texts.values(), key=len, reverse=True))
            ways = {"Y": r"\d{4}", "d": r"\d{1,2}", "dd": r"\d\d", "m": r"\d{1,2}", "mm": r"\d\d"}.get(
                name, ways
            )
            pattern = pattern.replace(f"{{{name}}}", f"(?P<{field}_{name}>{ways})")
        patterns.append(re.compile(pattern, re.IGNORECASE))
    return patterns


def read_date(text: str) -> datetime.date | None:
    """The date that a text in one of `DATE_FORMATS` means, None where it has no such form.

    A weekday is not compared. Raises ValueError where no such day exists or the year is not between 1950 and 2049.
    """
    for pattern in _date_patterns():
        found = pattern.fullmatch(text.strip())
        if not found:
            continue
        fields: dict[str, int] = {}
        for key, written in found.groupdict().items():
            field, name = key.split("_", 1)
            texts = {t.lower(): value for value, t in _PARTS[name][1].items()}
            known = texts.get(written.lower())
            fields[field] = (
                int(written) if known is None else known
            )  # any digits may be written, a month 13 too
        if not FIRST_YEAR <= fields["year"] <= LAST_YEAR:
            raise ValueError(f"the year must be from {FIRST_YEAR} to {LAST_YEAR}; got {fields['year']}")
        try:
            return datetime.date(fields["year"], fields["month"], fields["day"])
        except ValueError:
            raise ValueError(
                f"there is no day {fields['day']} of month {fields['month']} in {fields['year']}"
            ) from None
    return None
