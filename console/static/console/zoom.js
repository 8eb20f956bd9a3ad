// Shows a picture in full over the page. A click on it changes between the whole and its own size.
const dialog = document.getElementById("zoom");
const picture = dialog.querySelector("img");

document.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-zoom]");
  if (!button) return;
  picture.src = button.dataset.zoom;
  picture.alt = button.querySelector("img").alt;
  picture.classList.remove("c-own-size");
  dialog.showModal();
});

picture.addEventListener("click", () => picture.classList.toggle("c-own-size"));
dialog.addEventListener("click", ({ target }) => { if (target === dialog) dialog.close(); });
dialog.addEventListener("close", () => picture.removeAttribute("src"));
