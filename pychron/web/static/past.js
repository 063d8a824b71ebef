"use strict";
// The past: the line as it was at a moment, values over hours, notes. It only asks the node; live news wait until the page comes back.
import { $, askAs, dateTime, element, number, post, tell } from "/static/words.js";
import { colour, drawValve, panel, session, valves } from "/static/line.js";

const SVG = "http://www.w3.org/2000/svg";
const WIDE = 600, HIGH = 110, LEFT = 84, BOTTOM = 16;
let live = () => {};
let entries = [];
let wanted = null, asking = false;
let shown = [];

const span = () => Number($("#window").value) * 3600;
const now = () => Date.now() / 1000;

async function get(path, query) {
  const answer = await fetch(path + "?" + new URLSearchParams(query));
  const found = await answer.json();
  if (!answer.ok) throw new Error(found.why);
  return found;
}

function said(text) { $("#past-said").textContent = text; }

// ---- the moment

function enter(time) {
  wanted = Math.min(time, now());
  session.past = true;
  document.body.dataset.past = "yes";
  $("#moment").value = String(1000 * (1 - (now() - wanted) / span()));
  $("#moment").setAttribute("aria-valuetext", dateTime(wanted));
  said("As it was " + dateTime(wanted) + ". Not live.");
  $("#then").textContent = "PAST: " + dateTime(wanted);
  panel();
  cursor();
  if (!asking) askThen();
}

async function askThen() {
  asking = true;
  while (wanted !== null) {
    const time = wanted;
    try {
      const then = await get("/history/then", { time });
      if (session.past) draw(then);
    } catch (problem) { said(problem.message); }
    if (wanted === time) break;
  }
  asking = false;
}

function draw(then) {
  const known = new Map(then.valves.map((one) => [one.name, one]));
  for (const name of valves.keys()) {
    const one = known.get(name) || { name, state: "unknown", evidence: null };
    drawValve({ name, state: one.state, evidence: one.evidence, lock: one.locked ? { who: "somebody" } : null, owner: one.owner });
  }
  colour(then.colours);
  document.body.dataset.then = String(then.time);
  $("#past-values").textContent = Object.entries(then.values).map(([tag, [value]]) => tag + " " + number(value)).join(" · ");
  const near = [...document.querySelectorAll("#events li[data-time]")].find((item) => Number(item.dataset.time) <= then.time);
  for (const item of document.querySelectorAll("#events li.now")) item.classList.remove("now");
  // Only the list scrolls: the page stays where the person looks.
  if (near) { near.classList.add("now"); $("#events").scrollTop = near.offsetTop - $("#events").clientHeight / 2; }
}

function leave() {
  wanted = null;
  session.past = false;
  delete document.body.dataset.past;
  delete document.body.dataset.then;
  $("#moment").value = "1000";
  said("Now. Move the slider to look back.");
  $("#past-values").textContent = "";
  cursor();
  live();
}

async function step(direction) {
  const from = wanted === null ? now() : wanted;
  const times = (await latest(now() - span(), now())).map((one) => one.time);
  const next = direction < 0 ? times.filter((time) => time < from - 0.001).pop() : times.find((time) => time > from + 0.001);
  if (next === undefined) { if (direction > 0) leave(); else said("Nothing is recorded before that in this window."); return; }
  enter(next);
}

// ---- what happened

async function latest(start, end) {
  const found = await get("/history/events", { start, end, limit: 1000 });
  return found.events;
}

export async function earlier(log) {
  try { entries = await latest(now() - span(), now() + 1); } catch (problem) { said(problem.message); return; }
  log(entries);
}

async function note() {
  const about = wanted;
  const found = await askAs(about === null ? "A note about now:" : "A note about " + dateTime(about) + ":", [["Note", "text"]]);
  if (!found) return;
  const answer = await post("/note", { text: found[0], who: found[1], time: about });
  if (!answer.ok) await tell(answer.why);
}

// ---- trends

