// What counts with some choices alone is shown with these; where there is a complaint about it, always.
"use strict";

const showWhatCounts = (form) => {
  form.querySelectorAll("[data-when]").forEach((field) => {
    const chosen = ([name, values]) => values.includes(form.elements[name]?.value);
    const line = field.closest(".field-line") ?? field.closest(".form-row");
    line.hidden = !Object.entries(JSON.parse(field.dataset.when)).every(chosen) && !line.querySelector(".errorlist");
    const row = line.closest(".form-row");
    row.hidden = [...row.querySelectorAll(":scope > .field-line")].every((each) => each.hidden);
  });
};

window.addEventListener("load", () => {
  new Set([...document.querySelectorAll("[data-when]")].map((field) => field.form)).forEach((form) => {
    showWhatCounts(form);
    form.addEventListener("input", () => showWhatCounts(form));
  });
});
