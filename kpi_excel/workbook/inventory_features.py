"""What a designer would miss, by name, with the elements and parts that show it.

A key is "part kind|element", "part:kind" or "external:kind", as inventory.py counts them. The part's kind is the last
word of the relationship that leads to it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kpi_excel.messages import Message, say

_OFFICE = "http://schemas.openxmlformats.org/"

PREFIXES: Final[Mapping[str, str]] = {
    _OFFICE + "spreadsheetml/2006/main": "",
    _OFFICE + "drawingml/2006/main": "a",
    _OFFICE + "drawingml/2006/chart": "c",
    _OFFICE + "drawingml/2006/chartDrawing": "cdr",
    _OFFICE + "drawingml/2006/spreadsheetDrawing": "xdr",
    _OFFICE + "markup-compatibility/2006": "mc",
    "http://schemas.microsoft.com/office/spreadsheetml/2009/9/main": "x14",
    "http://schemas.microsoft.com/office/spreadsheetml/2010/11/main": "x15",
    "http://schemas.microsoft.com/office/drawing/2012/chart": "c15",
    "http://schemas.microsoft.com/office/drawing/2014/chartex": "cx",
    "urn:schemas-microsoft-com:vml": "v",
}


@dataclass(frozen=True, slots=True)
class Feature:
    """One thing to keep: its name for people and the keys that count it."""

    name: Message
    keys: tuple[str, ...]


FEATURES: Final[Mapping[str, Feature]] = {
    # --- drawings
    "shapes": Feature(say("shapes and text boxes"), ("drawing|xdr:sp", "chartUserShapes|cdr:sp")),
    "connectors": Feature(say("connectors"), ("drawing|xdr:cxnSp",)),
    "groups": Feature(say("group shapes"), ("drawing|xdr:grpSp",)),
    "anchors": Feature(
        say("objects anchored to cells"),
        ("drawing|xdr:twoCellAnchor", "drawing|xdr:oneCellAnchor", "drawing|xdr:absoluteAnchor"),
    ),
    "smartart": Feature(say("SmartArt"), ("part:diagramData",)),
    "pictures": Feature(say("pictures"), ("drawing|xdr:pic",)),
    "image files": Feature(say("image files"), ("part:image", "part:hdphoto")),
    "header images": Feature(say("pictures in headers and footers"), ("worksheet|legacyDrawingHF",)),
    "background": Feature(say("background picture"), ("worksheet|picture",)),
    "drawing parts": Feature(say("drawings"), ("part:drawing", "part:vmlDrawing")),
    "models": Feature(say("3D models"), ("part:model3d",)),
    "ink": Feature(say("ink"), ("part:ink",)),
    # --- charts
    "charts": Feature(say("charts"), ("part:chart",)),
    "series": Feature(say("chart series"), ("chart|c:ser",)),
    "chart titles": Feature(say("chart titles"), ("chart|c:title",)),
    "chart ranges": Feature(say("chart ranges"), ("chart|c:f",)),
    "chart styles": Feature(say("chart styles and colours"), ("part:chartStyle", "part:chartColorStyle")),
    "chart fills": Feature(say("fills and lines in charts"), ("chart|c:spPr",)),
    "chart texts": Feature(say("text formats in charts"), ("chart|c:txPr",)),
    "chart data tables": Feature(say("data tables of charts"), ("chart|c:dTable",)),
    "modern charts": Feature(say("charts of Excel 2016"), ("part:chartEx",)),
    "chart sheets": Feature(say("chart sheets"), ("part:chartsheet",)),
    # --- conditional formats, validations, sparklines
    "conditional formats": Feature(say("conditional formats"), ("worksheet|cfRule",)),
    "conditional formats 2010": Feature(say("conditional formats of Excel 2010"), ("worksheet|x14:cfRule",)),
    "sparklines": Feature(say("sparklines"), ("worksheet|x14:sparkline",)),
    "sparkline groups": Feature(say("sparkline groups"), ("worksheet|x14:sparklineGroup",)),
    "validations": Feature(say("data validations"), ("worksheet|dataValidation",)),
    "validations 2010": Feature(say("data validations of Excel 2010"), ("worksheet|x14:dataValidation",)),
    # --- tables, pivots, slicers
    "tables": Feature(say("tables"), ("part:table",)),
    "table columns": Feature(say("table columns"), ("table|tableColumn",)),
    "pivot tables": Feature(say("pivot tables"), ("part:pivotTable",)),
    "pivot caches": Feature(say("pivot caches"), ("part:pivotCacheDefinition", "part:pivotCacheRecords")),
    "slicers": Feature(say("slicers"), ("part:slicer", "part:slicerCache")),
    "timelines": Feature(say("timelines"), ("part:timeline", "part:timelineCache")),
    "filters": Feature(say("filters"), ("worksheet|autoFilter",)),
    "queries": Feature(say("query tables and connections"), ("part:queryTable", "part:connections")),
    "data model": Feature(say("the data model"), ("part:powerPivotData", "part:customData")),
    # --- comments and controls
    "comments": Feature(say("comments"), ("comments|comment",)),
    "comment boxes": Feature(say("boxes of comments and controls"), ("vmlDrawing|v:shape",)),
    "threaded comments": Feature(say("threaded comments"), ("part:threadedComment",)),
    "persons": Feature(say("authors of threaded comments"), ("part:person",)),
    "form controls": Feature(say("form controls"), ("part:ctrlProp",)),
    "activex": Feature(say("ActiveX controls"), ("part:control", "part:activeXControlBinary")),
    "ole": Feature(say("embedded objects"), ("part:oleObject", "part:package")),
    "hyperlinks": Feature(say("hyperlinks"), ("worksheet|hyperlink",)),
    "external hyperlinks": Feature(say("hyperlinks to the outside"), ("external:hyperlink",)),
    # --- cells
    "formulas": Feature(say("formulas"), ("worksheet|cell formula",)),
    "dynamic arrays": Feature(say("dynamic arrays"), ("worksheet|cell cm",)),
    "pictures in cells": Feature(say("pictures and data types in cells"), ("worksheet|cell vm",)),
    "rich text": Feature(say("rich text in cells"), ("cell|rich text", "worksheet|cell rich text inline")),
    "phonetic text": Feature(say("phonetic text"), ("cell|phonetic text", "worksheet|cell phonetic text inline")),
    "merges": Feature(say("merged cells"), ("worksheet|mergeCell",)),
    "protected ranges": Feature(say("protected ranges"), ("worksheet|protectedRange",)),
    "ignored errors": Feature(say("ignored errors"), ("worksheet|ignoredError",)),
    "scenarios": Feature(say("scenarios"), ("worksheet|scenario",)),
    "watches": Feature(say("watched cells"), ("worksheet|cellWatch",)),
    "checkboxes": Feature(say("check boxes in cells"), ("part:FeaturePropertyBag",)),
    # --- the sheet and the printed page
    "sheet protection": Feature(say("sheet protection"), ("worksheet|sheetProtection", "chartsheet|sheetProtection")),
    "panes": Feature(say("frozen panes"), ("worksheet|pane",)),
    "page setup": Feature(
        say("page setup"), ("worksheet|pageSetup", "worksheet|pageMargins", "worksheet|printOptions")
    ),
    "headers": Feature(say("headers and footers"), ("worksheet|header text",)),
    "page breaks": Feature(say("page breaks"), ("worksheet|brk",)),
    "printer settings": Feature(say("printer settings"), ("part:printerSettings",)),
    "custom views": Feature(say("custom views"), ("worksheet|customSheetView", "officeDocument|customWorkbookView")),
    "sheet extensions": Feature(say("extensions of sheets"), ("worksheet|extension",)),
    # --- the workbook
    "names": Feature(say("defined names"), ("officeDocument|definedName",)),
    "styles": Feature(say("cell styles"), ("styles|xf",)),
    "format rules": Feature(say("formats of conditional formats"), ("styles|dxf",)),
    "workbook protection": Feature(say("workbook protection"), ("officeDocument|workbookProtection",)),
    "workbook extensions": Feature(say("extensions of the workbook"), ("officeDocument|extension", "styles|extension")),
    "external links": Feature(say("links to other workbooks"), ("part:externalLink",)),
    "vba": Feature(say("macros (VBA)"), ("part:vbaProject",)),
    "signed macros": Feature(say("signatures of macros"), ("part:vbaProjectSignature",)),
    "macro sheets": Feature(say("macro sheets"), ("part:xlMacrosheet", "part:xlIntlMacrosheet", "part:dialogsheet")),
    "custom xml": Feature(say("custom XML"), ("part:customXml", "part:xmlMaps")),
    "custom properties": Feature(say("custom properties"), ("custom-properties|property", "part:customProperty")),
    "ribbon": Feature(say("changes of the ribbon"), ("part:extensibility", "part:ui")),
    "web extensions": Feature(say("web add-ins"), ("part:webextension", "part:webextensiontaskpanes")),
    "labels": Feature(say("sensitivity labels"), ("part:classificationlabels",)),
    "signatures": Feature(say("digital signatures"), ("part:origin", "part:signature")),
    "revisions": Feature(say("revision log"), ("part:revisionHeaders", "part:revisionLog", "part:usernames")),
    "rich values": Feature(
        say("data types"), ("part:rdRichValue", "part:rdRichValueTypes", "part:richValueRel", "part:sheetMetadata")
    ),
    "theme": Feature(say("theme"), ("part:theme", "part:themeOverride")),
}

# Bound to cells: rows that a condition leaves out take these with them.
CELL_FEATURES: Final = (
    "formulas", "dynamic arrays", "pictures in cells", "rich text", "phonetic text", "merges", "conditional formats",
    "conditional formats 2010", "sparklines", "sparkline groups", "validations", "validations 2010", "hyperlinks",
    "external hyperlinks", "comments", "comment boxes", "threaded comments", "page breaks", "ignored errors",
    "protected ranges", "watches",
)  # fmt: skip
