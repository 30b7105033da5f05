"""The sheet of settings: one setting per row, known by its name in either language.

A setting that is not in this list is kept as typed, so that a house can have its own.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from kpi_excel.addresses import AddressError, named_address_of
from kpi_excel.control.draft import Faults
from kpi_excel.control.layout import Choice, Field, Kind, Missing, Sheet, folded
from kpi_excel.control.sheets import LANGUAGES
from kpi_excel.control.table import Row, Table
from kpi_excel.control.values import UnfitError, choice_of
from kpi_excel.faults import Fault, Place, did_you_mean
from kpi_excel.messages import Message, say
from kpi_excel.model import Settings, Texts
from kpi_excel.thresholds import THRESHOLDS, Threshold

SETTINGS = Sheet(
    "settings",
    Texts("Settings", "Ajustes"),
    Texts("What holds for the whole project.", "Lo que vale para todo el proyecto."),
    (
        Field(
            "setting",
            Texts("Setting", "Ajuste"),
            Texts("What is set; leave it as it is.", "Qué se ajusta; déjelo como está."),
            required=True,
            width=30,
        ),
        Field("value", Texts("Value", "Valor"), Texts("Fill in here.", "Llene aquí."), width=36),
        Field(
            "help",
            Texts("What it is for", "Para qué sirve"),
            Texts("An explanation; it is not read.", "Una explicación; no se lee."),
            width=84,
        ),
    ),
    Missing.ERROR,
    spare=6,
)


TEXT_FIELDS = ("language", "currency", "locale", "holiday_country", "history_url")
OWN_FIELDS = ("company", "fiscal_start_month", *TEXT_FIELDS)  # of model.Settings; the rest go into its ``values``


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: its key in the records, its name and explanation, and what it may be."""

    key: str
    name: Texts
    note: Texts
    kind: Kind = Kind.TEXT
    choices: tuple[Choice, ...] = ()
    section: Texts | None = None  # the heading above it


def _same(*values: str) -> tuple[Choice, ...]:
    return tuple(Choice(value, Texts(value, value)) for value in values)


def _of_threshold(threshold: Threshold) -> Setting:
    """A threshold of the review as a setting; its note ends with what holds where it is blank."""
    shown, note = threshold.shown(threshold.default), threshold.note
    return Setting(threshold.key, threshold.name, Texts(f"{note.en} Blank: {shown}.", f"{note.es} Vacío: {shown}."))


REVIEW = (
    Setting(
        "split_by",
        Texts("Look for causes by", "Buscar causas por"),
        Texts(
            "Columns along which a missed target is cut, with ; between them. Blank: product; segment.",
            "Columnas por las que se reparte una meta no alcanzada, separadas con ; Vacío: product; segment.",
        ),
        section=Texts("Review: when a check warns", "Revisión: cuándo avisa un control"),
    ),
    Setting(
        "pace",
        Texts("Path of the year", "Camino del año"),
        Texts(
            "T3: line, working days, or profile (as last year went). Blank: profile where two years are known.",
            "T3: line (recta), working days (días hábiles) o profile (como el año pasado). Vacío: profile si hay "
            "dos años.",
        ),
        Kind.CHOICE,
        (
            Choice("line", Texts("line", "recta")),
            Choice("working days", Texts("working days", "días hábiles")),
            Choice("profile", Texts("profile", "perfil")),
        ),
    ),
    *map(_of_threshold, THRESHOLDS),
)


