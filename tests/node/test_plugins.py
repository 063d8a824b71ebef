"""Where plugins come from."""

import pytest

from pychron.node.plugins import BUILT_IN, BuiltIn, PluginError, load, own_names


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """A distribution of a lab with a plugin of its own, and modules for a table."""
    (tmp_path / "lab_plugins.py").write_text(
        "from zope.interface import implementer\n"
        "from pychron.runtime.plugin import IPlugin\n"
        "@implementer(IPlugin)\n"
        "class Good:\n"
        "    name = 'Good'\n"
        "    needs = offers = wants = ()\n"
        "    def check(self, context): pass\n"
        "    async def setup(self, context): pass\n"
        "    def bind(self, context): pass\n"
        "    async def teardown(self): pass\n"
        "class Bad:\n"
        "    name = 'Bad'\n"
    )
    (tmp_path / "needs_more.py").write_text("import a_library_that_nobody_has\n")
    info = tmp_path / "lab_plugins-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lab-plugins\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[pychron.plugins]\nGood = lab_plugins:Good\nBad = lab_plugins:Bad\nGone = lab_plugins:Gone\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


def test_the_table_knows_the_names_of_initialization_xml():
    assert {"RemoteCommandServer", "Broadcast", "ExtractionLine"} <= set(BUILT_IN)


def test_a_built_in_plugin_is_built():
    assert load("Broadcast").name == "Broadcast"


def test_a_plugin_of_the_lab(modules):
    assert own_names() == ("Bad", "Gone", "Good")
    assert load("Good").name == "Good"


def test_a_class_that_is_no_plugin(modules):
    with pytest.raises(PluginError, match="Bad: its class is no plugin"):
        load("Bad")


def test_an_entry_point_that_leads_nowhere(modules):
    with pytest.raises(PluginError, match="lab_plugins:Gone cannot be imported"):
        load("Gone")


def test_an_unknown_plugin_names_the_nearest():
    with pytest.raises(PluginError, match="no plugin ExtractonLine; did you mean ExtractionLine"):
        load("ExtractonLine")


def test_a_missing_extra_is_named(modules):
    with pytest.raises(PluginError) as caught:
        load("More", {"More": BuiltIn("needs_more", "More", "experiment")})
    assert caught.value.text == (
        "More needs a_library_that_nobody_has, which is not installed; "
        "install the extra: pip install 'pychron-twisted[experiment]'"
    )


def test_a_fault_of_our_own_is_not_hidden(modules):
    with pytest.raises(ModuleNotFoundError):
        load("More", {"More": BuiltIn("pychron.no_such_module", "More", "experiment")})
