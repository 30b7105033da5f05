"""Excel's serial numbers for dates: 1 is the first of January 1900, and 60 a day that never was."""

from datetime import date, datetime, timedelta

_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - worksheet dates know no time zone
_SECONDS = 86400.0


def serial(moment: date) -> float:
    """The serial number of a date, or of a date with a time."""
    if isinstance(moment, datetime):
        return (moment.replace(tzinfo=None) - _EPOCH) / timedelta(seconds=_SECONDS)
    return float((moment - _EPOCH.date()).days)


def from_serial(number: float) -> datetime:
    """The date and time of a serial number."""
    return _EPOCH + timedelta(seconds=round(number * _SECONDS))
