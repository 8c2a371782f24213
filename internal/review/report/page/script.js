
"use strict";
(() => {
  const root = document.documentElement, results = [...document.querySelectorAll(".r")];
  const cells = [...document.querySelectorAll(".matrix td a")];
  const search = document.getElementById("search"), all = document.getElementById("all"), shown = document.getElementById("shown");
  let cell = null;

  for (const radio of document.querySelectorAll("input[name=lang]")) {
    const set = () => { if (radio.checked) root.lang = radio.value; };
    radio.addEventListener("change", set);
    set();
  }

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let n = 0;
    for (const r of results) {
      const inCell = !cell || r.dataset.pillar === cell.dataset.pillar && r.dataset.factors.split(" ").includes(cell.dataset.factor);
      const text = words.length ? r.textContent.toLowerCase() : "";
      r.hidden = !inCell || !words.every(w => text.includes(w));
      if (!r.hidden) n++;
    }
    for (const c of document.querySelectorAll(".chapter")) c.hidden = !c.querySelector(".r:not([hidden])");
    for (const c of cells) c === cell ? c.setAttribute("aria-current", "true") : c.removeAttribute("aria-current");
    all.hidden = !cell && !words.length;
    shown.textContent = n + " / " + results.length;
  }

  for (const c of cells) c.addEventListener("click", () => { cell = cell === c ? null : c; filter(); });
  search.addEventListener("input", filter);
  all.addEventListener("click", () => { cell = null; search.value = ""; filter(); });

  // A link to a result that is filtered away or closed shows it.
  const open = () => {
    const r = location.hash.startsWith("#r-") && document.getElementById(location.hash.slice(1));
    if (!r) return;
    if (r.hidden) all.click();
    for (const k of ["fail", "gap", "waived", "pass"]) if (r.classList.contains(k)) document.getElementById("f-" + k).checked = true;
    r.querySelector("details").open = true;
    r.scrollIntoView();
  };
  addEventListener("hashchange", open);
  open();
})();
