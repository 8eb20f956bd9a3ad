// Draws the dashboard's charts, also after htmx has replaced them. Unfold draws its own only once, on load.
"use strict";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const inUnits = (ms) => (ms >= 1000 ? `${+(ms / 1000).toFixed(2)} s` : `${+ms.toFixed(ms < 10 ? 1 : 0)} ms`);
const UNITS = { line: inUnits, bar: (calls) => calls.toLocaleString("en-GB") };

// A point or bar leads to its calls, where it has a link.
const leads = (links) => links?.length && {
  onClick: (_event, [found]) => { if (found) location.assign(links[found.index]); },
  onHover: ({ native }, found) => { native.target.style.cursor = found.length ? "pointer" : "default"; },
};

// An axis of powers of ten is marked at 1, 2 and 5 of each.
const atAGlance = (axis) => {
  const marks = [1, 2, 5].flatMap((digit) => Array.from({ length: 10 }, (_none, power) => digit * 10 ** (power - 3)));
  axis.ticks = marks.filter((mark) => mark >= axis.min && mark <= axis.max).sort((a, b) => a - b).map((value) => ({ value }));
};
const ofPowers = { type: "logarithmic", afterBuildTicks: atAGlance };

const options = ({ kind, series, links, log }, width) => {
  const ticks = { color: colour("--c-faint"), font: { size: 11 }, maxTicksLimit: width < 480 ? 3 : 6, maxRotation: 0 };
  const unit = UNITS[kind];
  return {
    animation: false,
    maintainAspectRatio: false,
    interaction: { mode: "index", intersect: false },
    plugins: {
      legend: {
        display: series.length > 1, align: "end",
        labels: { color: colour("--c-faint"), usePointStyle: true, pointStyle: "line", pointStyleWidth: 24, font: { size: 11 } },
      },
      tooltip: { callbacks: { label: (item) => `${item.dataset.label} ${unit(item.parsed.y)}` } },
    },
    scales: {
      x: { grid: { display: false }, border: { display: false }, ticks },
      y: {
        ...(log ? ofPowers : { beginAtZero: true }),
        border: { display: false },
        grid: { color: colour("--c-line") },
        ticks: { ...ticks, maxTicksLimit: log ? 8 : 4, callback: unit },
      },
    },
    ...leads(links),
  };
};

const dataset = ({ label, colour: name, dash, data }) => ({
  label, data, borderColor: colour(name), backgroundColor: colour(name), borderWidth: 2, borderDash: dash, tension: 0.25,
  spanGaps: false, pointHoverRadius: 4, barPercentage: 1, categoryPercentage: 0.9,
  // A line needs two neighbours; a point that has none is drawn as a dot.
  pointRadius: data.map((value, i) => (value !== null && data[i - 1] == null && data[i + 1] == null ? 3 : 0)),
});

const draw = (canvas) => {
  const chart = JSON.parse(canvas.dataset.chart);
  const { kind, labels, series } = chart;
  new Chart(canvas, { type: kind, data: { labels, datasets: series.map(dataset) }, options: options(chart, canvas.clientWidth) });
};

const charts = (root) => root.querySelectorAll("canvas.live-chart");
const undraw = (canvas) => Chart.getChart(canvas)?.destroy();
const redraw = () => charts(document).forEach((canvas) => { undraw(canvas); draw(canvas); });

window.addEventListener("load", () => {
  charts(document).forEach(draw);
  new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["class"] });
});
document.addEventListener("htmx:beforeSwap", ({ detail }) => charts(detail.target).forEach(undraw));
document.addEventListener("htmx:afterSwap", ({ detail }) => charts(detail.target).forEach(draw));

// Saves a chart as a picture: what its canvas shows, or the heat map drawn anew, on the colour of the page.
const picture = (source) => {
  const canvas = document.createElement("canvas");
  const [width, height, scale] = [source.clientWidth, source.clientHeight, 2];
  Object.assign(canvas, { width: width * scale, height: height * scale });
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  pen.fillStyle = colour("--c-surface");
  pen.fillRect(0, 0, width, height);
  if (source.matches("canvas")) pen.drawImage(source, 0, 0, width, height);
  else drawHeat(pen, source);
  return canvas;
};

