"use strict";
// Everything on the page can be read without this: it adds sorting, copying, and opens what a link points into.
(() => {
  const text = (cell) => (cell ? cell.dataset.v ?? cell.textContent.trim() : "");
  const compare = (a, b) => {
    const x = Number(a.replace(/,/g, "")), y = Number(b.replace(/,/g, ""));
    return a !== "" && b !== "" && !Number.isNaN(x) && !Number.isNaN(y) ? x - y : a.localeCompare(b);
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      if (head.dataset.sort === "no" || head.textContent.trim() === "") return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const body = table.tBodies[0];
        const rows = [...body.rows].sort((r, s) => compare(text(r.cells[column]), text(s.cells[column])) * (down ? -1 : 1));
        body.append(...rows);
      });
    });
  }
  for (const box of document.querySelectorAll(".copy")) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "copy";
    button.addEventListener("click", async () => {
      const source = box.firstElementChild;
      try {
        await navigator.clipboard.writeText(source.textContent);
        button.textContent = "copied";
      } catch {
        getSelection().selectAllChildren(source);
        button.textContent = "selected: now Ctrl+C";
      }
      setTimeout(() => { button.textContent = "copy"; }, 2000);
    });
    box.append(button);
  }
  const reveal = () => {
    const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
    if (!target) return;
    for (let node = target; node; node = node.parentElement) if (node.tagName === "DETAILS") node.open = true;
    const part = target.querySelector(":scope > .part");
    if (part) part.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
  reveal();
})();
