# ruff: noqa: E501 - a line of an export is as long as the tool writes it
"""Exports as the tools of the trade typically write them, made up here, with the figures that a person gets by hand."""

import gzip
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import openpyxl


@dataclass(frozen=True, slots=True)
class Vendor:
    """One export: its file, the dataset that it is, and KPIs of a month with their values by hand."""

    tool: str
    file: str
    content: Callable[[], bytes]
    dataset: str
    figures: Mapping[str, float]
    period: str = "2026-10"
    units: tuple[str, ...] = field(default=())


def text(body: str, encoding: str = "utf-8") -> Callable[[], bytes]:
    """A text file of these lines, the first blank one left out."""
    return lambda: body.lstrip("\n").encode(encoding)


def sheet(*rows: list, title: str = "Sheet1", merged: tuple[str, ...] = ()) -> Callable[[], bytes]:
    """A workbook of one sheet."""

    def content() -> bytes:
        book = openpyxl.Workbook()
        book.active.title = title
        for row in rows:
            book.active.append(row)
        for area in merged:
            book.active.merge_cells(area)
        held = io.BytesIO()
        book.save(held)
        return held.getvalue()

    return content


HUBSPOT_DEALS = text("""
Record ID,Deal Name,Deal Stage,Close Date,Create Date,Deal owner,Amount,Pipeline
"9001","ACME, expansion","Closed Won","2026-10-05 14:03","2026-09-01 10:00","Ana Ruiz","12,500.50","Sales Pipeline"
"9002","Beta","Closed Lost","2026-10-09 09:00","2026-08-20 11:00","Luis Paz","3000","Sales Pipeline"
"9003","Gamma","Closed Won","2026-10-20 18:30","2026-10-01 08:00","Ana Ruiz","1,999.50","Sales Pipeline"
"9004","Delta","Contract Sent","2026-11-30 00:00","2026-10-02 08:00","Luis Paz","8000","Sales Pipeline"
""")

HUBSPOT_CONTACTS_ES = text("""
"ID de registro","Nombre","Fecha de creación","Fecha en que se convirtió en lead calificado para marketing","Fecha en que se convirtió en cliente","Fuente original"
"1","Ana","2026-10-01 10:00","2026-10-02 10:00","2026-10-20 10:00","Búsqueda orgánica"
"2","Luis","2026-10-03 10:00","2026-10-05 10:00","","Redes sociales"
"3","Eva","2026-10-04 10:00","","","Redes sociales"
"4","Leo","2026-09-04 10:00","2026-10-09 10:00","","Directo"
""")

SALESFORCE_ES = text("""
Propietario de oportunidad;Nombre de la oportunidad;Etapa;Importe;Fecha de cierre;Fecha de creación;ID de oportunidad
Marta Gil;Proyecto A;Cerrada ganada;EUR 1.250,00;14/10/2026;01/09/2026;0061
Marta Gil;Proyecto B;Cerrada perdida;EUR 900,00;20/10/2026;15/09/2026;0062
Jon Etxe;Proyecto C;Cerrada ganada;EUR 2.000,50;31/10/2026;13/10/2026;0063
Jon Etxe;Proyecto D;Negociación;EUR 5.000,00;30/11/2026;13/10/2026;0064
""")

MAILCHIMP = text("""
Title,Subject,List,"Send Date","Send Weekday","Total Recipients","Successful Deliveries","Soft Bounces","Hard Bounces","Total Bounces","Times Forwarded","Forwarded Opens","Unique Opens","Open Rate","Total Opens","Unique Clicks","Click Rate","Total Clicks",Unsubscribes,"Abuse Complaints","Unique Id"
Oct A,Hello,Main,"Oct 05, 2026 09:00 am",Monday,"1,010",1000,6,4,10,0,0,250,25.00%,400,50,5.00%,70,3,1,aa1
Oct B,Again,Main,"Oct 19, 2026 09:00 am",Monday,"2,020",2000,12,8,20,0,0,350,17.50%,500,70,3.50%,90,5,0,aa2
""")

