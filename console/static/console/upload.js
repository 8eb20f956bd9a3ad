// Sends files one by one, three at a time, and follows what becomes of them. Without it the page is a plain form.
const AT_ONCE = 3;
const LOOK_EVERY_MS = 1000;

const form = document.getElementById("upload");
const list = document.getElementById("files");
const drop = form.querySelector("[data-drop]");
const waiting = [];
let underWay = 0;
let taken = 0;

const parsed = (html) => {
  const template = document.createElement("template");
  template.innerHTML = html;
  return [...template.content.querySelectorAll("li")];
};

const say = (line, words, percent) => {
  line.querySelector("[data-said]").textContent = words;
  const bar = line.querySelector(".c-progress");
  bar.hidden = percent === undefined;
  if (percent === undefined) return;
  bar.setAttribute("aria-valuenow", percent);
  bar.firstElementChild.style.width = `${percent}%`;
};

// What the address of the page names is shown again when it is loaded anew.
const remember = (lines) => {
  const address = new URL(location.href);
  const known = (address.searchParams.get("shown") ?? "").split(",").filter(Boolean);
  const shown = [...known, ...lines.map((line) => line.dataset.file).filter(Boolean)];
  address.searchParams.set("shown", [...new Set(shown)].join(","));
  history.replaceState(null, "", address);
};

// What the server says instead of tiles, in words for people.
const TROUBLE = {
  0: "Not sent: the console does not answer.",
  403: "Not sent: you are signed out, or may not upload. Load the page anew.",
  413: "Not sent: the file is too large for the server.",
};
const trouble = (request) => TROUBLE[request.status] ?? `Not sent: the console answered ${request.status}.`;
const isTiles = (request) => request.status === 200 && request.getResponseHeader("X-Tiles") === "yes";

const body = (brought) => {
  const data = new FormData(form);
  data.delete("file");
  data.delete("address");
  data.append(brought.kind, brought.value);
  return data;
};

const settle = (brought, request) => {
  if (!isTiles(request)) {
    say(brought.line, trouble(request));
    brought.line.querySelector("[data-again]").hidden = false;
    return;
  }
  const lines = parsed(request.responseText);
  brought.line.replaceWith(...lines);
  taken += 1;
  remember(lines);
};

const send = (brought) => {
  const request = new XMLHttpRequest();
  underWay += 1;
  say(brought.line, "Sending", 0);
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    const percent = total ? Math.floor((loaded / total) * 100) : 0;
    say(brought.line, percent < 100 ? `Sending, ${percent}%` : "Sent, waiting for the answer", percent);
  });
  request.addEventListener("loadend", () => {
    underWay -= 1;
    settle(brought, request);
    next();
  });
  request.open("POST", form.action);
  request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
  request.send(body(brought));
};

const sum = () => {
  const left = waiting.length + underWay;
  const words = left ? `${left} still to be sent.` : taken ? "All are sent." : "";
  document.getElementById("upload-sum").textContent = words;
};

const next = () => {
  while (waiting.length && underWay < AT_ONCE) send(waiting.shift());
  sum();
};

const queue = (brought) => {
  waiting.push(brought);
  next();
};

const line = (name) => {
  const made = document.getElementById("file-on-its-way").content.firstElementChild.cloneNode(true);
  made.querySelector("[data-name]").textContent = name;
  list.append(made);
  return made;
};

const bring = (kind, value, name) => {
  const brought = { kind, value, line: line(name) };
  brought.line.querySelector("[data-again]").addEventListener("click", ({ target }) => {
    target.hidden = true;
    queue(brought);
  });
  if (value.size > Number(form.dataset.largest)) {
    say(brought.line, `Not sent: the file is larger than ${form.dataset.largestSaid}. Upload a smaller one.`);
    return;
  }
  say(brought.line, "Waiting", 0);
  queue(brought);
};

const bringAll = (files) => [...files].forEach((file) => bring("file", file, file.name));

// Only what still moves is asked about, all of it at once, and nothing while nobody looks.
const look = async () => {
  const moving = [...list.querySelectorAll("[data-moving]")].map((each) => each.dataset.file);
  if (!moving.length || document.visibilityState !== "visible") return;
  const answer = await fetch(`${form.dataset.tiles}?shown=${moving.join(",")}`, { headers: { "X-Requested-With": "XMLHttpRequest" } });
  if (answer.headers.get("X-Tiles") !== "yes") return;
  for (const fresh of parsed(await answer.text())) {
    const old = list.querySelector(`[data-file="${fresh.dataset.file}"]`);
    if (old && old.innerHTML !== fresh.innerHTML) old.replaceWith(fresh);
  }
};

const lookAgain = () => setTimeout(() => look().catch(() => {}).finally(lookAgain), LOOK_EVERY_MS);

form.querySelectorAll("[data-scripted]").forEach((each) => { each.hidden = false; });
form.querySelectorAll("[data-plain]").forEach((each) => { each.hidden = true; });

form.file.addEventListener("change", () => {
  bringAll(form.file.files);
  form.file.value = "";
});

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const address = form.address.value.trim();
  if (!address) return form.address.focus();
  bring("address", address, address);
  form.address.value = "";
});

// The whole page takes what is dropped: a file that misses the field would replace the page.
for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.add("c-over");
  });
}
for (const kind of ["dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    if (kind === "drop" || !event.relatedTarget) drop.classList.remove("c-over");
  });
}
document.addEventListener("drop", ({ dataTransfer }) => bringAll(dataTransfer.files));

window.addEventListener("beforeunload", (event) => { if (waiting.length + underWay) event.preventDefault(); });

lookAgain();
