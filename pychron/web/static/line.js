"use strict";
// The drawing, the table of switches and the panel of the one that is chosen.
import { $, element, time } from "/static/words.js";

const LETTERS = { indicator: "I", relay: "R", commanded: "C", declared: "D" };
export const valves = new Map();
export const session = { mayAct: false, signedIn: false, mayTell: false, whyNot: "", past: false };
let chosen = "";
let mover = () => {};

export function moves(by) { mover = by; }

function sentence(valve) {
  const words = [valve.name + ":", valve.state];
  if (valve.under_way) words.push("(" + valve.under_way + " under way)");
  if (valve.evidence) words.push("by " + valve.evidence);
  if (valve.stale) words.push("as last known: its node is lost");
  if (valve.lock) words.push("locked by " + valve.lock.who);
  if (valve.owner) words.push("owned by " + valve.owner);
  if (valve.in_service === false) words.push("out of service");
  return words.join(" ");
}

export function drawValve(valve) {
  const group = document.querySelector(`.valve[data-name="${CSS.escape(valve.name)}"]`);
  if (!group) return;
  group.dataset.state = valve.state;
  group.dataset.evidence = valve.evidence || "";
  group.dataset.lock = valve.lock ? "yes" : "no";
  group.dataset.owner = valve.orphaned ? "orphaned" : valve.owner ? "yes" : "no";
  group.dataset.stale = valve.stale ? "yes" : "no";
  group.dataset.service = valve.in_service === false ? "out" : "in";
  group.querySelector(".evidence").textContent = LETTERS[valve.evidence] || "";
  group.setAttribute("aria-label", sentence(valve));
}

function row(valve) {
  let line = document.querySelector(`#valves tr[data-name="${CSS.escape(valve.name)}"]`);
  if (!line) {
    line = element("tr");
    line.dataset.name = valve.name;
    line.tabIndex = 0;
    for (let n = 0; n < 4; n++) line.append(element("td"));
    $("#valves tbody").append(line);
  }
  const [name, state, by, held] = line.children;
  name.textContent = valve.name;
  name.title = valve.description;
  state.textContent = valve.state + (valve.stale ? " (stale)" : "") + (valve.in_service ? "" : " (out of service)");
  state.className = "state-" + valve.state + (valve.stale ? " stale" : "");
  by.textContent = valve.evidence || "";
  held.textContent = [valve.lock ? "locked: " + valve.lock.who : "", valve.owner, valve.orphaned ? "orphaned" : ""].filter(Boolean).join(", ");
}

// Live news. While the page shows the past it is kept, and drawn when the page comes back.
export function show(valve) {
  valves.set(valve.name, valve);
  if (session.past) return;
  drawValve(valve);
  row(valve);
  if (chosen === valve.name) panel();
}

export function panel() {
  const valve = valves.get(chosen);
  const section = $("#switch");
  section.hidden = !valve || session.past;
  if (section.hidden) return;
  section.querySelector("h2").textContent = valve.name + (valve.description ? " · " + valve.description : "");
  const facts = section.querySelector("dl");
  facts.replaceChildren();
  const rows = [["state", valve.state + (valve.stale ? ", as last known" : "")], ["rests on", valve.evidence || "nothing yet"], ["read at", valve.read_at ? time(valve.read_at) : "never"],
    ["lock", valve.lock ? valve.lock.who + ": " + valve.lock.why : "none"], ["owner", (valve.owner || "nobody") + (valve.orphaned ? ", orphaned" : "")],
    ["interlocks", (valve.interlocks || []).join(", ") || "none"], ["node", valve.node || "this one"]];
  for (const [key, text] of rows) facts.append(element("dt", key), element("dd", text));
  for (const fault of valve.faults || []) facts.append(element("dt", "fault"), element("dd", fault));
  const buttons = section.querySelector(".moves");
  buttons.replaceChildren();
  if (!session.mayAct) { buttons.append(element("small", "Read-only: " + session.whyNot)); return; }
  for (const [verb, disabled] of [["Open", valve.state === "open"], ["Close", valve.state === "closed"]]) {
    const button = element("button", verb, verb === "Open" ? "danger" : "");
    button.disabled = !session.signedIn || disabled;
    button.addEventListener("click", () => mover(verb, valve.name));
    buttons.append(button);
  }
  if (!session.signedIn) buttons.append(element("small", "Sign in to move it."));
}

export function choose(name) {
  chosen = chosen === name ? "" : name;
  for (const one of document.querySelectorAll(".valve, #valves tr")) one.classList.toggle("chosen", one.dataset.name === chosen && chosen !== "");
  panel();
}

export function colour(found) {
  if (!found.edges) return;
  const perhaps = new Set(found.perhaps);
  for (const path of document.querySelectorAll(".tube[data-edge]")) {
    path.style.stroke = found.edges[path.dataset.edge] || "";
    path.classList.toggle("perhaps", perhaps.has(path.dataset.edge));
  }
  for (const shape of document.querySelectorAll(".thing[data-node] .shape")) {
    if (!shape.hasAttribute("fill")) shape.style.fill = found.nodes[shape.parentNode.dataset.node] || "";
  }
}

export async function drawing() {
  const answer = await fetch("/canvas.svg");
  const drawn = new DOMParser().parseFromString(await answer.text(), "image/svg+xml").documentElement;
  $("#drawing").replaceChildren(document.importNode(drawn, true));
}
