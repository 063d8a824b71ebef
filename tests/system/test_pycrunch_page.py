"""The reduction's page of a real pycrunch in a real browser: it grows when an analysis is added."""

import re
import urllib.error
import urllib.request

import pytest

from tests.system.live_page import Page, needs_browser
from tests.system.test_pycrunch import Crunch, Experiment, announce_until_heard

COLOURED = """async (selector) => { const img = document.querySelector(selector); await img.decode();
  const canvas = document.createElement("canvas"); canvas.width = img.naturalWidth || 600; canvas.height = img.naturalHeight || 400;
  const pen = canvas.getContext("2d"); pen.drawImage(img, 0, 0, canvas.width, canvas.height);
  const data = pen.getImageData(0, 0, canvas.width, canvas.height).data; let blue = 0;
  for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200 && data[i + 2] > data[i] + 60) blue += 1;
  return blue; }"""


@pytest.fixture
def crunch(tmp_path):
    experiment = Experiment(tmp_path)
    found = Crunch(tmp_path, experiment)
    found.experiment = experiment
    try:
        yield found.start().settled()
    finally:
        found.close()
        experiment.close()


def port_of(crunch):
    crunch.node.wait_for("the live page is http://")
    return int(re.search(r"the live page is http://127\.0\.0\.1:(\d+)/", crunch.node.text())[1])


@needs_browser
def test_the_page_grows_with_the_running_sample(crunch, browser):
    crunch.experiment.measure(9, 4.5, analysis_type="blank_unknown", irradiation="NoIrradiation")
    with Page(browser, port_of(crunch), "/reduction") as page:
        page.wait_for("#ages tbody tr")
        assert page.page.locator("#ages tbody tr").count() == 1
        uuid = crunch.experiment.measure(2, 5)
        told = announce_until_heard(crunch.experiment, crunch, uuid)
        page.wait_for(f'#ages tr[data-uuid="{uuid}"]')
        row = page.page.locator("#ages tbody tr").first
        assert row.get_attribute("data-uuid") == uuid, "the newest is first"
        assert f"{told['age_ma']:.4f}" in row.inner_text()
        page.wait_for("#ideogram img")
        page.wait_for("#isochron img")
        page.until("[...document.images].every((one) => one.complete && one.naturalWidth > 0)")
        assert page.page.evaluate(COLOURED, "#ideogram img") > 50, "the figure has its colours"
        assert page.page.locator("#spectrum").inner_text().endswith("it is not heated in steps")
        assert page.page.locator('#repositories tr[data-state="current"]').count() == 2
        page.picture("reduction")
        assert page.errors == []
    with Page(browser, port_of(crunch)) as page:
        page.until("document.querySelector('#reduces').hidden === false")
        assert page.errors == []


def test_what_is_not_there_is_404_and_another_site_reads_nothing(crunch):
    port = port_of(crunch)

    def status(path, **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code

    assert status("/reduction/part") == 200
    assert status("/reduction/panel/nothing.svg") == 404
    assert status("/reduction/chart/99.svg") == 404
    assert status("/reduction/part", Host="evil.example") in (400, 403, 421)
    assert status("/reduction/part", **{"Sec-Fetch-Site": "cross-site"}) == 403
