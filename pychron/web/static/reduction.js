// The reduction's page: fetches its part again where the node says that it changed.
const $ = (selector) => document.querySelector(selector);
const KINDS = new Set(["reduced", "running_sample", "repository", "control_point", "run_missing"]);
const SETTLES_MS = 250;
let due = null;

async function renew() {
  due = null;
  const answer = await fetch("/reduction/part");
  if (!answer.ok) return;
  $("#reduction").innerHTML = await answer.text();
  document.body.dataset.ready = "yes";
}

// Many results may come at once; one look at all of them is enough.
function soon() { due ??= setTimeout(renew, SETTLES_MS); }

function link(word) {
  document.body.dataset.link = word;
  $("#link").textContent = word;
  $("#lost").hidden = word !== "lost";
}

const source = new EventSource("/events");
source.addEventListener("state", (event) => {
  const state = JSON.parse(event.data);
  $("#node").textContent = `${state.node}: reduction`;
  $("#simulated").hidden = !state.simulated;
  document.body.dataset.simulated = state.simulated ? "yes" : "no";
  link("live");
  renew();
});
source.addEventListener("change", (event) => { if (KINDS.has(JSON.parse(event.data).kind)) soon(); });
source.addEventListener("error", () => link("lost"));
