"use strict";
(function () {
  var table = document.getElementById("units"), body = table.tBodies[0], rows = Array.from(body.rows);
  var fields = ["words", "verdict", "declared"].map(function (id) { return document.getElementById(id); });
  document.documentElement.classList.add("scripted");

  function filter() {
    var words = fields[0].value.toLowerCase().split(/\s+/), shown = 0;
    rows.forEach(function (row) {
      var fits = words.every(function (word) { return row.dataset.words.includes(word); }) &&
        (!fields[1].value || row.dataset.verdict === fields[1].value) &&
        (!fields[2].value || row.dataset.declared === fields[2].value);
      row.hidden = !fits;
      shown += fits;
    });
    document.getElementById("nothing").hidden = shown > 0;
  }

  function sort(column, header) {
    var down = header.getAttribute("aria-sort") === "ascending";
    Array.from(table.tHead.rows[0].cells).forEach(function (cell) { cell.removeAttribute("aria-sort"); });
    header.setAttribute("aria-sort", down ? "descending" : "ascending");
    rows.sort(function (a, b) {
      var order = a.cells[column].textContent.trim().localeCompare(b.cells[column].textContent.trim());
      return down ? -order : order;
    });
    rows.forEach(function (row) { body.appendChild(row); });
  }

  Array.from(table.tHead.rows[0].cells).forEach(function (header, column) {
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    button.addEventListener("click", function () { sort(column, header); });
    header.replaceChildren(button);
  });
  document.getElementById("filter").addEventListener("submit", function (event) { event.preventDefault(); });
  fields.forEach(function (field) { field.addEventListener("input", filter); });
  filter();
})();
