"use strict";
// The filter of the history: a row stays if it is of the kind and holds every word. The first rows are shown, the others on demand.
(() => {
  const STEP = 200;
  const box = document.getElementById("filter"), kind = document.getElementById("kind"), told = document.getElementById("told"), more = document.getElementById("more");
  const table = document.querySelector("#pages table"), body = table.tBodies[0];
  const texts = new Map([...body.rows].map((row) => [row, row.textContent.toLowerCase()]));
  let shown = STEP;
  const fill = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let n = 0;
    for (const row of body.rows) {
      const fits = (!kind.value || row.dataset.kind === kind.value) && words.every((word) => texts.get(row).includes(word));
      n += fits ? 1 : 0;
      row.hidden = !fits || n > shown;
    }
    told.textContent = `${n} of ${texts.size}`;
    more.hidden = n <= shown;
    more.textContent = `show ${Math.min(STEP, n - shown)} more of ${n - shown}`;
  };
  const anew = () => { shown = STEP; fill(); };
  box.closest(".find").hidden = false;
  box.addEventListener("input", anew);
  kind.addEventListener("change", anew);
  table.tHead.addEventListener("click", () => setTimeout(fill));
  more.addEventListener("click", () => { shown += STEP; fill(); });
  fill();
})();
