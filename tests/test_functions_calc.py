"""The add-in in LibreOffice Calc, as its function wizard shows it."""

import json
from pathlib import Path

import functions_hosts as hosts
import pytest

from kpi_excel.functions import REGISTRY

# What makes an office that has no language pack read configurations as a Spanish one does.
SPANISH = """
<item oor:path="/org.openoffice.Setup/Office/InstalledLocales"><node oor:name="es" oor:op="replace"/></item>
<item oor:path="/org.openoffice.Office.Linguistic/General"><prop oor:name="UILocale"><value>es</value></prop></item>
<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooLocale"><value>es</value></prop></item>
"""


@pytest.mark.skipif(not (hosts.SOFFICE and hosts.UNOPKG and hosts.UNO), reason="LibreOffice is not on this machine")
@pytest.mark.parametrize(("language", "settings"), [("en", ""), ("es", SPANISH)])
def test_the_wizard_tells_what_each_function_is(language: str, settings: str, tmp_path: Path) -> None:
    """Description and arguments of every function, in the language of the office."""
    profile = hosts.with_addin(tmp_path / "profile", settings)
    told = json.loads(hosts.asked_of_office(profile, str(Path(__file__).with_name("functions_wizard.py"))))
    assert told == {
        function.name: [
            function.help.to(language),
            [[argument.name, argument.help.to(language)] for argument in function.arguments],
        ]
        for function in REGISTRY.values()
    }
