"""Who is who at the made-up company, and who steers by which KPI."""

from dataclasses import dataclass

from kpi_excel.model import Recipient, Texts, Unit

COMPANY = "Café Yanaurcu S.A."
DOMAIN = "yanaurcu.example"
LUCIA, CARLOS, ROSA, DIEGO = "Lucía Andrade", "Carlos Mena", "Rosa Cevallos", "Diego Paredes"
ANA, LUIS, ELENA = "Ana Torres", "Luis Vera", "Elena Yépez"


@dataclass(frozen=True, slots=True)
class Place:
    """A unit of the company, before it has a language."""

    id: Texts
    name: Texts
    owner: str
    aliases: tuple[str, ...] = ()
    parent: str = "company"  # the English id of the unit above
    kind: str = "department"


PLACES = (
    Place(Texts("company", "empresa"), Texts(COMPANY, COMPANY), ELENA, parent="", kind="company"),
    Place(Texts("marketing", "marketing"), Texts("Marketing", "Marketing"), LUCIA, ("Mercadeo",)),
    Place(Texts("sales", "ventas"), Texts("Sales", "Ventas"), CARLOS, ("VTA",)),
    Place(
        Texts("highlands", "sierra"),
        Texts("Sales, highlands", "Ventas Sierra"),
        ANA,
        ("Sierra", "Ventas Sierra"),
        "sales",
        "team",
    ),
    Place(
        Texts("coast", "costa"),
        Texts("Sales, coast", "Ventas Costa"),
        LUIS,
        ("Costa", "Ventas Costa", "Vtas. Costa"),
        "sales",
        "team",
    ),
    Place(Texts("finance", "finanzas"), Texts("Finance", "Finanzas"), ROSA, ("Contabilidad",)),
    Place(
        Texts("service", "servicio"),
        Texts("Customer service", "Servicio al cliente"),
        DIEGO,
        ("Servicio al cliente", "SAC"),
    ),
)


def ids(language: str) -> dict[str, str]:
    """The id of each unit in the project's language, by its English one."""
    return {place.id.en: place.id.to(language) for place in PLACES}


def units(language: str) -> tuple[Unit, ...]:
    """The tree of units."""
    known = ids(language)
    return tuple(
        Unit(
            place.id.to(language),
            place.name.to(language),
            known.get(place.parent, ""),
            place.kind,
            place.owner,
            _spellings(place, language),
        )
        for place in PLACES
    )


def _spellings(place: Place, language: str) -> tuple[str, ...]:
    """How the exports, which are Spanish whatever the report's language, may spell a unit."""
    spelled = dict.fromkeys((*place.aliases, place.name.es))
    return tuple(alias for alias in spelled if alias != place.name.to(language))


def recipients(language: str) -> tuple[Recipient, ...]:
    """Each department's head gets its workbook, the teams' heads theirs, the general manager the company's."""
    pattern = "KPI {unit} {period}.xlsx"
    return tuple(
        Recipient(place.id.to(language), (address(place.owner),), cc=_copies(place), attachment=pattern)
        for place in PLACES
    )


def _copies(place: Place) -> tuple[str, ...]:
    return (address(CARLOS),) if place.kind == "team" else ()


def address(person: str) -> str:
    """A person's e-mail address."""
    plain = person.casefold().translate(str.maketrans("áéíóúñ", "aeioun"))
    return f"{plain.replace(' ', '.')}@{DOMAIN}"


@dataclass(frozen=True, slots=True)
class Choice:
    """A KPI that the company steers by, before it has a language; units by their English ids."""

    kpi: str
    units: tuple[str, ...]
    owner: str
    purpose: Texts
    stakeholders: tuple[str, ...] = ()
    kpi_class: str = "performance"
    baseline: float | None = None
    max_margin: float | None = None


SALES = ("company", "sales", "highlands", "coast")
DEPARTMENTS = ("company", "marketing", "sales", "finance", "service")

