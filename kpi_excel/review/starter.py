"""The rules that every project starts with, in both languages; the first is the reason why there are rules."""

from kpi_excel.model import Rule, Texts

STARTER_RULES = (
    Rule(
        "starter-01",
        "new_orders_count IS ON_TARGET AND return_rate IS OFF_TARGET FOR 2 OF 3 PERIODS",
        Texts(
            "Many orders, low return: offer other products in the mix; cut costs; raise prices.",
            "Muchos pedidos y bajo retorno: ofrecer otros productos; reducir costos; subir precios.",
        ),
        ("mix+", "cost-", "price+"),
    ),
    Rule(
        "starter-02",
        "mql_count IS ON_TARGET AND mql_to_customer_rate IS OFF_TARGET",
        Texts(
            "Leads arrive but do not buy: tighten the MQL definition; ask sales for the reasons.",
            "Llegan leads pero no compran: ajustar la definición de MQL; preguntar las razones a ventas.",
        ),
        ("mql_threshold+",),
    ),
    Rule(
        "starter-03",
        "mql_count IS OFF_TARGET AND win_rate IS ON_TARGET",
        Texts(
            "Sales win what they get: fund the top of the funnel.",
            "Ventas gana lo que recibe: financiar la parte alta del embudo.",
        ),
        ("demand+",),
    ),
    Rule(
        "starter-04",
        "order_intake IS ON_TARGET AND nps DOWN SIGNIFICANTLY",
        Texts(
            "Orders are fine, customers are not: look at capacity; look at quality.",
            "Los pedidos van bien, los clientes no: revisar la capacidad; revisar la calidad.",
        ),
        ("capacity+", "quality+"),
        severity="urgent",
    ),
    Rule(
        "starter-05",
        "book_to_bill < 1 AND order_book < BAND_LOW FOR 3 OF 3 PERIODS",
        Texts(
            "The order book runs dry: start a pipeline drive; adapt the capacity plan.",
            "La cartera de pedidos se agota: impulsar la prospección; adaptar el plan de capacidad.",
        ),
        ("demand+",),
        severity="urgent",
    ),
    Rule(
        "starter-06",
        "book_to_bill > 1.2 AND cancellation_rate UP",
        Texts(
            "More is ordered than delivered, and customers cancel: find the delivery bottleneck.",
            "Se pide más de lo que se entrega y los clientes cancelan: buscar el cuello de botella en la entrega.",
        ),
        ("capacity+",),
    ),
    Rule(
        "starter-07",
        "revenue UP AND dso UP",
        Texts(
            "Turnover grows but is paid later: tighten credit control; look for channel stuffing.",
            "La facturación crece pero se cobra más tarde: reforzar el control de crédito; "
            "revisar si se carga de inventario a los canales.",
        ),
        ("credit_terms-",),
    ),
    Rule(
        "starter-08",
        "gross_margin UP AND nps DOWN SIGNIFICANTLY",
        Texts(
            "The margin grows at the customers' expense: review price and quality.",
            "El margen crece a costa de los clientes: revisar precio y calidad.",
        ),
        ("quality+",),
    ),
    Rule(
        "starter-09",
        "cac UP AND ltv_cac < 3",
        Texts(
            "New customers cost more than they can bring: stop the weakest channel.",
            "Los clientes nuevos cuestan más de lo que pueden aportar: detener el canal más débil.",
        ),
        ("marketing-",),
    ),
    Rule(
        "starter-10",
        "open_rate UP AND ctor DOWN",
        Texts(
            "More opens, fewer clicks: improve content and offer; discount the opens (mail privacy opens by itself).",
            "Más aperturas y menos clics: mejorar contenido y oferta; "
            "desconfiar de las aperturas (la privacidad del correo abre por sí sola).",
        ),
        ("content+",),
        severity="info",
    ),
    Rule(
        "starter-11",
        "reach UP AND er_reach DOWN AND mql_count IS OFF_TARGET",
        Texts(
            "Vanity reach: more people see the posts, fewer care, no leads come; change the audience or the message.",
            "Alcance de vanidad: más personas ven las publicaciones, a menos les interesan y no llegan leads; "
            "cambiar el público o el mensaje.",
        ),
        ("content+",),
    ),
    Rule(
        "starter-12",
        "flexible_budget_variance < 0 AND volume_variance > 0",
        Texts(
            "Compare with the flexible budget before blaming anyone; mind the sign of the volume variance for costs.",
            "Comparar con el presupuesto flexible antes de culpar a nadie; "
            "cuidado con el signo de la variación de volumen en los costos.",
        ),
        severity="info",
    ),
    Rule(
        "starter-13",
        "SAME_SIGN(forecast_bias) FOR 3 OF 3 PERIODS",
        Texts(
            "The forecast errs on one side: recalibrate the targets.",
            "El pronóstico se equivoca siempre hacia un lado: recalibrar las metas.",
        ),
        ("targets=",),
    ),
)
