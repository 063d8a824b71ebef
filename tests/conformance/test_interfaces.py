"""A class that says it implements an interface does."""

import importlib
import inspect

from zope.interface import Interface, implementedBy
from zope.interface.exceptions import Invalid
from zope.interface.verify import verifyClass

from tests.conformance.tree import modules


def test_every_implementer_has_the_methods_of_its_interfaces() -> None:
    found = []
    checked = 0
    for module in modules("pychron"):
        if "implementer" not in module.text:
            continue
        loaded = importlib.import_module(module.name)
        for _, cls in inspect.getmembers(loaded, inspect.isclass):
            if cls.__module__ != module.name:
                continue
            for interface in implementedBy(cls):
                if interface is Interface:
                    continue
                checked += 1
                try:
                    verifyClass(interface, cls)
                except Invalid as wrong:
                    found.append(f"{module.where}: {cls.__name__}: {wrong}")
    assert found == []
    assert checked or not any("@implementer" in m.text for m in modules("pychron"))
