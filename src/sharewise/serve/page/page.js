import { WORDS } from "./words.js";

const $ = (id) => document.getElementById(id);
const state = { model: null, language: firstLanguage(), texts: null, context: [], answers: null, controller: null };

function firstLanguage() {
  const wanted = [stored(localStorage, "language"), ...navigator.languages.map((l) => l.slice(0, 2))];
  return wanted.find((l) => l in WORDS) ?? "en";
}

function stored(storage, key, value) {
  // A browser may forbid storage; then nothing is remembered.
  try {
    if (value === undefined) return storage.getItem(`sharewise-${key}`);
    storage.setItem(`sharewise-${key}`, value);
  } catch {
    return null;
  }
  return value;
}

const say = (key, ...values) => {
  const words = WORDS[state.language][key];
  return typeof words === "function" ? words(...values) : words;
};

// Elements are made, never parsed from text: what a user or a model says is never markup.
function element(name, properties = {}, ...children) {
  const { dataset, attributes, ...others } = properties;
  const made = Object.assign(document.createElement(name), others);
  Object.assign(made.dataset, dataset);
  for (const [key, value] of Object.entries(attributes ?? {})) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function translate() {
  document.documentElement.lang = state.language;
  for (const e of document.querySelectorAll("[data-words]")) e.textContent = say(e.dataset.words);
  for (const e of document.querySelectorAll("[data-label]")) e.setAttribute("aria-label", say(e.dataset.label));
  for (const b of document.querySelectorAll("[data-language]"))
    b.setAttribute("aria-pressed", String(b.dataset.language === state.language));
  if (!state.model) return;
  const { tasks, model, max_length: length, limits } = state.model;
  $("facts").textContent = say("facts", Object.keys(tasks).length, model, length);
  $("file-hint").textContent = say("fileHint", say("column", state.model.texts), `${limits.file >> 20} MB`);
  for (const label of document.querySelectorAll("#fields [data-field]")) label.textContent = fieldName(Number(label.dataset.field));
  for (const label of document.querySelectorAll("#fields [data-earlier]")) label.textContent = say("earlier");
  if ($("earlier-hint")) $("earlier-hint").textContent = say("earlierHint");
  if (state.answers) showAnswers();
  for (const id of ["said", "failed", "file-said"]) $(id).textContent = "";
}

function hideExplanation() {
  $("explanation").hidden = true;
  document.querySelector("main").append($("explanation"));
}

function fieldName(number) {
  const names = state.model.texts;
  const known = names.length === 1 ? ["text"] : ["question", "answer"];
  // Column names say more than "question" where they say something else.
  const plain = ["text", "question", "answer", "human_question", "bot_response"].includes(names[number]);
  return plain ? say(known[number]) : names[number];
}

function headers(more = {}) {
  const token = stored(sessionStorage, "token");
  return token ? { ...more, Authorization: `Bearer ${token}` } : more;
}

class Refused extends Error {}

async function ask(path, options = {}) {
  let answer;
  try {
    answer = await fetch(path, { ...options, headers: headers(options.headers) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(say("unreachable"));
  }
  if (answer.ok) return answer;
  if (answer.status === 401) {
    const sent = stored(sessionStorage, "token");
    $("token-form").hidden = false;
    $("token").focus();
    throw new Refused(sent ? say("wrongToken") : "");
  }
  if (answer.status === 429) throw new Refused(say("busy", answer.headers.get("Retry-After") ?? 1));
  const { detail } = await answer.json().catch(() => ({ detail: answer.statusText }));
  const why = Array.isArray(detail) ? detail.map((d) => d.msg).join("; ") : detail;
  throw new Refused(say("failed", why));
}

const post = (path, content, signal) =>
  ask(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(content), signal });

async function guarded(work, where = "failed") {
  $(where).textContent = "";
  try {
    await work();
  } catch (error) {
    if (error.name === "AbortError") return;
    $("said").textContent = $("file-said").textContent = "";
    $("failed").textContent = error instanceof Refused ? error.message : say("failed", error.message);
  }
}

async function start() {
  translate();
  await guarded(async () => {
    state.model = await (await ask("v1/model")).json();
    $("token-form").hidden = true;
    document.title = `${state.model.name} · Sharewise`;
    $("name").textContent = state.model.name;
    const rows = state.model.texts.length > 1 ? 3 : 5;
    const earlier = element("div", { className: "field" },
      element("label", { htmlFor: "earlier", dataset: { earlier: "" } }),
      element("textarea", { id: "earlier", rows: 3, attributes: { "aria-describedby": "earlier-hint" } }),
      element("p", { id: "earlier-hint", className: "hint" }),
    );
    $("fields").replaceChildren(
      // Null: any number of them.
      ...(state.model.context === 0 ? [] : [earlier]),
      ...state.model.texts.map((_, i) =>
        element("div", { className: "field" },
          element("label", { htmlFor: `text-${i}`, dataset: { field: i } }),
          element("textarea", { id: `text-${i}`, rows, maxLength: state.model.limits.characters, required: true }),
        ),
      ),
    );
    translate();
    $("text-0").focus();
  });
}

// One a line, the oldest first.
const earlierTurns = () => ($("earlier")?.value ?? "").split("\n").map((line) => line.trim()).filter(Boolean);

async function score() {
  const texts = state.model.texts.map((_, i) => $(`text-${i}`).value.trim());
  const empty = texts.findIndex((text) => !text);
  if (empty >= 0) {
    $("failed").textContent = say("empty");
    $(`text-${empty}`).focus();
    return;
  }
  state.controller?.abort();
  state.controller = new AbortController();
  $("said").textContent = say("working");
  const began = performance.now();
  await guarded(async () => {
    const context = earlierTurns();
    const content = { text: texts[0], pair: texts[1] ?? null, context };
    const found = await (await post("v1/score", { texts: content }, state.controller.signal)).json();
    state.texts = texts;
    state.context = context;
    state.answers = found.results[0];
    showAnswers();
    $("said").textContent = say("done", Math.round(performance.now() - began));
  });
}

function showAnswers() {
  hideExplanation();
  const rows = Object.entries(state.answers).map(([task, answer]) => taskRow(task, answer, state.model.tasks[task]));
  $("bars").replaceChildren(...rows);
  $("answers").hidden = false;
}

function taskRow(task, answer, facts) {
  const decided = [answer.decision].flat();
  const decision = decided.map((d) => (typeof d === "number" ? d.toFixed(3) : d)).join(", ");
  const bars = Object.entries(answer.probabilities).map(([label, p], i) => {
    const threshold = facts.thresholds[i] ?? null;
    // Of ordered labels every step that was reached counts, and its bar has another name than the label.
    return bar(label, p, threshold, decided.includes(label) || (threshold !== null && p > threshold));
  });
  const explain = element("button", {
    type: "button",
    className: "quiet",
    textContent: say("explain"),
    attributes: { "aria-label": `${say("explain")} ${task}` },
  });
  explain.addEventListener("click", () => showExplanation(task, explain));
  const calibrated = facts.calibrated ? [element("span", { className: "tag", textContent: say("calibrated") })] : [];
  const title = element("h3", {}, task, " ", element("strong", { textContent: decision }), ...calibrated);
  const item = element("li", { dataset: { task } }, element("div", { className: "row" }, title, explain), ...bars);
  // The label of a lone bar stands in the title.
  item.classList.toggle("alone", bars.length === 1);
  return item;
}

function bar(label, p, threshold, chosen) {
  const percent = `${(100 * p).toFixed(1)} %`;
  const says = threshold === null ? "" : `, ${say("threshold")} ${threshold.toFixed(2)}`;
  const track = element("div", {
    className: "track",
    attributes: { role: "meter", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 1, "aria-valuenow": p.toFixed(3), "aria-valuetext": percent + says },
  });
  const fill = element("div", { className: "fill" });
  fill.style.width = percent.replace(" ", "");
  track.append(fill);
  if (threshold !== null) {
    const mark = element("div", { className: "threshold", title: `${say("threshold")} ${threshold.toFixed(2)}` });
    mark.style.left = `${100 * threshold}%`;
    track.append(mark);
  }
  const row = element("div", { className: chosen ? "bar chosen" : "bar", dataset: { label } });
  row.append(element("span", { className: "label", textContent: label }), track, element("span", { className: "value", textContent: percent }));
  return row;
}

async function showExplanation(task, button) {
  button.disabled = true;
  await guarded(async () => {
    const [text, pair] = state.texts;
    const found = await (await post("v1/explain", { text, pair: pair ?? null, context: state.context, task })).json();
    const number = (value) => (found.output === task ? value.toFixed(3) : `${(100 * value).toFixed(1)} %`);
    $("explanation-title").textContent = say("explained", task, found.output);
    $("explanation-hint").textContent = say("explainedIn", found.milliseconds, number(found.score));
    const most = Math.max(1e-9, ...found.spans.map((s) => Math.abs(s.weight)));
    const parts = state.texts.map((part, i) => marked([...part], found.spans.filter((s) => s.part === i), most));
    $("explanation-text").replaceChildren(...parts.flatMap((p, i) => (i ? [element("br"), ...p] : p)));
    const ordered = [...found.spans].sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
    $("explanation-rows").replaceChildren(
      ...ordered.map((s) =>
        element("tr", {},
          element("td", { textContent: [...state.texts[s.part]].slice(s.start, s.end).join("") }),
          element("td", { textContent: `${say(s.weight < 0 ? "lowers" : "raises")} ${number(Math.abs(s.weight))}` }),
        ),
      ),
    );
    button.closest("li").append($("explanation"));
    $("explanation").hidden = false;
    $("explanation-title").focus();
  });
  button.disabled = false;
}

// The server counts code points, JavaScript's strings count halves of them: hence the list of characters.
function marked(characters, spans, most) {
  const out = [];
  let at = 0;
  for (const s of spans) {
    out.push(characters.slice(at, s.start).join(""));
    const strength = Math.abs(s.weight) / most;
    const word = element("mark", {
      className: s.weight < 0 ? "lowers" : "raises",
      textContent: characters.slice(s.start, s.end).join(""),
      title: `${say(s.weight < 0 ? "lowers" : "raises")} ${Math.abs(s.weight).toFixed(3)}`,
    });
    word.style.setProperty("--strength", `${Math.round(70 * strength)}%`);
    out.push(word);
    at = s.end;
  }
  return [...out, characters.slice(at).join("")];
}

async function scoreFile(file) {
  const match = /\.(csv|tsv|jsonl|ndjson|parquet)$/i.exec(file.name);
  $("download").replaceChildren();
  if (!match) {
    $("failed").textContent = say("wrongFormat");
    return;
  }
  const format = match[1].toLowerCase().replace("ndjson", "jsonl");
  $("file-said").textContent = say("fileWorking", file.name);
  await guarded(async () => {
    const answer = await ask(`v1/file?format=${format}`, { method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: file });
    const rows = Number(answer.headers.get("X-Sharewise-Rows"));
    const rejected = Number(answer.headers.get("X-Sharewise-Rejected"));
    const name = file.name.replace(/(\.[^.]+)$/, "-scored$1");
    const link = element("a", { href: URL.createObjectURL(await answer.blob()), download: name, className: "button", textContent: say("download", name) });
    $("file-said").textContent = say("fileDone", rows, rejected);
    $("download").replaceChildren(link);
    link.focus();
  });
}

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  if (state.model) score();
});
$("ask").noValidate = true;
$("ask").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.isComposing) $("ask").requestSubmit();
});
$("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  stored(sessionStorage, "token", $("token").value.trim());
  start();
});
for (const button of document.querySelectorAll("[data-language]"))
  button.addEventListener("click", () => {
    state.language = stored(localStorage, "language", button.dataset.language) ?? button.dataset.language;
    translate();
  });
$("file").addEventListener("change", () => {
  if ($("file").files.length) scoreFile($("file").files[0]);
  $("file").value = "";
});
// A file that misses the field must not replace the page.
for (const kind of ["dragover", "drop"]) window.addEventListener(kind, (event) => event.preventDefault());
for (const kind of ["dragenter", "dragover"]) $("drop").addEventListener(kind, () => $("drop").classList.add("over"));
for (const kind of ["dragleave", "drop"]) $("drop").addEventListener(kind, () => $("drop").classList.remove("over"));
$("drop").addEventListener("drop", (event) => {
  if (event.dataTransfer.files.length) scoreFile(event.dataTransfer.files[0]);
});
start();
