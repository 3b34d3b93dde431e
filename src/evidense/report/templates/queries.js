"use strict";
// All queries of a collection: unpacked when opened; search, filter, sort, lists side by side, a link to each query. Texts enter the page as text only.
(() => {
  const STEP = 100, MOST_SYSTEMS = 6, MINUS = "\u2212";
  const folded = (text) => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").replace(/\u00df/g, "ss");  // letters without their marks find those with them
  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  };
  const plain = (x) => {  // thousandths, as text, as the rest of the page prints it
    const size = Math.trunc(Math.abs(x)), text = `${Math.floor(size / 1000) || ""}.${String(size % 1000).padStart(3, "0")}`;
    return (x < 0 && size ? MINUS : "") + text;
  };
  const signed = (x) => (x > 0 && Math.trunc(x) ? "+" : "") + plain(x);
  const unpack = async (id) => {
    const bytes = Uint8Array.from(atob(document.getElementById(id).textContent.trim()), (c) => c.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return JSON.parse(await new Response(stream).text());
  };
  const save = (name, text) => {
    const link = make("a", { href: `data:text/csv;charset=utf-8,${encodeURIComponent(text)}`, download: name });
    link.click();
  };
  const copied = async (button, text) => {
    const before = button.textContent;
    try { await navigator.clipboard.writeText(text); button.textContent = "copied"; } catch {
      const area = make("textarea", { "aria-label": "text to copy", readonly: true });
      area.value = text; button.after(area); area.select(); button.textContent = "selected: now Ctrl+C";
      area.addEventListener("blur", () => area.remove());
    }
    setTimeout(() => { button.textContent = before; }, 2000);
  };

  class Table {
    constructor(box, data) {
      Object.assign(this, { box, data, measure: 0, system: Math.min(1, data.n_compared - 1), words: [], sought: "", outcome: "", slice: "", judged: "", column: "delta", down: false, shown: STEP, opened: new Set() });
      this.ranked = data.lists.map((system) => system.map((row, place) => row.map((position) => data.tops[place][position])));
      this.list = new Map(data.listed.map((query, place) => [query, place]));
      this.folded = data.ids.map((id, i) => folded(`${id}\n${data.queries[i]}`));
      this.judges = data.gains.some((row) => row.some(([, gain]) => gain <= 0));  // without negatives, the share judged is precision
      this.share = data.ids.map((_, i) => this.judgedShare(i));
      this.draw();
    }

    judgedShare(i) {  // of the first ten of the compared systems, the share that somebody judged; -1 where lists are not shown
      const place = this.list.get(i);
      if (place === undefined) return -1;
      const judged = new Set(this.data.gains[place].map(([d]) => d));
      const all = this.ranked.slice(0, this.data.n_compared).flatMap((lists) => lists[place]);
      return all.length ? all.filter((d) => judged.has(d)).length / all.length : 0;
    }

    choice(label, options, change) {
      const select = make("select", { onchange: () => { change(select.value); this.shown = STEP; this.fill(); } });
      for (const [value, text] of options) select.append(make("option", { value }, text));
      return make("label", {}, label, select);
    }

    draw() {
      const { data } = this;
      const search = make("input", { type: "search", placeholder: "words or an id", oninput: () => { this.find(search.value); } });
      this.search = search;
      const slices = Object.entries(data.slices).flatMap(([name, { values }]) => values.map((value, k) => [`${name}\n${k}`, `${name}: ${value}`]));
      this.tools = make("div", { class: "tools" },
        make("label", { class: "search" }, "search queries", search),
        data.measures.length > 1 ? this.choice("measure", data.measures.map((m, k) => [k, m.replace("(judged_only=True)", " judged only")]), (v) => { this.measure = Number(v); }) : null,
        data.n_compared > 2 ? this.choice("system", data.systems.slice(1, data.n_compared).map((s, k) => [k + 1, s]), (v) => { this.system = Number(v); if (!this.columns.some(([name]) => name === this.column)) this.column = "delta"; }) : null,
        this.choice("show", [["", "all"], ["worse", "worse"], ["better", "better"], ["equal", "equal"]], (v) => { this.outcome = v; }),
        slices.length ? this.choice("slice", [["", "all"], ...slices], (v) => { this.slice = v; }) : null,
        this.judges ? this.choice("judged of the first ten", [["", "any share"], ["low", "less than half"], ["high", "half or more"]], (v) => { this.judged = v; }) : null);
      this.told = make("span", { role: "status" });
      const csv = make("button", { type: "button", onclick: () => this.csv() }, "download CSV");
      this.head = make("thead"); this.body = make("tbody", { onkeydown: (event) => this.walk(event) });
      const label = `Queries of ${data.collection}`;
      this.more = make("button", { type: "button", class: "more", onclick: () => { this.shown += STEP; this.fill(false); } });
      this.box.replaceChildren(this.tools, make("p", { class: "told" }, this.told, csv),
        make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, make("table", {}, make("caption", { class: "hidden" }, label), this.head, this.body)), this.more);
      this.fill();
    }

    find(text) {
      performance.mark("search");
      this.words = folded(text).split(/\s+/).filter(Boolean); this.sought = text.trim(); this.shown = STEP;
      this.fill();
      performance.measure("evidense search", "search");
    }

    key(i) {
      const { data } = this, of = data.values[this.measure];
      if (this.column === "query") return data.queries[i] || data.ids[i];
      if (this.column === "delta") return data.deltas[this.measure][this.system][i];
      if (this.column === "judged") return this.share[i];
      return of[Number(this.column)][i];
    }

    chosen() {
      const { data } = this, deltas = data.deltas[this.measure][this.system], [column, code] = this.slice.split("\n");
      const fits = (i) => this.words.every((word) => this.folded[i].includes(word))
        && (!this.outcome || (this.outcome === "better" ? deltas[i] > 0 : this.outcome === "worse" ? deltas[i] < 0 : deltas[i] === 0))
        && (!this.slice || data.slices[column].of[i] === Number(code))
        && (!this.judged || (this.share[i] >= 0 && (this.judged === "high") === (this.share[i] >= .5)));
      const keys = new Map(), sought = (i) => this.sought && data.ids[i] === this.sought ? 0 : 1;  // a whole id comes first
      const rows = data.ids.map((_, i) => i).filter(fits);
      for (const i of rows) keys.set(i, this.key(i));
      const way = this.down ? -1 : 1;
      return rows.sort((a, b) => { const x = keys.get(a), y = keys.get(b); return sought(a) - sought(b) || way * (typeof x === "string" ? x.localeCompare(y) : x - y) || a - b; });
    }

    get columns() {
      const { data } = this, systems = data.systems.map((s, k) => [String(k), k === 0 && data.n_compared > 1 ? `${s} (baseline)` : s, data.n_compared > 1 ? "other" : ""]);
      const read = data.systems.length > MOST_SYSTEMS ? systems.filter((_, k) => k === 0 || k === this.system) : systems;
      return [["query", "query", ""], ...read, ...(data.n_compared > 1 ? [["delta", "difference", ""]] : []), ...(this.judges ? [["judged", "judged", "other"]] : [])];
    }

    fill(anew = true) {
      const { data } = this, rows = this.rows = this.chosen();
      if (anew) this.head.replaceChildren(make("tr", {}, ...this.columns.map(([name, text, other]) => make("th", {
        scope: "col", class: [name === "query" ? "asked" : "num", other].join(" ").trim() || null, "aria-sort": this.column === name ? (this.down ? "descending" : "ascending") : null,
      }, make("button", { type: "button", class: "sort", onclick: () => { this.down = this.column === name && !this.down; this.column = name; this.fill(); } }, text)))));
      const deltas = data.deltas[this.measure][this.system], of = rows.map((i) => deltas[i]);
      const tally = ["better", "equal", "worse"].map((word, k) => `${of.filter((x) => Math.sign(x) === 1 - k).length.toLocaleString("en")} ${word}`).join(", ");
      const hidden = data.systems.length > MOST_SYSTEMS ? `; values of all ${data.systems.length} systems stand in an opened query and in the CSV` : "";
      const nothing = this.words.length ? "; the search reads texts and ids of queries, not documents" : "";
      this.told.textContent = `${rows.length.toLocaleString("en")} of ${data.ids.length.toLocaleString("en")} queries${!rows.length ? nothing : data.n_compared > 1 ? `: ${tally}` : ""}${hidden}`;
      this.body.replaceChildren(...rows.slice(0, this.shown).flatMap((i) => this.opened.has(i) ? [this.row(i), this.lists(i)] : [this.row(i)]));
      const left = rows.length - this.shown;
      this.more.hidden = left <= 0;
      this.more.textContent = `show ${Math.min(STEP, left)} more of ${left.toLocaleString("en")}`;
    }

    row(i) {
      const { data } = this, delta = data.deltas[this.measure][this.system][i], picture = data.pictures.queries[i];
      const ask = make("button", { type: "button", class: "ask", dir: "auto", "aria-expanded": String(this.opened.has(i)), onclick: () => this.toggle(i) },
        picture ? make("img", { src: picture, alt: "" }) : null, data.queries[i] || data.ids[i]);
      const cells = this.columns.map(([name, , other]) => name === "query" ? make("td", {}, ask)
        : name === "delta" ? make("td", { class: "num delta" }, signed(delta))
          : name === "judged" ? make("td", { class: "num other" }, this.share[i] < 0 ? "" : `${Math.round(100 * this.share[i])} %`)
            : make("td", { class: `num ${other}` }, plain(data.values[this.measure][Number(name)][i])));
      return make("tr", { "data-query": i, class: delta > 0 ? "is-better" : delta < 0 ? "is-worse" : null }, ...cells);
    }

    toggle(i, open = !this.opened.has(i)) {
      this.opened[open ? "add" : "delete"](i);
      const row = this.body.querySelector(`tr[data-query="${i}"]`);
      if (!row) return;
      row.querySelector(".ask").setAttribute("aria-expanded", String(open));
      const next = row.nextElementSibling;
      if (next && next.classList.contains("lists")) next.remove();
      if (open) { row.after(this.lists(i)); history.replaceState(null, "", `#${this.link(i)}`); }
    }

    link(i) { return `${this.box.parentElement.id}/${encodeURIComponent(this.data.ids[i])}`; }

    lists(i) {
      const { data } = this, place = this.list.get(i), wide = this.columns.length;
      const markdown = make("button", { type: "button", onclick: () => copied(markdown, this.markdown(i)) }, "copy as Markdown");
      const link = make("button", { type: "button", onclick: () => copied(link, `${location.href.split("#")[0]}#${this.link(i)}`) }, "copy link");
      const acts = make("div", { class: "acts" }, markdown, link, make("span", { class: "sub" }, "query ", make("code", { dir: "auto" }, data.ids[i])));
      if (place === undefined) return make("tr", { class: "lists" }, make("td", { colspan: wide }, make("p", { class: "sub" }, "The lists of this query are not on this page; runs/ beside it holds them."), acts));
      const gains = new Map(data.gains[place]), first = new Map(this.ranked[0][place].map((d, rank) => [d, rank]));
      const sides = data.systems.map((name, s) => make("div", {}, make("h4", {}, make("bdi", {}, name), s === 0 ? " (baseline)" : "", " ", make("span", { class: "sub" }, plain(data.values[this.measure][s][i]))),
        this.ranked[s][place].length ? make("ol", {}, ...this.ranked[s][place].map((d, rank) => this.item(d, rank, gains, s ? first : null, this.score(s, place, rank)))) : make("p", { class: "sub" }, "no documents")));
      const seen = new Set(data.tops[place]);
      const missed = [...gains].filter(([d, gain]) => gain > 0 && !seen.has(d));
      const below = missed.length ? make("div", {}, make("h4", {}, "relevant, in no list's first ten"), make("ol", {}, ...missed.map(([d]) => this.item(d, null, gains, null, null)))) : null;
      return make("tr", { class: "lists" }, make("td", { colspan: wide }, make("div", { class: "sides" }, ...sides, below), acts));
    }

    item(d, rank, gains, first, score) {
      const [id, text] = this.data.documents[d], gain = gains.get(d), picture = this.data.pictures.documents[d];
      const [mark, said] = gain === undefined ? ["", "not judged"] : gain > 0 ? ["\u2714", `relevant, grade ${gain}`] : ["\u2716", "judged not relevant"];
      const before = first && first.get(d);
      const moved = !first ? null : before === undefined ? make("span", { class: "up" }, "new") : before === rank ? "=" : before > rank
        ? make("span", { class: "up" }, `\u25b2 ${before - rank}`) : make("span", { class: "down" }, `\u25bc ${rank - before}`);
      return make("li", { class: gain > 0 ? "right" : null }, make("span", { class: "rank" }, rank === null ? "" : String(rank + 1)), make("span", { title: said }, mark, make("span", { class: "hidden" }, said)),
        make("div", {}, picture ? make("img", { src: picture, alt: text || id }) : null, text ? make("p", { dir: "auto" }, text) : null, make("code", { class: "id", dir: "auto" }, id)),
        make("span", { class: "moved" }, moved, moved && score !== null ? make("br") : null, score));
    }

    score(s, place, rank) {  // packed as the first score and how far each next one falls
      const { data } = this, decimals = data.decimals[s], units = data.falls[s][place].slice(0, rank + 1).reduce((above, fall) => above - fall);
      const text = decimals >= 0 && decimals <= 8 ? (units / 10 ** decimals).toFixed(decimals) : String(Number((units / 10 ** decimals).toPrecision(4)));
      return text.replace("-", MINUS).replace(/^(\u2212?)0\./, "$1.");
    }

    markdown(i) {
      const { data } = this, place = this.list.get(i), safe = (text) => String(text).replace(/\s+/g, " ").replace(/[\\|`*_<>[\]]/g, "\\$&");
      const head = [`**${safe(data.queries[i] || data.ids[i])}** (${safe(data.ids[i])}, ${safe(data.collection)})`, "",
        `| system | ${safe(data.measures[this.measure])} |`, "|---|---|", ...data.systems.map((s, k) => `| ${safe(s)} | ${plain(data.values[this.measure][k][i])} |`)];
      if (place === undefined) return head.join("\n");
      const gains = new Map(data.gains[place]), cell = (d) => d === undefined ? "" : `${gains.get(d) > 0 ? "\u2714 " : ""}${safe(data.documents[d][1] || data.documents[d][0])}`;
      const rows = [...Array(Math.max(...this.ranked.map((lists) => lists[place].length))).keys()];
      return [...head, "", `| rank | ${data.systems.map(safe).join(" | ")} |`, `|---|${data.systems.map(() => "---|").join("")}`,
        ...rows.map((rank) => `| ${rank + 1} | ${this.ranked.map((lists) => cell(lists[place][rank])).join(" | ")} |`)].join("\n");
    }

    csv() {
      const { data } = this, quoted = (x) => `"${String(x).replace(/"/g, '""')}"`, values = data.values[this.measure];
      const number = (x) => (Math.trunc(x) / 1000).toFixed(3);
      const steady = (x) => (/^[=+\-@\t\r]/.test(x) ? `'${x}` : x);
      const lines = this.rows.map((i) => [quoted(steady(data.ids[i])), quoted(steady(data.queries[i])), ...values.map((row) => number(row[i]))].join(","));
      save("queries.csv", [["query_id", "query", ...data.systems].map((x) => quoted(steady(x))).join(","), ...lines].join("\n") + "\n");
    }

    walk(event) {
      const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!way || !event.target.classList.contains("ask")) return;
      const asks = [...this.body.querySelectorAll(".ask")], next = asks[asks.indexOf(event.target) + way];
      if (next) { event.preventDefault(); next.focus(); }
    }

    show(id) {
      const i = this.data.ids.indexOf(id);
      if (i < 0) { this.told.textContent = `No query has the id ${id}.`; return; }
      if (!this.rows.includes(i)) { this.search.value = ""; for (const select of this.tools.querySelectorAll("select")) select.selectedIndex = 0; Object.assign(this, { words: [], sought: "", outcome: "", slice: "", judged: "", measure: 0, system: Math.min(1, this.data.n_compared - 1) }); }
      this.opened.add(i); this.shown = Math.max(STEP, this.chosen().indexOf(i) + 1); this.fill();
      const row = this.body.querySelector(`tr[data-query="${i}"]`);
      row.scrollIntoView(); row.querySelector(".ask").focus({ preventScroll: true });
    }
  }

  const tables = new Map();
  const opened = (details) => {
    if (!tables.has(details.id)) {
      const box = details.querySelector(".filled");
      box.textContent = "\u2026";
      tables.set(details.id, unpack(details.dataset.from).then((data) => new Table(box, data)).catch(() => {
        box.textContent = "This browser cannot unpack the table; scores.csv beside this page holds every value, runs/ every list.";
        return null;
      }));
    }
    return tables.get(details.id);
  };
  for (const details of document.querySelectorAll("details.queries")) details.addEventListener("toggle", () => { if (details.open) opened(details); });
  const follow = async () => {
    const [, id, query] = location.hash.match(/^#(q\d+)\/(.+)$/) ?? [], details = id && document.getElementById(id);
    if (!details) return;
    details.open = true;
    const table = await opened(details);
    if (table) table.show(decodeURIComponent(query));
  };
  addEventListener("hashchange", follow);
  follow();
})();