CHOICES = (
    Choice(
        "return_rate",
        ("company", "sales"),
        ROSA,
        Texts("Decide on prices, mix and costs", "Decidir precios, mezcla y costos"),
        (ELENA, CARLOS),
        "key",
        0.15,
    ),
    Choice(
        "return_amount",
        ("company",),
        ROSA,
        Texts("What is left to invest", "Lo que queda para invertir"),
        (ELENA,),
        "result",
        40_000,
    ),
    Choice(
        "revenue",
        SALES,
        CARLOS,
        Texts("Follow the sales plan", "Seguir el plan de ventas"),
        (ELENA, ROSA),
        "result",
        246_000,
    ),
    Choice(
        "gross_margin",
        ("company",),
        ROSA,
        Texts("See dearer coffee early", "Ver a tiempo el encarecimiento del café"),
        (CARLOS,),
        baseline=0.43,
    ),
    Choice(
        "new_orders_count",
        SALES,
        CARLOS,
        Texts("Steer the sales teams", "Dirigir a los equipos de ventas"),
        (ELENA,),
        "key",
        330,
    ),
    Choice(
        "order_intake",
        ("company", "sales", "highlands", "coast"),
        CARLOS,
        Texts("Plan roasting and purchases", "Planificar tueste y compras"),
        (ROSA,),
        baseline=232_000,
    ),
    Choice(
        "new_customers",
        SALES,
        CARLOS,
        Texts("Grow beyond present customers", "Crecer más allá de los clientes actuales"),
        (LUCIA,),
        "key",
        14,
    ),
    Choice(
        "aov",
        SALES[1:],
        CARLOS,
        Texts("Keep orders worth delivering", "Que cada pedido pague su entrega"),
        (ROSA,),
        baseline=720,
    ),
    Choice(
        "order_book",
        ("company", "sales"),
        CARLOS,
        Texts("Work for two weeks, not more", "Trabajo para dos semanas, no más"),
        (DIEGO,),
        "key",
        113_000,
    ),
    Choice(
        "order_book_growth",
        ("company", "sales"),
        CARLOS,
        Texts("See demand and capacity part", "Ver si demanda y capacidad se separan"),
        (DIEGO,),
    ),
    Choice(
        "cost_per_order",
        ("company",),
        ROSA,
        Texts("What an order costs us in all", "Lo que nos cuesta cada pedido en total"),
        (CARLOS,),
        baseline=620,
    ),
    Choice("sales_yield", ("company",), CARLOS, Texts("Return as sales looks at it", "El retorno como lo mira ventas")),
    Choice(
        "mql_count",
        ("company", "marketing"),
        LUCIA,
        Texts("Feed sales with leads worth calling", "Dar a ventas leads que valga la pena llamar"),
        (CARLOS,),
        "key",
        92,
    ),
    Choice(
        "mql_to_customer_rate",
        ("company", "marketing"),
        LUCIA,
        Texts("Leads that buy, not leads that fill a list", "Leads que compran, no leads que llenan listas"),
        (CARLOS,),
        baseline=0.19,
    ),
    Choice(
        "mql_required",
        ("marketing",),
        LUCIA,
        Texts("How many leads the sales plan needs", "Cuántos leads necesita el plan de ventas"),
    ),
    Choice(
        "cost_per_mql",
        ("company", "marketing"),
        LUCIA,
        Texts("Spend where leads are cheap", "Gastar donde los leads cuestan menos"),
        (ROSA,),
        baseline=170,
    ),
    Choice(
        "open_rate",
        ("marketing",),
        LUCIA,
        Texts("Subject lines that are opened", "Asuntos que se abren"),
        (CARLOS,),
        baseline=0.23,
    ),
    Choice(
        "ctor",
        ("marketing",),
        LUCIA,
        Texts("Content that is worth a click", "Contenido que merece un clic"),
        (CARLOS,),
        baseline=0.118,
    ),
    Choice(
        "list_growth_rate", ("marketing",), LUCIA, Texts("Keep the list alive", "Mantener viva la lista"), (CARLOS,)
    ),
    Choice(
        "er_reach",
        ("marketing",),
        LUCIA,
        Texts("Posts that people react to", "Publicaciones que hacen reaccionar"),
        (CARLOS,),
        baseline=0.047,
    ),
    Choice(
        "nps",
        ("company", "service"),
        DIEGO,
        Texts("Would customers recommend us", "Si los clientes nos recomiendan"),
        (ELENA, CARLOS),
        "key",
        36,
        15,
    ),
    Choice(
        "csat",
        ("company", "service"),
        DIEGO,
        Texts("Repair what annoys customers now", "Corregir lo que hoy molesta al cliente"),
        (CARLOS, ROSA),
        baseline=0.87,
    ),
    Choice(
        "survey_response_rate",
        ("service",),
        DIEGO,
        Texts("Trust the survey", "Poder confiar en la encuesta"),
        (LUCIA,),
        baseline=0.4,
    ),
    Choice(
        "cost_variance_pct",
        DEPARTMENTS,
        ROSA,
        Texts("Each department keeps its budget", "Cada departamento cumple su presupuesto"),
        (CARLOS, LUCIA),
    ),
    Choice(
        "overdue_share",
        ("finance",),
        ROSA,
        Texts("Collect in time", "Cobrar a tiempo"),
        (CARLOS,),
        baseline=0.135,
    ),
    Choice(
        "roi",
        ("finance",),
        ROSA,
        Texts("Invest where it pays", "Invertir donde rinde"),
        (ELENA,),
        baseline=0.2,
    ),
)
