// Opens a generated site in a real browser, from disk: `node site.mjs FOLDER [SCREENSHOTS]`.
//
// What a reader does: opens the index, searches, filters, sorts, follows links to a verified and a refuted integration, the
// semantics and the map, in light and dark, on a desktop and on a phone, with and without JavaScript. It fails on a console error,
// on a request that leaves the disk, on a page that scrolls sideways, and on what axe-core finds.

import { existsSync, mkdirSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import assert from "node:assert/strict";
import { browserOf, inspect } from "./browser.mjs";

const [folder, pictures] = process.argv.slice(2).map((path) => resolve(path));
if (!folder || !existsSync(`${folder}/index.html`)) throw new Error("usage: node site.mjs FOLDER [SCREENSHOTS]");
if (pictures) mkdirSync(pictures, { recursive: true });

const browser = await browserOf();
const wrong = [];

/** A page that notes what goes wrong on it. */
async function open({ width = 1280, scheme = "light", script = true } = {}) {
  const page = await browser.newPage();
  const say = (what) => wrong.push(`${page.url()} (${width} px, ${scheme}): ${what}`);
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && say(message.text()));
  page.on("pageerror", (error) => say(error.message));
  page.on("request", (request) => /^(file|data):/.test(request.url()) || say(`asks for ${request.url()}`));
  page.on("requestfailed", (request) => say(`cannot load ${request.url()}`));
  await page.setJavaScriptEnabled(script);
  await page.setViewport({ width, height: 900 });
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  return page;
}

const at = (address) => {
  const [path, part] = address.split("#");
  return pathToFileURL(`${folder}/${path}`).href + (part ? `#${part}` : "");
};
const shown = (page) => page.$$eval("#units tbody tr", (rows) => rows.filter((row) => row.offsetParent).map((row) => row.cells[0].textContent));

/** The addresses of what there is to look at, found as a reader would find them. */
async function pages() {
  const page = await open();
  await page.goto(at("index.html"));
  const first = (verdict) => page.$eval(`tr[data-verdict=${verdict}][data-owner] th a, tr[data-verdict=${verdict}] th a`, (link) => link.getAttribute("href"));
  const found = ["index.html", await first("verified"), await first("refuted"), "semantics.html", "glossary.html", "rules.html", "rules/dedup-race.html"];
  if (existsSync(`${folder}/map.html`)) found.push("map.html");
  await page.close();
  return found;
}

async function looks() {
  for (const path of await pages()) {
    for (const scheme of ["light", "dark"]) {
      for (const width of [1280, 390]) {
        const page = await open({ width, scheme });
        await page.goto(at(path));
        await page.$$eval("details", (all) => all.forEach((one) => { one.open = true; }));
        const name = `${path.replace(/.*\//, "").replace(".html", "")}-${scheme}-${width}`;
        await inspect(page, name, wrong);
        if (pictures) await page.screenshot({ path: `${pictures}/${name}.png`, fullPage: true });
        await page.close();
      }
    }
  }
}

