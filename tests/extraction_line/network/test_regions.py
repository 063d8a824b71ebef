"""The network of the spec's canvas, and rules that hold for every network."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pychron.config.problems import Place, Report
from pychron.extraction_line.network.canvas import Item, Part
from pychron.extraction_line.network.canvas_file import read_canvas
from pychron.extraction_line.network.graph import Edge, Network, network_of
from pychron.extraction_line.network.regions import possible, snapshot
from pychron.extraction_line.states import State

XML = """<root>
  <turbo>Turbo<translation>0,0</translation><dimension>4,4</dimension></turbo>
  <stage>Bone<translation>10,0</translation><dimension>6,2</dimension><volume>120</volume></stage>
  <spectrometer>MS<translation>20,0</translation><dimension>8,8</dimension><volume>800</volume></spectrometer>
  <gauge>IG1<translation>12,4</translation><dimension>2,2</dimension></gauge>
  <valve>A<translation>5,0</translation></valve>
  <valve>B<translation>16,0</translation><open_volume>12</open_volume><closed_volume>4</closed_volume></valve>
  <connection><start>Turbo</start><end>A</end></connection>
  <connection><start>A</start><end>Bone</end><volume>2</volume></connection>
  <connection><start>Bone</start><end>B</end><volume>2</volume></connection>
  <connection><start>B</start><end>MS</end><volume>3</volume></connection>
  <connection><start>IG1</start><end>Bone</end></connection>
</root>"""


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    path = tmp_path_factory.mktemp("canvas") / "canvas.xml"
    path.write_text(XML)
    report = Report()
    found = network_of(read_canvas(path, report))
    assert report.problems == []
    return found


def test_all_closed(network):
    """Spec rpc-and-valves 6, as worked there."""
    found = snapshot(network, {})
    assert [(r.id, r.volume, r.source, r.edges) for r in found.regions] == [
        ("region:Bone|IG1", 120, "", ("IG1_Bone",)),
        ("region:MS", 800, "MS", ()),
        ("region:Turbo", 0, "Turbo", ()),
    ]
    assert found.valves["A"].side_volumes == (120, 0)
    assert found.valves["B"].side_volumes == (120, 800)
    assert found.valves["B"].source == "MS"
    assert found.valves["B"].connected_volume == 804


def test_one_open(network):
    found = snapshot(network, {"A": State.OPEN})
    assert [(r.nodes, r.volume, r.source) for r in found.regions] == [
        (("A", "Bone", "IG1", "Turbo"), 137, "Turbo"),
        (("MS",), 800, "MS"),
    ]
    assert (found.valves["B"].side_volumes, found.valves["B"].volume) == ((137, 800), 4)


def test_both_open(network):
    (region,) = snapshot(network, {"A": State.OPEN, "B": State.OPEN}).regions
    assert (region.volume, region.source) == (958, "Turbo")


PLACE = Place("canvas.xml", 1)
STATES = st.sampled_from(State)


@st.composite
def networks(draw):
    parts = draw(st.lists(st.sampled_from([p for p in Part if p is not Part.DRAWN]), min_size=1, max_size=12))
    nodes = {f"n{i}": Item(str(part), part, f"n{i}", PLACE, volume=float(i)) for i, part in enumerate(parts)}
    ends = st.lists(st.sampled_from(sorted(nodes)), min_size=2, max_size=3, unique=True)
    edges = draw(st.lists(ends, max_size=18)) if len(nodes) > 1 else []
    return Network(MappingProxyType(nodes), tuple(Edge("-".join(e), tuple(e), 1.0) for e in edges))


@st.composite
def settings_of(draw):
    network = draw(networks())
    return network, {v: draw(STATES) for v in network.valves}


def together(found, a, b):
    return found.node_region.get(a) is not None and found.node_region.get(a) == found.node_region.get(b)


@given(settings_of(), st.sampled_from([snapshot, possible]))
def test_closing_a_valve_never_joins_anything(setting, ask):
    network, states = setting
    before = ask(network, states)
    for valve in network.valves:
        after = ask(network, {**states, valve: State.CLOSED})
        for a in network.nodes:
            for b in network.nodes:
                assert not together(after, a, b) or together(before, a, b)


@given(settings_of())
def test_what_is_surely_one_is_possibly_one(setting):
    network, states = setting
    sure, maybe = snapshot(network, states), possible(network, states)
    for region in sure.regions:
        assert len({maybe.node_region[n] for n in region.nodes}) == 1
        for other in region.perhaps:
            names = next(r.nodes for r in sure.regions if r.id == other)
            assert maybe.node_region[names[0]] == maybe.node_region[region.nodes[0]]


@given(settings_of())
def test_regions_part_the_open_nodes_and_boundaries_are_in_none(setting):
    network, states = setting
    found = snapshot(network, states)
    listed = [n for r in found.regions for n in r.nodes]
    shut = {v for v in network.valves if states[v] is not State.OPEN}
    assert sorted(listed) == sorted(set(network.nodes) - shut)
    assert not shut & set(found.node_region)
    for region in found.regions:
        assert set(region.boundaries) <= shut
        assert region.id == "region:" + "|".join(region.nodes)


@given(settings_of())
def test_a_region_is_walked_without_a_boundary(setting):
    """An oracle of its own: union-find over the edges, boundaries left out."""
    network, states = setting
    parent = {n: n for n in network.nodes}

    def root(name):
        while parent[name] != name:
            name = parent[name]
        return name

    shut = {v for v in network.valves if states[v] is not State.OPEN}
    for edge in network.edges:
        ends = [e for e in edge.ends if e not in shut]
        for end in ends[1:]:
            parent[root(end)] = root(ends[0])
    found = snapshot(network, states)
    for a in set(network.nodes) - shut:
        for b in set(network.nodes) - shut:
            assert together(found, a, b) == (root(a) == root(b))
