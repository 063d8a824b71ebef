"""Which servers are followed: our file, an installed program's preferences, the default."""

from pathlib import Path

from pychron.config.problems import Report
from pychron.dashboard.client_file import read_client


def read(root: Path, **files: str):
    for name, text in files.items():
        path = root / {"ours": "setupfiles/dashboard_client.yaml", "ini": "preferences/dashboard.ini"}[name]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    report = Report(root)
    spec = read_client(root, report)
    return [str(s) for s in spec.servers], spec.hold_queue, [str(p) for p in report.sorted()]


def test_the_default(tmp_path: Path) -> None:
    assert read(tmp_path) == (["127.0.0.1:8100"], False, [])


def test_ours(tmp_path: Path) -> None:
    text = "host: valves.lab\nport: 8102\nuse_dashboard_client: true\n"
    assert read(tmp_path, ours=text) == (["valves.lab:8102"], True, [])


def test_several(tmp_path: Path) -> None:
    text = "servers: [valves.lab, 'furnace.lab:8200', valves.lab]\n"
    servers, _, problems = read(tmp_path, ours=text)
    assert servers == ["valves.lab:8100", "furnace.lab:8200"]
    assert len(problems) == 1 and "stands twice" in problems[0]


def test_preferences_of_an_installed_program(tmp_path: Path) -> None:
    ini = (
        "[pychron.dashboard.client]\nhost = 192.0.2.7\nport = 8101\n"
        "[pychron.dashboard.experiment]\nuse_dashboard_client = True\n"
    )
    assert read(tmp_path, ini=ini) == (["192.0.2.7:8101"], True, [])


def test_problems_have_lines(tmp_path: Path) -> None:
    _, _, problems = read(tmp_path, ours="hosts: x\nport: 70000\nhost: h\nservers: ['a:b']\n")
    assert [p.split(": ")[0] for p in problems] == [
        "setupfiles/dashboard_client.yaml:1",
        "setupfiles/dashboard_client.yaml:2",
        "setupfiles/dashboard_client.yaml:4",
    ]