async function index() {
  const page = await open();
  await page.goto(at("index.html"));
  const all = await shown(page);
  assert.ok(all.length > 2, "there are integrations");

  await page.type("input[type=search]", all[1].toUpperCase());
  assert.ok((await shown(page)).includes(all[1]), "a search does not care about capitals");
  assert.ok((await shown(page)).length < all.length, "a search narrows the list down");
  assert.match(await page.$eval("#shown", (line) => line.textContent), /\d/);
  await page.$eval("input[type=search]", (field) => { field.value = "nothing is called this"; field.form.dispatchEvent(new Event("input")); });
  assert.deepEqual(await shown(page), []);
  assert.ok(await page.$eval("#nothing", (line) => !line.hidden), "an empty list says so");

  await page.goto(at("index.html#verdict=refuted"));
  await page.reload();
  const refuted = await shown(page);
  assert.ok(refuted.length > 0 && refuted.length < all.length, "an address can carry a filter");
  await page.select("select[name=verdict]", "");
  assert.equal((await shown(page)).length, all.length);
  for (const name of ["verdict", "semantic", "transport", "criticality", "owner"]) {
    const values = await page.$$eval(`select[name=${name}] option`, (options) => options.map((option) => option.value).filter(Boolean));
    const counted = [];
    for (const value of values) {
      await page.select(`select[name=${name}]`, value);
      const kept = await page.$$eval("#units tbody tr", (rows, name) => rows.filter((row) => row.offsetParent).map((row) => row.dataset[name]), name);
      assert.ok(kept.every((found) => found === value), `${name}=${value} keeps only what has it`);
      assert.match(page.url(), new RegExp(`#${name}=`), "the address says what was chosen");
      counted.push(kept.length);
    }
    const having = await page.$$eval("#units tbody tr", (rows, name) => rows.filter((row) => row.dataset[name]).length, name);
    assert.equal(counted.reduce((a, b) => a + b, 0), having, `${name}: every row has its value`);
    assert.ok(values.length > 1, name);
    await page.select(`select[name=${name}]`, "");
  }

  const sorts = () => page.click("#units thead th:first-child button");
  await sorts();
  assert.equal(await page.$eval("#units thead th", (cell) => cell.ariaSort), "ascending");
  await sorts();
  const down = await shown(page);
  assert.deepEqual(down, down.toSorted((a, b) => b.localeCompare(a)), "a column sorts");
  for (let column = 2; column <= 6; column++) {
    await page.click(`#units thead th:nth-child(${column}) button`);
    const cells = await page.$$eval("#units tbody tr", (rows, column) => rows.map((row) => row.cells[column - 1].textContent.trim()), column);
    assert.deepEqual(cells, cells.toSorted((a, b) => a.localeCompare(b)), `column ${column} sorts`);
  }
  await sorts();

  await page.focus("#units tbody th a");
  await Promise.all([page.waitForNavigation(), page.keyboard.press("Enter")]);
  assert.match(page.url(), /integrations\//, "the keyboard is enough to get there");
  await Promise.all([page.waitForNavigation(), page.click(".crumbs a")]);
  assert.match(page.url(), /index\.html/);
  await page.close();
}

async function map() {
  const page = await open();
  await page.goto(at("map.html"));
  const drawn = await page.$$eval("svg.map a", (links) => links.map((link) => link.getAttribute("href")));
  const told = await page.$$eval(".ways a[href^=integrations]", (links) => links.map((link) => link.getAttribute("href")));
  assert.ok(drawn.length > 1, "who feeds whom is drawn");
  assert.deepEqual([...new Set(drawn)].toSorted(), [...new Set(told)].toSorted(), "the text says what the picture says");
  assert.ok(await page.$("svg.map .p-weakest"), "the weakest link is marked");
  assert.match(await page.$eval("svg.map .p-note", (text) => text.textContent), /./, "what holds from end to end is said");
  const outside = await page.$$eval("svg.map", (pictures) => pictures.filter((picture) => {
    const frame = picture.getBoundingClientRect();
    return [...picture.querySelectorAll("rect, text")].some((part) => {
      const box = part.getBoundingClientRect();
      return box.left < frame.left - 1 || box.right > frame.right + 1 || box.top < frame.top - 1 || box.bottom > frame.bottom + 1;
    });
  }).length);
  assert.equal(outside, 0, "nothing is cut off");
  await Promise.all([page.waitForNavigation(), page.click("svg.map a rect")]);
  assert.match(page.url(), /integrations\//, "a box leads to its page");
  await page.close();
}

/** Where links lead: to the web, or to something that is there. */
async function links() {
  const page = await open();
  for (const path of await pages()) {
    await page.goto(at(path));
    const targets = await page.$$eval("a[href]", (all) => all.map((link) => link.href.baseVal ?? link.href));
    for (const target of targets) {
      const url = new URL(target, page.url());
      if (!["http:", "https:", "file:"].includes(url.protocol)) wrong.push(`${path}: leads to ${target}`);
      if (url.protocol === "file:" && !existsSync(decodeURIComponent(url.pathname))) wrong.push(`${path}: ${target} is not there`);
    }
  }
  await page.close();
}

async function tree() {
  const page = await open({ script: false });
  await page.goto(at("semantics.html#tree"));
  const ends = await page.$$(".tree .result a");
  assert.ok(ends.length >= 6, "every semantic is an end of the tree");
  await page.click(".tree > details > summary");
  await page.click(".tree > details[open] > details > summary");
  await page.close();
}

/** On paper there is no navigation, and nothing is folded or cut off. */
async function print() {
  const page = await open();
  for (const path of await pages()) {
    await page.goto(at(path));
    await page.emulateMediaType("print");
    const shown = await page.$$eval(".top, .toc, .filter, .crumbs", (parts) => parts.filter((part) => part.offsetParent).length);
    assert.equal(shown, 0, `${path}: what only a screen needs is not printed`);
    const pdf = await page.pdf({ format: "A4" });
    assert.ok(pdf.length > 5000, `${path} prints`);
  }
  await page.close();
}

async function withoutScript() {
  const page = await open({ script: false });
  await page.goto(at("index.html"));
  const found = await page.$$("#units tbody tr");
  assert.ok(found.length > 2, "the list is there without JavaScript");
  assert.equal(await page.$eval("#filter", (form) => getComputedStyle(form).display), "none", "what cannot work is not shown");
  await page.close();
}

try {
  for (const part of [index, map, links, tree, print, withoutScript, looks]) {
    const before = wrong.length;
    await part();
    console.log(`${wrong.length === before ? "ok    " : "FAILED"} ${part.name}`);
  }
} finally {
  await browser.close();
}
if (wrong.length > 0) {
  console.error([...new Set(wrong)].join("\n"));
  process.exit(1);
}
