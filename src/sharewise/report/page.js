// Sorts a table by a column at a click on its heading; without JavaScript the tables stand as they are.
"use strict";

function key(row, index) {
  const cell = row.cells[index];
  return cell.dataset.sort === undefined ? cell.textContent.trim() : Number(cell.dataset.sort);
}

function compare(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a === "number") return -1;
  if (typeof b === "number") return 1;
  return a.localeCompare(b, undefined, { numeric: true });
}

function sort(table, index) {
  const headings = table.tHead.rows[0].cells;
  const descending = headings[index].getAttribute("aria-sort") === "ascending";
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const empty = (row) => row.cells[index].classList.contains("none");
  rows.sort((a, b) => {
    if (empty(a) || empty(b)) return Number(empty(a)) - Number(empty(b));
    return (descending ? -1 : 1) * compare(key(a, index), key(b, index));
  });
  body.append(...rows);
  for (const heading of headings) heading.removeAttribute("aria-sort");
  headings[index].setAttribute("aria-sort", descending ? "descending" : "ascending");
}

for (const table of document.querySelectorAll("table")) {
  Array.from(table.tHead.rows[0].cells).forEach((heading, index) => {
    const button = document.createElement("button");
    button.type = "button";
    button.title = "Sort by this column";
    button.append(...heading.childNodes);
    button.addEventListener("click", () => sort(table, index));
    heading.append(button);
  });
}

// A printed page shows what is folded, but for detail that only a screen is fit for.
let folded = [];
addEventListener("beforeprint", () => {
  folded = Array.from(document.querySelectorAll("details:not([open], .unprinted)"));
  for (const details of folded) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of folded) details.open = false;
});
