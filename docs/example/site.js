"use strict";
/* The index: search, filters, sorting. Everything else works without. */
(function () {
  var table = document.getElementById("units"), form = document.getElementById("filter");
  if (!table || !form) return;
  var body = table.tBodies[0], rows = Array.from(body.rows), fields = Array.from(form.elements);
  var words = rows.map(function (row) { return row.textContent.toLowerCase(); });
  var nothing = document.getElementById("nothing"), shown = document.getElementById("shown");
  document.documentElement.classList.add("scripted");

  function fits(row, index) {
    return fields.every(function (field) {
      if (!field.value) return true;
      if (field.type !== "search") return row.dataset[field.name] === field.value;
      return field.value.toLowerCase().split(/\s+/).every(function (word) { return words[index].includes(word); });
    });
  }

  function filter() {
    var count = 0;
    rows.forEach(function (row, index) {
      var visible = fits(row, index);
      if (row.hidden === visible) row.hidden = !visible;
      count += visible;
    });
    nothing.hidden = count > 0;
    shown.textContent = shown.dataset.of.replace("{}", count).replace("{}", rows.length);
  }

  /* The choice is part of the address, so that it can be sent to somebody. */
  function keep() {
    var chosen = fields.filter(function (field) { return field.value; }).map(function (field) {
      return field.name + "=" + encodeURIComponent(field.value);
    });
    try { history.replaceState(null, "", chosen.length ? "#" + chosen.join("&") : location.pathname); } catch (_) { /* not from disk */ }
  }

  function restore() {
    new URLSearchParams(location.hash.slice(1)).forEach(function (value, name) {
      var field = fields.find(function (field) { return field.name === name; });
      if (field) field.value = value;
      if (field && field.value !== value) field.value = "";
    });
    filter();
  }

  function sort(column, header) {
    var down = header.getAttribute("aria-sort") === "ascending";
    var order = rows.map(function (row, index) { return [row, words[index], row.cells[column].textContent.trim()]; });
    Array.from(table.tHead.rows[0].cells).forEach(function (cell) { cell.removeAttribute("aria-sort"); });
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    order.sort(function (a, b) { return (down ? -1 : 1) * a[2].localeCompare(b[2]); });
    rows = order.map(function (entry) { return entry[0]; });
    words = order.map(function (entry) { return entry[1]; });
    body.append.apply(body, rows);
  }

  Array.from(table.tHead.rows[0].cells).forEach(function (header, column) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    button.addEventListener("click", function () { sort(column, header); });
    header.replaceChildren(button);
  });
  form.addEventListener("submit", function (event) { event.preventDefault(); });
  form.addEventListener("input", function () { filter(); keep(); });
  window.addEventListener("hashchange", restore);
  restore();
})();