const drawHeat = (pen, source) => {
  const { left, top } = source.getBoundingClientRect();
  for (const part of source.querySelectorAll("svg, rect, li")) {
    const [box, style] = [part.getBoundingClientRect(), getComputedStyle(part)];
    const [x, y] = [box.left - left, box.top - top];
    pen.fillStyle = part.matches("li") ? style.color : part.matches("rect") ? style.fill : style.backgroundColor;
    if (!part.matches("li")) { pen.fillRect(x, y, box.width, box.height); continue; }
    pen.font = `${style.fontSize} ${style.fontFamily}`;
    pen.fillText(part.textContent, x, y + box.height / 2 + 4);
  }
};

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-png]");
  if (!button) return;
  const source = document.getElementById(button.dataset.png);
  const link = document.createElement("a");
  Object.assign(link, { href: picture(source).toDataURL("image/png"), download: `${source.id}.png` });
  link.click();
});

// Unfold's dialogs leave the keyboard on the page behind them: move it in, keep it in, and give it back.
const keepKeyboardIn = (modal, page) => {
  const box = modal.parentElement;
  let opener = null;
  let isSettled = false;
  // Once it is both filled and shown, whichever comes last: what is not shown cannot be given the keyboard.
  const focusFirst = () => {
    if (!isSettled || !page.inert) return;
    (modal.querySelector("input:not([type=hidden]), select, textarea") ?? modal.querySelector("[type=submit]"))?.focus();
  };
  modal.setAttribute("role", "dialog");
  modal.setAttribute("aria-modal", "true");
  new MutationObserver(() => {
    const open = box.style.display !== "none";
    if (open === page.inert) return;
    if (open) opener = document.activeElement;
    page.inert = open;
    if (open) return focusFirst();
    isSettled = false;
    opener?.focus();
  }).observe(box, { attributeFilter: ["style"] });
  // Not before htmx knows the form: an Enter that comes earlier would post it to the page behind.
  modal.addEventListener("htmx:afterSettle", () => {
    modal.setAttribute("aria-label", modal.querySelector("h1")?.innerText ?? "");
    isSettled = true;
    focusFirst();
  });
};

window.addEventListener("load", () => {
  const [modal, page] = ["modal-content", "page"].map((id) => document.getElementById(id));
  if (modal && page) keepKeyboardIn(modal, page);
});

// Copies the text of another element. Browsers give a page the clipboard over HTTPS only; elsewhere the old way works.
const copy = async (source) => {
  getSelection().selectAllChildren(source);
  try {
    await navigator.clipboard.writeText(source.textContent);
    return true;
  } catch {
    return document.execCommand("copy");
  }
};

document.addEventListener("click", async ({ target }) => {
  const button = target.closest("[data-copy]");
  if (!button || button.disabled) return;
  const label = button.textContent;
  button.disabled = true;
  button.textContent = (await copy(document.getElementById(button.dataset.copy))) ? "Copied" : "Press Ctrl+C to copy";
  setTimeout(() => Object.assign(button, { textContent: label, disabled: false }), 2000);
});

// Puts what a trial found into the field it is for.
const fill = (id, value) => {
  const field = document.getElementById(id);
  field.value = value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
};

document.addEventListener("click", ({ target }) => {
  const button = target.closest("button[data-fill]");
  if (!button) return;
  fill(button.dataset.fill, button.dataset.value);
  button.textContent = "Filled in";
});

document.addEventListener("change", ({ target }) => {
  if (target.matches("select[data-fill]") && target.value) fill(target.dataset.fill, target.value);
});

// A new service asks for what its system declares: the page comes anew with these fields, and what was typed before.
document.addEventListener("change", ({ target }) => {
  if (!target.matches("[data-reload]")) return;
  const typed = ["name", "slug"].map((name) => [name, target.form.elements[name].value]);
  // Nothing is lost, so Unfold need not warn.
  window.addEventListener("beforeunload", (event) => event.stopImmediatePropagation(), { capture: true });
  location.search = new URLSearchParams([[target.dataset.reload, target.value], ...typed]);
});

// Enter opens the first answer of Ctrl-K: Unfold chooses none until somebody presses the arrow down. The one that was
// chosen stays so while more letters are typed.
document.addEventListener("htmx:afterSettle", ({ detail }) => {
  if (detail.target.id !== "command-results") return;
  requestAnimationFrame(() => {
    if (document.querySelector("#command-results-list .active")) return;
    document.getElementById("search-input-command").dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowDown" }));
  });
});