KNOWN = (
    Setting(
        "company",
        Texts("Company", "Empresa"),
        Texts("The name on the reports.", "El nombre que sale en los informes."),
        section=Texts("Company", "Empresa"),
    ),
    Setting(
        "language",
        Texts("Language", "Idioma"),
        Texts("Language of reports and messages.", "Idioma de informes y mensajes."),
        Kind.CHOICE,
        LANGUAGES,
    ),
    Setting(
        "currency",
        Texts("Currency", "Moneda"),
        Texts("Three letters, such as USD, EUR, MXN.", "Tres letras: USD, EUR, MXN."),
    ),
    Setting(
        "locale",
        Texts("Locale", "Configuración regional"),
        Texts(
            "How numbers and dates are written: es_EC, es_MX, es_ES, en_US …",
            "Cómo se escriben números y fechas: es_EC, es_MX, es_ES, en_US …",
        ),
    ),
    Setting(
        "fiscal_start_month",
        Texts("Fiscal year starts in month", "El año fiscal empieza en el mes"),
        Texts("1 to 12; 1 is January.", "1 a 12; 1 es enero."),
        Kind.WHOLE,
        section=Texts("Calendar", "Calendario"),
    ),
    Setting(
        "holiday_country",
        Texts("Holidays of", "Feriados de"),
        Texts(
            "Two letters of the country whose national holidays count: EC, CO, PE, MX, ES … More "
            "days on the sheet Holidays.",
            "Dos letras del país cuyos feriados nacionales cuentan: EC, CO, PE, MX, ES … Otros días "
            "en la hoja Feriados.",
        ),
    ),
    Setting(
        "history_url",
        Texts("History database", "Base de datos del historial"),
        Texts(
            "Blank: the file history.sqlite in the project. Or the address of a PostgreSQL database, "
            "without the password.",
            "Vacío: el archivo history.sqlite del proyecto. O la dirección de una base PostgreSQL, sin la contraseña.",
        ),
        section=Texts("History", "Historial"),
    ),
    Setting(
        "accent_colour",
        Texts("Accent colour", "Color de la empresa"),
        Texts(
            "Of titles in the reports: # and six digits, such as #0B5563.",
            "El de los títulos de los informes: # y seis dígitos, como #0B5563.",
        ),
        section=Texts("Look of the reports", "Aspecto de los informes"),
    ),
    Setting(
        "colours",
        Texts("Colours", "Colores"),
        Texts(
            "standard: green, amber, red; colour_blind: blue, grey, orange. Words and marks stand beside them anyway.",
            "standard: verde, ámbar, rojo; colour_blind: azul, gris, naranja. Siempre con palabras y marcas.",
        ),
        Kind.CHOICE,
        (
            Choice("standard", Texts("standard", "normales")),
            Choice("colour_blind", Texts("colour-blind", "daltonismo")),
        ),
    ),
    Setting(
        "logo",
        Texts("Logo", "Logotipo"),
        Texts("A PNG or JPEG file in the project's folder.", "Un archivo PNG o JPEG en la carpeta del proyecto."),
    ),
    Setting(
        "fiscal_year_named_by",
        Texts("Fiscal year is named by its", "El año fiscal se nombra por su"),
        Texts(
            "end or start: which of its two calendar years gives the name.",
            "end (final) o start (inicio): cuál de sus dos años calendario le da el nombre.",
        ),
        Kind.CHOICE,
        (Choice("end", Texts("end", "final")), Choice("start", Texts("start", "inicio"))),
        section=Texts("Calendar, special cases", "Calendario, casos especiales"),
    ),
    Setting(
        "fiscal_pattern",
        Texts("Weeks in a quarter", "Semanas del trimestre"),
        Texts(
            "Blank: calendar months. 445, 454, 544: weeks per month; 13x4: thirteen periods.",
            "Vacío: meses calendario. 445, 454, 544: semanas por mes; 13x4: trece periodos.",
        ),
        Kind.CHOICE,
        _same("445", "454", "544", "13x4"),
    ),
    Setting(
        "mail_transport",
        Texts("Send by", "Enviar por"),
        Texts(
            "folder: only files to look at; smtp: a mail server; graph: Microsoft 365; outlook: drafts in Outlook.",
            "folder: solo archivos para mirar; smtp: un servidor; graph: Microsoft 365; outlook: "
            "borradores en Outlook.",
        ),
        Kind.CHOICE,
        _same("folder", "smtp", "graph", "outlook"),
        section=Texts("Mail", "Correo"),
    ),
    Setting(
        "mail_from",
        Texts("From", "Remitente"),
        Texts("The sender's address.", "La dirección de quien envía."),
    ),
    Setting(
        "mail_host",
        Texts("Mail server", "Servidor de correo"),
        Texts("Its name, such as smtp.example.com.", "Su nombre: smtp.example.com."),
    ),
    Setting("mail_port", Texts("Port", "Puerto"), Texts("Usually 587.", "Por lo general 587."), Kind.WHOLE),
    Setting(
        "mail_security",
        Texts("Encryption", "Cifrado"),
        Texts("starttls (port 587), tls (port 465), or none.", "starttls (puerto 587), tls (puerto 465) o none."),
        Kind.CHOICE,
        _same("starttls", "tls", "none"),
    ),
    Setting(
        "mail_user",
        Texts("User", "Usuario"),
        Texts(
            "The name to sign in with. The password is never written here: kpi-excel mail test says where it goes.",
            "El nombre para entrar. La contraseña nunca va aquí: kpi-excel mail test dice dónde va.",
        ),
    ),
    Setting(
        "mail_rate",
        Texts("Messages per minute", "Mensajes por minuto"),
        Texts(
            "At most so many, where the server sets a limit (Microsoft 365: 30). Blank: no limit.",
            "A lo sumo tantos, si el servidor pone un límite (Microsoft 365: 30). Vacío: sin límite.",
        ),
        Kind.WHOLE,
    ),
    Setting(
        "mail_tenant",
        Texts("Microsoft 365 tenant", "Inquilino de Microsoft 365"),
        Texts(
            "For graph: the directory (tenant) id or domain of the company.",
            "Para graph: el id de directorio (inquilino) o el dominio de la empresa.",
        ),
    ),
    Setting(
        "mail_client",
        Texts("Microsoft 365 application", "Aplicación de Microsoft 365"),
        Texts(
            "For graph: the application (client) id registered for this program. Its secret never goes here.",
            "Para graph: el id de aplicación (cliente) registrado para este programa. Su secreto nunca va aquí.",
        ),
    ),
    Setting(
        "allowed_domains",
        Texts("Allowed domains", "Dominios permitidos"),
        Texts(
            "Mail goes to these domains only, with ; between them. Blank: to any.",
            "El correo va solo a estos dominios, separados con ; Vacío: a cualquiera.",
        ),
    ),
    *REVIEW,
)
BY_NAME = {folded(text): setting for setting in KNOWN for text in (setting.key, setting.name.en, setting.name.es)}
SECRET = re.compile(r"password|passwort|contrase|clave|secret|token", re.IGNORECASE)