CAMPAIGN_MONITOR_UTF16 = text("""
Name\tSubject\tDate Sent\tRecipients\tOpened\tClicked\tBounced\tUnsubscribed\tMarked as spam
News 1\tHola\t05 Oct 2026\t1.000\t300\t40\t10\t2\t0
News 2\tHola 2\t12 Oct 2026\t1.500\t200\t60\t15\t3\t1
""", "utf-16")  # fmt: skip

META = text("""
"Post ID","Page name","Title","Publish time","Permalink","Post type","Reach","Impressions","Reactions","Comments","Shares","Total clicks"
"122_1","Tienda","Hola","10/05/2026 07:00","https://fb.com/1","Photo","1000","1500","40","5","3","12"
"122_2","Tienda","Qué tal","10/21/2026 13:30","https://fb.com/2","Video","500","700","20","1","0","3"
""")

INSTAGRAM_ES = text("""
Identificador de la publicación;Nombre de la cuenta;Hora de publicación;Enlace permanente;Impresiones;Alcance;Me gusta;Comentarios;Veces que se compartió;Veces que se guardó
178;tienda;21/10/2026 08:00;https://ig.com/1;2.500;2.000;100;10;5;5
179;tienda;22/10/2026 08:00;https://ig.com/2;1.500;1.000;50;5;2;3
""", "utf-8-sig")  # fmt: skip

LINKEDIN = sheet(
    ["The following metrics are for organic posts", None, None, None, None, None, None, None],
    ["Post title", "Post link", "Created date", "Impressions", "Clicks", "Likes", "Comments", "Reposts"],
    ["We hire", "https://li/1", "10/15/2026", 400, 20, 10, 2, 1],
    ["We grow", "https://li/2", "10/28/2026", 600, 30, 15, 3, 2],
    title="All posts",
)

TYPEFORM = text("""
#,"How likely are you to recommend us to a friend or colleague?","What could we do better?",Start Date (UTC),Submit Date (UTC),Network ID
a1,10,,2026-10-01 10:00:00,2026-10-01 10:01:00,n1
a2,9,"More, please",2026-10-02 10:00:00,2026-10-02 10:01:00,n2
a3,6,,2026-10-03 10:00:00,2026-10-03 10:01:00,n3
a4,8,,2026-10-03 11:00:00,2026-10-03 11:01:00,n4
""")

GOOGLE_FORMS_ES = text("""
"Marca temporal","¿Qué tan probable es que nos recomiende a un amigo o colega?","Comentarios"
"2026/10/01 9:15:00 a. m. GMT-5","10","Muy bien"
"2026/10/14 4:15:00 p. m. GMT-5","3","Regular"
"2026/10/22 8:00:00 p. m. GMT-5","9",""
""")

SURVEYMONKEY = text("""
Respondent ID,Collector ID,Start Date,End Date,How likely is it that you would recommend this company to a friend or colleague?
11800,400,10/13/2026 02:10:11 PM,10/13/2026 02:11:13 PM,9
11801,400,10/14/2026 02:10:11 PM,10/14/2026 02:11:13 PM,10
11802,400,10/15/2026 02:10:11 PM,10/15/2026 02:11:13 PM,2
11803,400,10/16/2026 02:10:11 PM,10/16/2026 02:11:13 PM,7
""")

SHOPIFY = text("""
Name,Email,Financial Status,Paid at,Fulfillment Status,Currency,Subtotal,Shipping,Taxes,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Cancelled at,Refunded Amount,Id
#1001,a@x.com,paid,2026-10-03 10:00:00 -0500,fulfilled,USD,50.00,5.00,6.00,61.00,2026-10-03 09:58:00 -0500,1,Mug,20.00,,0.00,501
#1001,a@x.com,,,,,,,,,2026-10-03 09:58:00 -0500,2,Cup,15.00,,,
#1002,b@x.com,paid,2026-10-09 10:00:00 -0500,fulfilled,USD,30.00,5.00,3.60,38.60,2026-10-09 09:58:00 -0500,1,Pot,30.00,,0.00,502
""")

