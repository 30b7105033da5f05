"""The Office add-in: manifest.xml, functions.json and the page of the shared runtime, for Excel on Windows, Mac, web.

No licence of xlwings PRO is needed: functions.js is our own. The namespace stays empty, so that a formula reads
=KPI_NPS(…) here as everywhere else.
"""

import json
import uuid
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from kpi_excel import __version__
from kpi_excel.functions.function import Argument, Function, Kind
from kpi_excel.functions.hosts.words import NOTICE

ADDRESS = "https://localhost:3000"  # replaced by the address that serves the folder
SINGLE = (Kind.NUMBER, Kind.TEXT, Kind.FLAG)  # Excel itself repeats the call for every cell of a range
ADD_IN = uuid.uuid5(uuid.NAMESPACE_URL, "https://kpi-excel.invalid/office-add-in")


def functions_json(functions: Iterable[Function], language: str = "en") -> str:
    """The metadata of the custom functions. Error cells are handed over, so that the rules can propagate them."""
    described = [_function(function, language) for function in functions]
    return json.dumps({"allowErrorForDataTypeAny": True, "functions": described}, indent=1, ensure_ascii=False) + "\n"


def _function(function: Function, language: str) -> dict[str, object]:
    return {
        "id": function.name,
        "name": function.name,
        "description": function.help.to(language),
        "parameters": [_parameter(argument, language) for argument in function.arguments],
        "result": {"type": "any", "dimensionality": "matrix"} if function.spills else {"type": "any"},
    }


def _parameter(argument: Argument, language: str) -> dict[str, object]:
    described: dict[str, object] = {
        "name": argument.name,
        "description": argument.help.to(language),
        "type": "any",
    }
    if argument.kind not in SINGLE:
        described["dimensionality"] = "matrix"
    if argument.optional:
        described["optional"] = True
    if argument.repeats:
        described["repeating"] = True
    return described


def manifest(address: str = ADDRESS) -> str:
    """The add-in-only manifest: the unified one does not know custom functions in every Excel yet."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<!-- {NOTICE} -->
<OfficeApp xmlns="http://schemas.microsoft.com/office/appforoffice/1.1"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:bt="http://schemas.microsoft.com/office/officeappbasictypes/1.0"
  xmlns:ov="http://schemas.microsoft.com/office/taskpaneappversionoverrides" xsi:type="TaskPaneApp">
  <Id>{ADD_IN}</Id>
  <Version>{_four_parts(__version__)}</Version>
  <ProviderName>kpi_excel</ProviderName>
  <DefaultLocale>en-US</DefaultLocale>
  <DisplayName DefaultValue="KPI functions"><Override Locale="es-ES" Value="Funciones KPI"/></DisplayName>
  <Description DefaultValue="Worksheet functions for KPIs: =KPI_NPS(A2:A500) and its sisters.">
    <Override Locale="es-ES" Value={quoteattr("Funciones de hoja para KPI: =KPI_NPS(A2:A500) y sus hermanas.")}/>
  </Description>
  <IconUrl DefaultValue="{escape(address)}/icon-32.png"/>
  <HighResolutionIconUrl DefaultValue="{escape(address)}/icon-64.png"/>
  <SupportUrl DefaultValue="{escape(address)}/taskpane.html"/>
  <AppDomains><AppDomain>{escape(address)}</AppDomain></AppDomains>
  <Hosts><Host Name="Workbook"/></Hosts>
  <Requirements><Sets DefaultMinVersion="1.1"><Set Name="SharedRuntime" MinVersion="1.1"/></Sets></Requirements>
  <DefaultSettings><SourceLocation DefaultValue="{escape(address)}/taskpane.html"/></DefaultSettings>
  <Permissions>ReadWriteDocument</Permissions>
  <VersionOverrides xmlns="http://schemas.microsoft.com/office/taskpaneappversionoverrides"
    xsi:type="VersionOverridesV1_0">
    <Hosts>
      <Host xsi:type="Workbook">
        <Runtimes><Runtime resid="Taskpane.Url" lifetime="long"/></Runtimes>
        <AllFormFactors>
          <ExtensionPoint xsi:type="CustomFunctions">
            <Script><SourceLocation resid="Functions.Script.Url"/></Script>
            <Page><SourceLocation resid="Taskpane.Url"/></Page>
            <Metadata><SourceLocation resid="Functions.Metadata.Url"/></Metadata>
          </ExtensionPoint>
        </AllFormFactors>
      </Host>
    </Hosts>
    <Resources>
      <bt:Urls>
        <bt:Url id="Functions.Script.Url" DefaultValue="{escape(address)}/functions.js"/>
        <bt:Url id="Functions.Metadata.Url" DefaultValue="{escape(address)}/functions.json"/>
        <bt:Url id="Taskpane.Url" DefaultValue="{escape(address)}/taskpane.html"/>
      </bt:Urls>
    </Resources>
  </VersionOverrides>
</OfficeApp>
"""


def _four_parts(version: str) -> str:
    """A version as a manifest wants it: four numbers."""
    numbers = [part for part in version.replace("+", ".").split(".") if part.isdigit()]
    return ".".join([*numbers, "0", "0", "0", "0"][:4])


def task_pane(functions: Iterable[Function]) -> str:
    """The page in which the functions live; opened by hand, it shows what there is."""
    rows = "\n".join(
        f"<tr><td><code>{function.name}</code></td><td lang='en'>{escape(function.help.en)}</td>"
        f"<td lang='es'>{escape(function.help.es)}</td></tr>"
        for function in functions
    )
    return f"""<!DOCTYPE html>
<!-- {NOTICE} -->
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>KPI functions</title>
<script src="https://appsforoffice.microsoft.com/lib/1/hosted/office.js"></script>
<script src="functions.js"></script>
<style>
body {{ font: 14px/1.4 "Segoe UI", Arial, sans-serif; margin: 1rem; }}
table {{ border-collapse: collapse; }}
td {{ border-bottom: 1px solid #ddd; padding: .3rem; vertical-align: top; }}
html[lang="en"] [lang="es"], html[lang="es"] [lang="en"] {{ display: none; }}
</style>
</head>
<body>
<h1 lang="en">KPI functions</h1><h1 lang="es">Funciones KPI</h1>
<table>
{rows}
</table>
<script>
Office.onReady(() => {{
  const spoken = Office.context.displayLanguage ?? "en";
  document.documentElement.lang = spoken.startsWith("es") ? "es" : "en";
}});
</script>
</body>
</html>
"""
