"use strict";
// The filter of the history: a row stays if it holds every word.
(() => {
  const box = document.getElementById("filter"), rows = [...document.querySelectorAll("#pages tbody tr")], told = document.getElementById("told");
  const texts = rows.map((row) => row.textContent.toLowerCase());
  box.closest("label").hidden = false;
  box.addEventListener("input", () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let n = 0;
    rows.forEach((row, i) => { row.hidden = !words.every((word) => texts[i].includes(word)); n += row.hidden ? 0 : 1; });
    told.textContent = `${n} of ${rows.length}`;
  });
})();