WOOCOMMERCE_ES = text("""
Número de pedido;Estado del pedido;Fecha del pedido;Correo electrónico;Total del pedido
201;Completado;2026-10-02 11:00;a@x.com;"1.100,50"
202;Cancelado;2026-10-12 11:00;b@x.com;"200,00"
203;Procesando;2026-10-22 11:00;c@x.com;"99,50"
""", "latin-1")  # fmt: skip

SAP_ES = text("""
Mayor de cuentas;;;;
Sociedad 1000 - Ejercicio 2026;;;;
;;;;
Fe.contabilización;Nº documento;Centro de coste;Importe en moneda local;Moneda local
13.10.2026;100001;Ventas;1.200,00;EUR
14.10.2026;100002;Administración;350,50-;EUR
30.10.2026;100003;Ventas;80,50;EUR
Total;;;930,00;
""", "latin-1")  # fmt: skip

ODOO = sheet(
    ["Number", "Invoice Partner Display Name", "Invoice/Bill Date", "Due Date", "Untaxed Amount Signed", "Total Signed", "Status"],
    ["INV/2026/0001", "ACME", date(2026, 10, 2), date(2026, 11, 2), 1000, 1150, "Posted"],
    ["INV/2026/0002", "Beta", datetime(2026, 10, 12, 8), date(2026, 11, 12), 500.5, 575.58, "Posted"],
    ["RINV/2026/0001", "ACME", date(2026, 10, 20), None, -100, -115, "Posted"],
    title="account.move",
)

SIIGO = sheet(
    ["Movimiento por cuenta contable", None, None, None, None, None],
    ["Del 01/10/2026 al 31/10/2026", None, None, None, None, None],
    [None, None, None, None, None, None],
    ["Cuenta contable", "Comprobante", "Fecha de elaboración", "Nombre tercero", "Débito", "Crédito"],
    ["510506", "CC-1-1", "31/10/2026", "Nómina", 5000, 0],
    ["519530", "CC-1-2", "15/10/2026", "Papelería", 300.5, 0],
    ["519530", "CC-1-3", "16/10/2026", "Papelería", 0, 50.5],
    ["Total general", None, None, None, 5300.5, 50.5],
    merged=("A1:F1", "A2:F2"),
    title="Auxiliar gastos",
)

CONTPAQI = text("""
Fecha,Tipo,Número,Concepto,Departamento,Cargo,Abono
01/Oct/2026,Egresos,12,Renta,Administración,"$10,000.00",
15/Oct/2026,Egresos,13,Publicidad,Ventas,"$2,500.00",
16/Oct/2026,Egresos,14,Ajuste,Ventas,,"$500.00"
""", "cp1252")  # fmt: skip

FACTURAS_PAREN = text("""
Folio,Fecha de emisión,Cliente,Subtotal,Total,Forma de pago,Sucursal
A-1,2026-10-01,Uno,"$1,000.00","$1,160.00",Contado,Norte
A-2,2026-10-02,Dos,"$2,000.00","$2,320.00",Crédito,Sur
NC-1,2026-10-03,Uno,"($250.00)","($290.00)",Contado,Norte
""")

BUDGET = text("""
Mes;Tipo;Categoría;Presupuesto
2026-10-01;Ingresos;;10.000,00
2026-10-01;Gastos;Ventas;4.000,00
2026-11-01;Ingresos;;11.000,00
""")

ODOO_LEADS_TZ = text("""
lead_id,created_at,utm_campaign,lead_score
L1,2026-10-01T23:30:00-05:00,launch,40
L2,2026-10-15T08:00:00Z,launch,80
L3,2026-09-30T23:59:59+00:00,brand,10
""")

