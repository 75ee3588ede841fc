// Browses questions: filters, search, sorting, keyboard, and one question in full. DataTables draws the table.
// Texts of questions and answers reach the page as text nodes only: they may hold HTML and scripts.
const $ = window.packed.jQuery;
const byId = (id) => document.getElementById(id);
const data = JSON.parse(byId("data").textContent);

function element(kind, text, className = "") {
  const made = document.createElement(kind);
  made.textContent = text;
  made.className = className;
  return made;
}
function block(label, text) {
  const part = document.createElement("div");
  part.append(element("h3", label), element("pre", text));
  return part;
}
function sideBySide(...parts) {
  const made = element("div", "", "columns");
  made.append(...parts);
  return made;
}

const line = (text) => String(text ?? "").slice(0, 300).replace(/\s+/g, " ").trim();
const escaped = $.fn.dataTable.render.text().display;
const column = (title, field, width, className = "") => ({
  title, data: field, width, className, type: "string", searchable: false,
  render: { display: (value) => escaped(line(value)), _: (value) => value ?? "" },
});
const number = (title, field, width, shown = (value) => value.toFixed(3)) => ({
  title, data: field, width, className: "dt-right", searchable: false,
  render: { display: (value) => (value === null ? "–" : shown(value)), sort: (value) => value ?? 9, _: (value) => value },
});

// `rows` have the fields that `columns`, the selects (data-field) and the boxes (data-only) name; `textOf` is what is searched.
function browse({ rows, columns, sortedBy, textOf, show, keys = {} }) {
  const state = { search: "", fields: {}, only: new Set() };
  const selects = [...document.querySelectorAll("#filters select")];
  const boxes = [...document.querySelectorAll("#filters input[type=checkbox]")];
  const all = "\u0000";

  function matches(row) {
    for (const field in state.fields) if (String(row[field]) !== state.fields[field]) return false;
    for (const flag of state.only) if (!row[flag]) return false;
    return !state.search || (row.text ??= textOf(row).toLowerCase()).includes(state.search);
  }

  const table = $("#questions").DataTable({
    data: rows, columns, deferRender: true, autoWidth: false, order: [], pageLength: 25, lengthMenu: [25, 100, 500],
    layout: { topStart: null, topEnd: null, bottomStart: "pageLength", bottomEnd: "paging" },
    language: { emptyTable: "no questions", zeroRecords: "no question is of that kind", lengthMenu: "_MENU_ a page" },
  });
  table.search.fixed("ours", (text, row) => matches(row));

  // Beside an open question, or on a narrow screen, the widest columns make room.
  const narrow = window.matchMedia("(max-width: 1000px)");
  function fit() {
    table.columns(".wide").visible(!narrow.matches && !byId("browser").classList.contains("open"), false);
  }
  narrow.addEventListener("change", fit);

  let chosen = null;
  const inOrder = () => table.rows({ search: "applied", order: "applied" }).indexes().toArray();
  function redraw() {
    table.draw();
    const count = table.rows({ search: "applied" }).count();
    byId("found").textContent = `${count.toLocaleString("en")} of ${rows.length.toLocaleString("en")} questions`;
  }
  function mark(on) {
    if (chosen !== null) table.row(chosen).node()?.classList.toggle("chosen", on);
  }
  function choose(index) {
    mark(false);
    chosen = index;
    const place = inOrder().indexOf(index);
    if (place < 0) return;
    const page = Math.floor(place / table.page.len());
    if (page !== table.page()) table.page(page).draw("page");
    mark(true);
    byId("detail").replaceChildren(...show(rows[index]));
    byId("browser").classList.add("open");
    fit();
    byId("detail").scrollTop = 0;
    table.row(index).node().scrollIntoView({ block: "nearest" });
    history.replaceState(null, "", `#${rows[index].id}`);
  }
  function step(by) {
    const order = inOrder();
    if (!order.length) return;
    const place = order.indexOf(chosen);
    choose(order[place < 0 ? 0 : Math.min(order.length - 1, Math.max(0, place + by))]);
  }
  function close() {
    mark(false);
    chosen = null;
    byId("detail").replaceChildren();
    byId("browser").classList.remove("open");
    fit();
  }
  function setField(field, value) {
    if (value === all) delete state.fields[field];
    else state.fields[field] = value;
    redraw();
  }

  for (const select of selects) {
    const values = [...new Set(rows.map((row) => String(row[select.dataset.field])))];
    if (select.dataset.field !== "task_name") values.sort();
    select.append(new Option("all", all), ...values.map((value) => new Option(value === "null" ? "none" : value, value)));
    select.addEventListener("change", () => setField(select.dataset.field, select.value));
  }
  for (const box of boxes) {
    const count = rows.reduce((sum, row) => sum + Boolean(row[box.dataset.only]), 0);
    box.parentElement.append(` (${count.toLocaleString("en")})`);
    box.parentElement.classList.toggle("none", count === 0);
    box.disabled = count === 0;
    box.addEventListener("change", () => { state.only[box.checked ? "add" : "delete"](box.dataset.only); redraw(); });
  }
  byId("search").addEventListener("input", (event) => { state.search = event.target.value.toLowerCase(); redraw(); });
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("clear").addEventListener("click", () => {
    byId("filters").reset();
    Object.assign(state, { search: "", fields: {}, only: new Set() });
    redraw();
  });
  for (const row of document.querySelectorAll("tr.choosable"))
    row.addEventListener("click", () => {
      const name = data.tasks[row.dataset.task];
      document.querySelector("#filters select[data-field=task_name]").value = name;
      setField("task_name", name);
      byId("filters").scrollIntoView();
    });
  $("#questions").on("click", "tbody tr", (event) => {
    const index = table.row(event.currentTarget).index();
    if (index !== undefined) choose(index);
  });
  table.on("draw", () => mark(true));

  let descending = true;
  const bound = {
    ...keys, j: () => step(1), k: () => step(-1), "/": () => byId("search").focus(),
    s: () => { descending = !descending; table.order([columns.findIndex(({ data }) => data === sortedBy), descending ? "desc" : "asc"]); redraw(); },
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName) && event.target.type !== "checkbox";
    if (event.key === "Escape") return typing ? event.target.blur() : close();
    if (typing || !bound[event.key]) return;
    event.preventDefault();
    bound[event.key]();
  });

  fit();
  redraw();
  const asked = rows.findIndex((row) => String(row.id) === location.hash.slice(1));
  if (asked >= 0) choose(asked);
  document.body.dataset.ready = "yes";
}