def read_settings(table: Table, faults: Faults) -> Settings:
    """The settings as typed, the known ones checked."""
    values: dict[str, str] = {}
    for row in table.rows:
        name, text = row.get("setting"), row.get("value")
        if not name or not text:
            continue
        setting = BY_NAME.get(folded(name))
        key = setting.key if setting else name
        if key in values:
            faults.at(row, "setting", say("The setting {name} is there twice.", name=name))
            continue
        _warn_of_name(row, name, known=setting is not None, faults=faults)
        values[key] = _checked(row, setting, text, faults) if setting else text
    if table.present and "company" not in values:
        faults.append(_no_company(table))
    return _record(values)


def _warn_of_name(row: Row, name: str, *, known: bool, faults: Faults) -> None:
    """Warnings about a setting of the house's own: it looks like a known one, or like a secret."""
    if known:
        return
    near = did_you_mean(name, [text for setting in KNOWN for text in (setting.name.en, setting.name.es)])
    if near is not None:
        faults.warn(row, "setting", say("There is no setting {name}.", name=repr(name)), near)
    if SECRET.search(name):
        hint = say("Delete it here; kpi-excel mail test says where a password belongs.")
        faults.warn(row, "setting", say("A workbook is no place for a secret."), hint)


def _no_company(table: Table) -> Fault:
    place = table.rows[0].start if table.rows else Place(sheet=table.sheet.name.en)
    return Fault(say("The setting {name} is blank.", name=KNOWN[0].name), Place(place.file, place.sheet))


def _checked(row: Row, setting: Setting, text: str, faults: Faults) -> str:
    """The value of a known setting; what does not fit is a fault, and blank."""
    if setting.choices:
        try:
            return choice_of(text, setting.choices)
        except UnfitError as error:
            faults.at(row, "value", error.message, error.hint)
            return ""
    fit = FIT.get(setting.key)
    if fit is None:
        return text
    value, right = fit(text)
    if value is None:
        faults.at(row, "value", say("{text} does not fit here.", text=repr(text)), right)
    return value or ""