PIPEDRIVE = text("""
Deal - Title,Deal - Value,Deal - Status,Deal - Stage,Deal - Deal created,Deal - Won time,Deal - Lost time,Deal - Owner,Deal - ID,Deal - Expected close date
ACME,1200,Won,Negotiation,2026-09-01 10:00:00,2026-10-03 10:00:00,,Ana Paz,1,2026-11-10
Beta,800,Lost,Proposal,2026-09-10 10:00:00,,2026-10-08 10:00:00,Leo Gil,2,2026-10-15
Gamma,3000,Open,Proposal,2026-10-02 10:00:00,,,Ana Paz,3,2026-12-15
Delta,500,Won,Contract,2026-10-05 10:00:00,2026-10-29 10:00:00,,Leo Gil,4,2026-11-15
""")

ZOHO_ES = text("""
ID de registro;Nombre del trato;Importe;Fase;Fecha de cierre;Hora de creación;Propietario del trato
z1;Uno;Bs. 1.200,00;Cerrado (ganado);15/10/2026;2026-09-01 10:00;Ana
z2;Dos;Bs. 700,50;Cerrado (perdido);20/10/2026;2026-09-03 10:00;Leo
z3;Tres;Bs. 2.000,00;Propuesta/Cotización;30/11/2026;2026-10-03 10:00;Leo
z4;Cuatro;Bs. 300,00;Cerrado (ganado);28/10/2026;2026-10-03 10:00;Ana
""")

BREVO = text("""
Campaign ID;Campaign name;Send date;Recipients;Delivered;Opens (unique);Clicks (unique);Unsubscribed;Hard bounces;Soft bounces;Complaints
11;Oct 1;05-10-2026 09:00:00;1000;980;300;40;5;12;8;1
12;Oct 2;25-10-2026 09:00:00;2000;1950;500;60;9;30;20;0
""")

GOOGLE_ADS = text("""
Campaign performance report
"October 1, 2026 - October 31, 2026"
Day,Campaign,Currency code,Cost,Impr.,Clicks,CTR,Conversions,Conv. value
2026-10-01,Brand,USD,120.50,"10,000",300,3.00%,12.00,900.00
2026-10-02,Brand,USD,110.00,"9,000",250,2.78%,10.00,700.00
2026-10-02,Generic,USD,300.25,"20,000",500,2.50%,8.00,500.00
Total: Campaigns,--,USD,530.75,"39,000","1,050",2.69%,30.00,"2,100.00"
Total: Account,--,USD,530.75,"39,000","1,050",2.69%,30.00,"2,100.00"
""")

MERCADOLIBRE = sheet(
    ["Estado de tus ventas al 01 de noviembre de 2026 19:33 hs.", None, None, None, None],
    ["Ventas", None, None, "Publicaciones", "Compradores"],
    ["# de venta", "Fecha de venta", "Estado", "Total (ARS)", "Comprador"],
    [2000001, "3 de octubre de 2026 19:33 hs.", "Entregado", 8500, "Juan"],
    [2000002, "4 de octubre de 2026 09:10 hs.", "Cancelada por el comprador", 5000, "Ana"],
    [2000003, "30 de octubre de 2026 22:10 hs.", "Entregado", 17000, "Eva"],
    merged=("A1:E1", "A2:C2"),
    title="Ventas AR",
)

EXCEL_DAYS = text("""
Factura;Fecha;Cliente;Importe
F1;46296;Uno;1.234,50
F2;46300;Dos;(200,00)
F3;46310;Tres;1.000,00 €
""")

SURVEYMONKEY_ES = text("""
Respondent ID,Fecha de finalización,¿Qué tan probable es que recomiende esta empresa a un amigo o colega?,¿Cómo calificaría nuestro servicio?
,,Response,Response
11800,13/10/2026 02:11:13 PM,9,Bueno
11801,14/10/2026 02:11:13 PM,Muy probable - 10,Muy bueno
11802,15/10/2026 02:11:13 PM,Nada probable - 0,Malo
""")

