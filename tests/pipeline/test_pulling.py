"""What belongs to which analysis, and what git says, without git."""

from pathlib import Path

from twisted.internet.defer import Deferred, fail, succeed
from twisted.trial.unittest import SynchronousTestCase

from pychron.pipeline.events import Following
from pychron.pipeline.following.pulling import Git, Pulled, Pulls, identities
from pychron.runtime.deadlines import DeadlinePassed
from pychron.runtime.world import Finished


def test_files_belong_to_analyses():
    paths = [
        "09dfe/f43-1b0c-4a5e-9d7e-302d640506c1.json",
        "262/intercepts/33-07A.inte.json",
        "reduction/cf/tags/529ae-1.tags.json",
        "0123456789abcdef0123456789abcdef01234567.json",
        "README.md",
        "NM-313.B.production.json",
    ]
    assert identities(paths) == {"09dfef43-1b0c-4a5e-9d7e-302d640506c1", "26233-07A", "cf529ae-1"}


class Said:
    """A git that answers by the words after `git`."""

    def __init__(self, **answers):
        self.answers = {k.replace("_", "-"): v for k, v in answers.items()}
        self.asked = []

    def run(self, arguments, folder, environment, deadline_s):
        self.asked.append(arguments[1])
        assert environment["GIT_TERMINAL_PROMPT"] == "0"
        assert deadline_s > 0
        answer = self.answers.get(" ".join(arguments[1:3]), self.answers.get(arguments[1], (0, "")))
        if isinstance(answer, Exception):
            return fail(answer)
        return succeed(Finished(answer[0], answer[1].encode(), answer[1].encode()))


class OneRepository(SynchronousTestCase):
    def setUp(self):
        self.folder = Path(self.mktemp())
        (self.folder / ".git").mkdir(parents=True)

    def pulled(self, **answers):
        git = Said(
            **{
                "rev-parse --is-bare-repository": (0, "false"),
                "rev-parse --abbrev-ref": (0, "origin/main"),
                "rev-parse --verify": (0, "c0ffee"),
                **answers,
            }
        )
        done = self.successResultOf(Deferred.fromCoroutine(Git(git, self.folder, 5.0).look()))
        return done, git.asked

    def test_behind_is_fast_forwarded(self):
        done, asked = self.pulled(rev_list=(0, "0\t3"))
        self.assertEqual((done.state, done.commit, done.why), (Following.CURRENT, "c0ffee", ""))
        self.assertIn("merge", asked)

    def test_local_commits_stay_and_nothing_is_merged(self):
        done, asked = self.pulled(rev_list=(0, "2\t3"))
        self.assertEqual(done.state, Following.DIVERGED)
        self.assertIn("2 commits here and 3 on origin/main", done.why)
        self.assertNotIn("merge", asked)
        done, asked = self.pulled(rev_list=(0, "2\t0"))
        self.assertEqual((done.state, "merge" in asked), (Following.AHEAD, False))

    def test_each_failure_is_a_state_with_gits_words(self):
        refused = (128, "warning: x\nfatal: Authentication failed\n")
        done, _ = self.pulled(fetch=refused)
        self.assertEqual((done.state, done.why), (Following.UNREACHED, "fatal: Authentication failed"))
        done, _ = self.pulled(fetch=DeadlinePassed("git fetch", 5.0))
        self.assertEqual(done.state, Following.UNREACHED)
        self.assertIn("no end after 5 s", done.why)
        done, _ = self.pulled(
            rev_list=(0, "0 1"), merge=(1, "error: Your local changes would be overwritten")
        )
        self.assertEqual(done.state, Following.CHANGED)
        self.assertIn("commit or set aside", done.why)
        done, _ = self.pulled(**{"rev-parse --is-bare-repository": (128, "fatal: not a git repository")})
        self.assertEqual(done.state, Following.ABSENT)

    def test_without_a_remote_only_what_is_committed_here_counts(self):
        done, asked = self.pulled(**{"rev-parse --abbrev-ref": (128, "fatal: no upstream")})
        self.assertEqual((done.state, "fetch" in asked), (Following.LOCAL, False))


class Together(SynchronousTestCase):
    def setUp(self):
        self.asked = {}

    async def pull(self, folder):
        waits = self.asked[folder.name] = Deferred()
        return await waits

    def pulls(self, *names):
        return Pulls(self.pull, [Path(name) for name in names])

    def test_each_is_handed_out_as_it_comes_and_few_are_asked_at_once(self):
        pulls = self.pulls("a", "b", "c", "d", "e", "f")
        self.assertEqual(list(self.asked), ["a", "b", "c", "d"])
        first = pulls.next()
        self.assertNoResult(first)
        self.asked["c"].callback(Pulled(Following.CURRENT))
        self.assertEqual(self.successResultOf(first), (Path("c"), Pulled(Following.CURRENT)))
        self.assertEqual(list(self.asked), ["a", "b", "c", "d", "e"], "one that hangs holds up nobody")
        pulls.stop()

    def test_a_fault_of_ours_is_a_state_too(self):
        pulls = self.pulls("a")
        self.asked["a"].errback(RuntimeError("no such thing"))
        folder, pulled = self.successResultOf(pulls.next())
        self.assertEqual((folder, pulled.state), (Path("a"), Following.UNREACHED))
        self.assertIn("no such thing", pulled.why)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)

    def test_what_is_given_up_is_quiet(self):
        pulls = self.pulls("a", "b", "c", "d", "e")
        pulls.stop()
        self.assertEqual(list(self.asked), ["a", "b", "c", "d"])
        self.assertTrue(all(one.called for one in self.asked.values()))