def _currency(text: str) -> tuple[str | None, Message]:
    fits = re.fullmatch(r"[A-Za-z]{3}", text)
    return (text.upper() if fits else None), say("Write the three letters of the currency, such as USD.")


def _country(text: str) -> tuple[str | None, Message]:
    fits = re.fullmatch(r"[A-Za-z]{2}(-[A-Za-z0-9]{1,3})?", text)
    return (text.upper() if fits else None), say("Write the two letters of the country, such as EC.")


def _locale(text: str) -> tuple[str | None, Message]:
    from babel import Locale, UnknownLocaleError

    right = say("Write language and country, such as es_EC or en_US.")
    try:
        return str(Locale.parse(text.replace("-", "_"))), right
    except (UnknownLocaleError, ValueError):
        return None, right


def _month(text: str) -> tuple[str | None, Message]:
    fits = re.fullmatch(r"[1-9]|1[0-2]", text)
    return (text if fits else None), say("Write the number of the month, 1 to 12.")


def _port(text: str) -> tuple[str | None, Message]:
    fits = re.fullmatch(r"\d{1,5}", text) and 0 < int(text) < 65536
    return (text if fits else None), say("Write the number of the port, such as 587.")


def _colour(text: str) -> tuple[str | None, Message]:
    fits = re.fullmatch(r"#?[0-9A-Fa-f]{6}", text)
    return ("#" + text.removeprefix("#").upper() if fits else None), say("Write # and six digits, such as #0B5563.")


def _address(text: str) -> tuple[str | None, Message]:
    return (None if has_password(text) else text), say(
        "Leave the password out of the address; it comes from the environment or the system's own store."
    )


def has_password(address: str) -> bool:
    """Whether a password stands in the address of a database."""
    return bool(re.match(r"[^/]*://[^/@:]*:[^/@]+@", address))


def _rate(text: str) -> tuple[str | None, Message]:
    fits = re.fullmatch(r"\d{1,6}", text) and int(text) > 0
    return (text if fits else None), say("Write how many messages a minute, such as 30.")


def _sender(text: str) -> tuple[str | None, Message]:
    right = say("Write an address, such as kpi@example.com or KPI office <kpi@example.com>.")
    try:
        named_address_of(text)
    except AddressError:
        return None, right
    return text, right


def _threshold(threshold: Threshold, text: str) -> tuple[str | None, Message]:
    low, high = threshold.shown(threshold.low), threshold.shown(threshold.high)
    right = say("Write a number from {low} to {high}; blank means {usual}.", low=low, high=high,
                usual=threshold.shown(threshold.default))  # fmt: skip
    if threshold.share and re.fullmatch(r"1([.,]0*)?", text.strip()):
        right = say("Write {low} or {high}: a bare 1 could be either.", low="1%", high="100%")
    return (None if threshold.read(text) is None else text), right


FIT: Mapping[str, Callable[[str], tuple[str | None, Message]]] = {
    "accent_colour": _colour,
    "currency": _currency,
    "locale": _locale,
    "fiscal_start_month": _month,
    "holiday_country": _country,
    "history_url": _address,
    "mail_port": _port,
    "mail_rate": _rate,
    "mail_from": _sender,
    **{threshold.key: partial(_threshold, threshold) for threshold in THRESHOLDS},
}


def _record(values: Mapping[str, str]) -> Settings:
    """The record; what was blank or did not fit has its default."""
    given = {key: values[key] for key in TEXT_FIELDS if values.get(key)}
    rest = {key: value for key, value in values.items() if key not in OWN_FIELDS and value}
    month = int(values.get("fiscal_start_month") or 1)
    return Settings(company=values.get("company", ""), fiscal_start_month=month, values=rest, **given)


def setting_rows(settings: Settings) -> Iterator[tuple[Setting | None, str, str]]:
    """Every setting as it stands on the sheet: what is known of it, its key, its value."""
    own = {key: str(getattr(settings, key)) for key in OWN_FIELDS}
    values = {**dict(settings.values), **own}
    for setting in KNOWN:
        yield setting, setting.key, values.pop(setting.key, "")
    for key, value in values.items():
        yield None, key, value
