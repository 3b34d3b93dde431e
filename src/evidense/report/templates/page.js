"use strict";
// Everything on the page can be read without this: it adds sorting, copying, and opens what a link points into.
(() => {
  const text = (cell) => (cell ? cell.dataset.v ?? cell.textContent.trim() : "");
  const number = (text) => Number(text.replace(/\u2212/g, "-").replace(/^\[([^,\]]+),.*$/, "$1").replace(/,/g, ""));  // an interval by its lower end
  const compare = (a, b) => {
    const x = number(a), y = number(b);
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
  // --- figures as files: the drawing that the page holds, or the element around the buttons as it is seen
  const SVG = "http://www.w3.org/2000/svg";
  const SEEN = ["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-opacity", "opacity", "vector-effect", "font-size", "font-weight", "font-family", "text-anchor"];
  const node = (name, values, content = "") => {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(values)) made.setAttribute(key, value);
    made.textContent = content;
    return made;
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (colour !== "transparent" && !/, 0\)$/.test(colour)) return colour;
    }
    return "#fff";
  };
  const copied = (svg, left, top) => {  // with the colours that style sheets give it
    const copy = svg.cloneNode(true), box = svg.getBoundingClientRect();
    const originals = [svg, ...svg.querySelectorAll("*")], copies = [copy, ...copy.querySelectorAll("*")];
    originals.forEach((original, n) => {
      const style = getComputedStyle(original);
      if (style.display === "none") return copies[n].remove();
      for (const name of SEEN) copies[n].setAttribute(name, style.getPropertyValue(name));
      copies[n].removeAttribute("class");
    });
    const place = { x: box.left - left, y: box.top - top, width: box.width, height: box.height, overflow: "visible" };
    for (const [key, value] of Object.entries(place)) copy.setAttribute(key, value);
    return copy;
  };
  const lines = function* (texts) {  // words that stand beside each other are one text
    const range = document.createRange();
    for (const text of texts) {
      let line = null;
      for (const word of text.data.matchAll(/\S+/g)) {
        range.setStart(text, word.index);
        range.setEnd(text, word.index + word[0].length);
        const box = range.getBoundingClientRect();
        if (line && Math.abs(line.box.top - box.top) < 2) {
          line.words.push(word[0]);
          line.box = new DOMRect(line.box.x, line.box.y, box.right - line.box.x, line.box.height);
        } else {
          if (line) yield line;
          line = { text, box, words: [word[0]] };
        }
      }
      if (line) yield line;
    }
  };
  const composed = (figure) => {
    const isShown = (e) => e.checkVisibility() && !e.closest(".take, .hidden, svg");
    const texts = [], walker = document.createTreeWalker(figure, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) if (walker.currentNode.data.trim() && isShown(walker.currentNode.parentElement)) texts.push(walker.currentNode);
    const drawings = [...figure.querySelectorAll("svg")].filter((e) => e.checkVisibility()), labels = [...lines(texts)];
    const boxes = [...drawings.map((e) => e.getBoundingClientRect()), ...labels.map((line) => line.box)];
    const { left: x, top: y } = figure.getBoundingClientRect(), edge = 12, left = x - edge, top = y - edge;
    const width = Math.ceil(Math.max(...boxes.map((b) => b.right)) - left + edge), height = Math.ceil(Math.max(...boxes.map((b) => b.bottom)) - top + edge);
    const svg = node("svg", { width, height, viewBox: `0 0 ${width} ${height}` });
    svg.append(node("rect", { width, height, fill: ground(figure) }), ...drawings.map((e) => copied(e, left, top)));
    for (const { text, box, words } of labels) {
      const style = getComputedStyle(text.parentElement);
      svg.append(node("text", { x: box.left - left, y: box.top - top + box.height * .8, fill: style.color, "font-size": style.fontSize,
        "font-weight": style.fontWeight, "font-family": style.fontFamily }, words.join(" ")));
    }
    return svg;
  };
  const address = (svg) => `data:image/svg+xml;charset=utf-8,${encodeURIComponent(new XMLSerializer().serializeToString(svg))}`;
  const painted = async (svg) => {  // at twice its size
    const image = new Image(), canvas = document.createElement("canvas");
    image.src = address(svg);
    await image.decode();
    canvas.width = Math.round(2 * svg.getAttribute("width"));
    canvas.height = Math.round(2 * svg.getAttribute("height"));
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL("image/png");
  };
  const named = (text) => text.normalize("NFKD").replace(/[^A-Za-z0-9.]+/g, "-").replace(/^[-.]+|[-.]+$/g, "").slice(0, 80) || "figure";
  const stem = named(document.querySelector("main")?.dataset.stem ?? document.title);
  for (const box of document.querySelectorAll(".take")) {
    const drawing = () => box.querySelector("template")?.content.querySelector("svg") ?? composed(box.parentElement);
    const button = (kind, made) => {
      const one = document.createElement("button");
      one.type = "button";
      one.textContent = kind;
      one.setAttribute("aria-label", `Save as ${kind}: ${box.dataset.figure}`);
      one.addEventListener("click", async () => {
        const link = document.createElement("a");
        link.href = await made(drawing());
        link.download = `${stem}-${named(box.dataset.figure)}.${kind.toLowerCase()}`;
        link.click();
      });
      box.append(one);
    };
    box.append("figure as");
    button("SVG", address);
    button("PNG", painted);
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