MONTHLY_BOOK = text("""
Mes,Departamento,Tipo de gasto,Monto
Sep-2026,Norte,Renta,700
Oct-2026,Norte,Renta,800
octubre de 2026,Sur,Publicidad,500
""")

YEAR_AND_MONTH = text("""
Año,Mes,Sucursal,Categoría,Gasto
2026,Septiembre,Norte,Renta,600
2026,Octubre,Norte,Renta,650
2026,Octubre,Sur,Nómina,500
""")

QUALTRICS = text("""
StartDate,EndDate,Progress,RecordedDate,ResponseId,Q1_NPS_GROUP,Q1,Q2
Start Date,End Date,Progress,Recorded Date,Response ID,Group,How likely are you to recommend us to a friend?,Why?
"{""ImportId"":""startDate""}","{""ImportId"":""endDate""}","{""ImportId"":""progress""}","{""ImportId"":""recordedDate""}","{""ImportId"":""_recordId""}","{""ImportId"":""QID1_NPS_GROUP""}","{""ImportId"":""QID1""}","{""ImportId"":""QID2_TEXT""}"
2026-10-13 10:00:00,2026-10-13 10:02:00,100,2026-10-13 10:02:01,R_1,Promoter,10,Nice
2026-10-14 10:00:00,2026-10-14 10:02:00,100,2026-10-14 10:02:01,R_2,Detractor,3,"Slow,
really"
2026-10-15 10:00:00,2026-10-15 10:02:00,100,2026-10-15 10:02:01,R_3,Promoter,9,
""")

RD_STATION_PT = text("""
Nome;Empresa;Etapa;Estado;Valor Único;Data de criação;Data de fechamento;Responsável
Projeto A;ACME;Fechamento;Vendida;"1.500,00";05/09/2026 10:22;13/10/2026 11:00;Ana
Projeto B;Beta;Proposta;Perdida;"800,00";06/09/2026 10:22;15/10/2026 11:00;Leo
Projeto C;Gama;Fechamento;Vendida;"2.000,50";07/10/2026 10:22;30/10/2026 11:00;Ana
""")

X_POSTS = text("""
Post id,Date,Post text,Impressions,Likes,Engagements,Shares,Replies,Reposts,URL Clicks
"1840000000000000001","Thu, Oct 15, 2026","Hola, mundo",1000,20,55,2,3,4,6
"1840000000000000002","Wed, Oct 28, 2026","Otra",500,10,15,0,1,1,1
""")

WIDE_COSTS = sheet(
    ["Gastos por centro de costo 2026"],
    [],
    ["Centro de costo", "Rubro", "Septiembre", "Octubre", "Total"],
    ["Ventas", "Publicidad", 70, 80.5, 150.5],
    ["Admin", "Alquiler", 200, 200, 400],
    ["Total", None, 270, 280.5, 550.5],
)

