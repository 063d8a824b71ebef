"""What orders plugins, and what is wrong when they do not fit."""

import pytest

from pychron.node.assembly import Cycle, DoubleOffer, Enabled, MissingOffer, Offers, order
from tests.node.toy_plugins import ILight, IPower, IWater, Thing, Toy, build


def names(*plugins):
    return [enabled.plugin.name for enabled in order(Enabled(plugin) for plugin in plugins)]


def test_what_is_needed_comes_first_and_the_rest_keeps_its_order():
    pump = Toy("Pump", [], needs=(IPower,), offers=(IWater,))
    lamp = Toy("Lamp", [], needs=(IPower,), offers=(ILight,))
    plant = Toy("Plant", [], offers=(IPower,))
    garden = Toy("Garden", [], needs=(IWater, ILight))
    alone = Toy("Alone", [])
    assert names(garden, alone, lamp, pump, plant) == ["Alone", "Plant", "Lamp", "Pump", "Garden"]
    assert names(plant, pump, lamp, garden, alone) == ["Plant", "Pump", "Lamp", "Garden", "Alone"]


def test_a_missing_offer_names_both():
    with pytest.raises(MissingOffer, match="Pump needs IPower, which no enabled plugin offers"):
        names(Toy("Pump", [], needs=(IPower,)))


def test_a_double_offer_names_both():
    with pytest.raises(DoubleOffer, match="Mill and Plant both offer IPower"):
        names(Toy("Mill", [], offers=(IPower,)), Toy("Plant", [], offers=(IPower,)))


def test_a_circle_names_who_is_on_it():
    pump = Toy("Pump", [], needs=(IPower,), offers=(IWater,))
    plant = Toy("Plant", [], needs=(IWater,), offers=(IPower,))
    behind = Toy("Garden", [], needs=(IWater,), offers=(ILight,))
    with pytest.raises(Cycle) as caught:
        names(behind, pump, plant)
    assert sorted(caught.value.plugins) == ["Plant", "Pump"]
    assert "Garden" not in str(caught.value)


def test_offers_are_what_they_say():
    offers = Offers()
    with pytest.raises(LookupError, match="IWater"):
        offers.find(IWater)
    with pytest.raises(TypeError):
        offers.offer(IWater, Thing(IPower))
    water = Thing(IWater)
    offers.offer(IWater, water)
    assert offers.find(IWater) is water
    with pytest.raises(ValueError, match="IWater"):
        offers.offer(IWater, Thing(IWater))


def test_all_are_checked_before_anything_is_set_up(tmp_path):
    told = []
    service, _ = build([Toy("Pump", told, needs=(IPower,)), Toy("Plant", told, offers=(IPower,))], tmp_path)
    assert told == ["check Plant", "check Pump"]
    assert sorted(service.counters) == ["Plant", "Pump"]
    assert not (tmp_path / "state").exists()
