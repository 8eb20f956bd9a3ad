// Draws the dashboard's charts, also after htmx has replaced them. Unfold draws its own only once, on load.
"use strict";

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

const options = () => {
  const ticks = { color: colour("--c-faint"), font: { size: 11 }, maxTicksLimit: 6, maxRotation: 0 };
  return {
    animation: false,
    maintainAspectRatio: false,
    interaction: { mode: "index", intersect: false },
    plugins: {
      legend: { align: "end", labels: { color: colour("--c-faint"), boxWidth: 10, boxHeight: 2, font: { size: 11 } } },
      tooltip: { callbacks: { label: (item) => `${item.dataset.label} ${item.formattedValue} ms` } },
    },
    scales: {
      x: { grid: { display: false }, border: { display: false }, ticks },
      y: {
        beginAtZero: true,
        border: { display: false },
        grid: { color: colour("--c-line") },
        ticks: { ...ticks, maxTicksLimit: 4, callback: (value) => `${value} ms` },
      },
    },
  };
};

const dataset = ({ label, colour: name, data }) => ({
  label, data, borderColor: colour(name), backgroundColor: colour(name), borderWidth: 2, tension: 0.25,
  spanGaps: false, pointHoverRadius: 4,
  // A line needs two neighbours; a point that has none is drawn as a dot.
  pointRadius: data.map((value, i) => (value !== null && data[i - 1] == null && data[i + 1] == null ? 3 : 0)),
});

const draw = (canvas) => {
  const { labels, series } = JSON.parse(canvas.dataset.chart);
  new Chart(canvas, { type: "line", data: { labels, datasets: series.map(dataset) }, options: options() });
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

// Unfold's dialogs leave the keyboard on the page behind them: move it in, keep it in, and give it back.
const keepKeyboardIn = (modal, page) => {
  const box = modal.parentElement;
  let opener = null;
  modal.setAttribute("role", "dialog");
  modal.setAttribute("aria-modal", "true");
  new MutationObserver(() => {
    const open = box.style.display !== "none";
    if (open === page.inert) return;
    if (open) opener = document.activeElement;
    page.inert = open;
    if (!open) opener?.focus();
  }).observe(box, { attributeFilter: ["style"] });
  // Not before htmx knows the form: an Enter that comes earlier would post it to the page behind.
  modal.addEventListener("htmx:afterSettle", () => {
    modal.setAttribute("aria-label", modal.querySelector("h1")?.innerText ?? "");
    (modal.querySelector("input:not([type=hidden]), select, textarea") ?? modal.querySelector("[type=submit]"))?.focus();
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