ALL = (
    Vendor("HubSpot", "hubspot-crm-exports-deals.csv", HUBSPOT_DEALS, "opportunities",
           {"won_value": 14500, "win_rate": 2 / 3}, units=("Ana Ruiz", "Luis Paz")),
    Vendor("HubSpot ES", "contactos.csv", HUBSPOT_CONTACTS_ES, "leads", {"leads_new": 3, "mql_count": 3}),
    Vendor("Salesforce ES", "oportunidades.csv", SALESFORCE_ES, "opportunities",
           {"won_value": 3250.5, "win_rate": 2 / 3}),
    Vendor("Mailchimp", "campaigns.csv", MAILCHIMP, "campaigns",
           {"open_rate": 0.2, "click_rate": 0.04, "bounce_rate": 30 / 3030}),
    Vendor("Campaign Monitor", "campaign-monitor.txt", CAMPAIGN_MONITOR_UTF16, "campaigns", {}),
    Vendor("Meta Business Suite", "Oct-01-2026_Oct-31-2026_posts.csv", META, "posts",
           {"impressions": 2200, "er_reach": (40 + 5 + 3 + 12 + 20 + 1 + 3) / 1500}),
    Vendor("Instagram ES", "instagram.csv", INSTAGRAM_ES, "posts", {"impressions": 4000, "engagements": 180}),
    Vendor("LinkedIn", "linkedin_content.xlsx", LINKEDIN, "posts", {"impressions": 1000, "social_ctr": 0.05}),
    Vendor("Typeform", "nps-typeform.csv", TYPEFORM, "surveys", {"nps": 25.0}),
    Vendor("Google Forms ES", "Encuesta (respuestas).csv", GOOGLE_FORMS_ES, "surveys", {"nps": 100 / 3}),
    Vendor("SurveyMonkey", "survey.csv", SURVEYMONKEY, "surveys", {"nps": 25.0}),
    Vendor("Shopify", "orders_export_1.csv", SHOPIFY, "orders",
           {"order_intake_gross": 80, "new_orders_count": 2, "aov": 40}),
    Vendor("WooCommerce ES", "pedidos.csv", WOOCOMMERCE_ES, "orders",
           {"order_intake_gross": 1400, "new_orders_count": 2, "aov": 600}),
    Vendor("SAP ES", "mayor.csv", SAP_ES, "costs", {"costs": 930}, units=("Ventas", "Administración")),
    Vendor("Odoo", "account.move.xlsx", ODOO, "invoices", {"revenue": 1400.5}),
    Vendor("Siigo", "auxiliar.xlsx", SIIGO, "costs", {"costs": 5250}),
    Vendor("Contpaqi", "gastos_contpaqi.csv", CONTPAQI, "costs", {"costs": 12000},
           units=("Administración", "Ventas")),
    Vendor("CFDI", "facturas.csv", FACTURAS_PAREN, "invoices", {"revenue": 2750}, units=("Norte", "Sur")),
    Vendor("Budget", "presupuesto.csv", BUDGET, "budget", {}),
    Vendor("Pipedrive", "pipedrive.csv", PIPEDRIVE, "opportunities", {"won_value": 1700, "win_rate": 2 / 3}),
    Vendor("Zoho ES", "tratos.csv", ZOHO_ES, "opportunities", {"won_value": 1500, "win_rate": 2 / 3}),
    Vendor("Brevo", "brevo.csv", BREVO, "campaigns", {"open_rate": 800 / 2930, "bounce_rate": 70 / 3000}),
    Vendor("Google Ads", "google_ads.csv", GOOGLE_ADS, "campaigns", {"roas": 2100 / 530.75}),
    Vendor("Mercado Libre", "ventas.xlsx", MERCADOLIBRE, "orders", {"order_intake_gross": 30500, "aov": 12750}),
    Vendor("Excel's days", "facturas.csv", EXCEL_DAYS, "invoices", {"revenue": 2034.5}),
    Vendor("SurveyMonkey ES", "encuesta.csv", SURVEYMONKEY_ES, "surveys", {"nps": 100 / 3}),
    Vendor("Monthly book", "gastos.csv", MONTHLY_BOOK, "costs", {"costs": 1300}, units=("Norte", "Sur")),
    Vendor("Year and month", "gastos2.csv", YEAR_AND_MONTH, "costs", {"costs": 1150}, units=("Norte", "Sur")),
    Vendor("Qualtrics", "nps.csv", QUALTRICS, "surveys", {"nps": 100 / 3}),
    Vendor("RD Station PT", "negociacoes.csv", RD_STATION_PT, "opportunities", {"won_value": 3500.5}),
    Vendor("X", "account_analytics_content.csv", X_POSTS, "posts", {"impressions": 1500}),
    Vendor("Months side by side", "gastos.xlsx", WIDE_COSTS, "costs", {"costs": 280.5}, units=("Ventas", "Admin")),
    Vendor("API", "leads.csv.gz", lambda: gzip.compress(ODOO_LEADS_TZ()), "leads", {"leads_new": 2}),
)  # fmt: skip