function node(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

function chart(series, start, end) {
  const box = element("figure");
  box.append(element("figcaption", series.tag + (series.unit ? " / " + series.unit : "")));
  if (!series.buckets.length) { box.append(element("p", "nothing was measured", "facts")); return box; }
  const low = Math.min(...series.buckets.map((one) => one[1])), high = Math.max(...series.buckets.map((one) => one[3]));
  const decades = low > 0 && high / low > 50;
  const scale = decades ? Math.log10 : (value) => value;
  const from = scale(low), to = scale(high) === scale(low) ? scale(low) + 1 : scale(high);
  const x = (time) => LEFT + (WIDE - LEFT) * (time - start) / (end - start);
  const y = (value) => (HIGH - BOTTOM) - (HIGH - BOTTOM - 8) * (scale(value) - from) / (to - from);
  const point = (time, value) => x(time).toFixed(1) + "," + y(value).toFixed(1);
  const svg = node("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": series.tag + ": " + number(low) + " to " + number(high) + " " + series.unit, class: "trend" });
  const path = series.buckets.map((one) => point(one[0], one[3])).concat([...series.buckets].reverse().map((one) => point(one[0], one[1])));
  svg.append(node("polygon", { class: "band", points: path.join(" ") }), node("polyline", { class: "mean", points: series.buckets.map((one) => point(one[0], one[2])).join(" ") }));
  svg.append(node("text", { x: LEFT - 6, y: 14, class: "scale" }, number(high)), node("text", { x: LEFT - 6, y: HIGH - BOTTOM, class: "scale" }, number(low)));
  svg.append(node("text", { x: LEFT, y: HIGH - 3, class: "from" }, dateTime(start)), node("text", { x: WIDE, y: HIGH - 3, class: "scale" }, decades ? "logarithmic" : ""));
  svg.append(node("line", { class: "cursor", y1: 0, y2: HIGH - BOTTOM }));
  svg.dataset.start = String(start);
  svg.dataset.end = String(end);
  svg.addEventListener("click", (event) => {
    const at = svg.getBoundingClientRect();
    const along = ((event.clientX - at.left) / at.width * WIDE - LEFT) / (WIDE - LEFT);
    enter(start + Math.min(1, Math.max(0, along)) * (end - start));
  });
  box.append(svg);
  return box;
}

function cursor() {
  for (const svg of document.querySelectorAll(".trend")) {
    const start = Number(svg.dataset.start), end = Number(svg.dataset.end);
    const line = svg.querySelector(".cursor");
    const along = wanted === null ? -1 : (wanted - start) / (end - start);
    line.style.display = along < 0 || along > 1 ? "none" : "inline";
    const x = LEFT + (WIDE - LEFT) * along;
    line.setAttribute("x1", x);
    line.setAttribute("x2", x);
  }
}

async function trends() {
  const end = now(), start = end - span();
  try {
    const all = await Promise.all(shown.map((tag) => get("/history/values", { tag, start, end, points: 300 })));
    // A history that is younger than the window is drawn from its beginning, on one axis for all.
    const begun = Math.min(...all.filter((series) => series.buckets.length).map((series) => series.buckets[0][0]), end - 1);
    $("#charts").replaceChildren(...all.map((series) => chart(series, Math.max(start, begun), end)));
    cursor();
  } catch (problem) { said(problem.message); }
}

async function choices() {
  const { tags } = await get("/history/tags", {});
  const kept = JSON.parse(localStorage.getItem("trends") || "[]").filter((tag) => tags.includes(tag));
  shown = kept.length ? kept : tags.slice(0, 4);
  $("#trends").hidden = tags.length === 0;
  $("#tags").replaceChildren(...tags.map((tag) => {
    const label = element("label", tag);
    const box = element("input");
    box.type = "checkbox";
    box.checked = shown.includes(tag);
    box.addEventListener("change", () => {
      shown = box.checked ? [...shown, tag] : shown.filter((one) => one !== tag);
      localStorage.setItem("trends", JSON.stringify(shown));
      trends();
    });
    label.prepend(box);
    return label;
  }));
}

export async function begin(back, log) {
  live = back;
  leave();
  $("#past").hidden = false;
  $("#note").hidden = !session.mayTell;
  await earlier(log);
  try { await choices(); } catch (problem) { said(problem.message); }
  await trends();
}

$("#moment").addEventListener("input", () => {
  const along = Number($("#moment").value);
  if (along >= 1000) leave(); else enter(now() - span() * (1 - along / 1000));
});
$("#window").addEventListener("change", () => { if (wanted !== null) enter(Math.max(wanted, now() - span())); trends(); });
$("#back").addEventListener("click", () => step(-1));
$("#forth").addEventListener("click", () => step(1));
$("#live").addEventListener("click", leave);
$("#note").addEventListener("click", note);
setInterval(() => { if (!$("#past").hidden && wanted === null && !document.hidden) trends(); }, 30000);
