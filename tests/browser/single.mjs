// Opens the documentation in one file in a real browser, from disk: `node single.mjs FILE`.
//
// A reader sees the index, follows links between pages, and goes back; with and without JavaScript. It fails on a console error, which
// is also what a script or a style sheet that the page's policy keeps out would leave, and on what axe-core finds.

import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import assert from "node:assert/strict";
import { browserOf, inspect } from "./browser.mjs";

const file = resolve(process.argv[2] ?? "");
if (!existsSync(file)) throw new Error("usage: node single.mjs FILE");
const browser = await browserOf();
const wrong = [];

async function open(part, script = true) {
  const page = await browser.newPage();
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && wrong.push(message.text()));
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("request", (request) => /^(file|data):/.test(request.url()) || wrong.push(`asks for ${request.url()}`));
  await page.setJavaScriptEnabled(script);
  await page.setViewport({ width: 1280, height: 900 });
  await page.goto(pathToFileURL(file).href + part);
  return page;
}

const visible = (page) => page.$$eval(".page", (pages) => pages.filter((one) => one.offsetParent).map((one) => one.id));

async function reads(script) {
  const page = await open("", script);
  assert.deepEqual(await visible(page), ["index.html"], "the index comes first, alone");
  await page.click("#units tbody tr[data-verdict=refuted] th a");
  const [shown, ...more] = await visible(page);
  assert.match(shown, /^integrations\//);
  assert.deepEqual(more, [], "one page at a time");
  await page.click(".page:target .card a[href^='#rules/']");
  assert.match((await visible(page))[0], /^rules\//);
  await page.goBack();
  assert.deepEqual(await visible(page), [shown], "there is a way back");
  await page.click("header a[href='#map.html']");
  assert.deepEqual(await visible(page), ["map.html"]);
  await page.close();
}

try {
  await reads(true);
  await reads(false);
  const inside = await open("#semantics.html--tree");
  assert.deepEqual(await visible(inside), ["semantics.html"], "a link into a page shows that page");
  await inspect(inside, "single, semantics", wrong);
  const index = await open("#verdict=refuted");
  assert.deepEqual(await visible(index), ["index.html"]);
  const rows = await index.$$eval("#units tbody tr", (rows) => rows.filter((row) => row.offsetParent).map((row) => row.dataset.verdict));
  assert.ok(rows.length > 0 && rows.every((verdict) => verdict === "refuted"), "the script was let in");
  await inspect(index, "single, index", wrong);
  console.log("ok     one file");
} finally {
  await browser.close();
}
if (wrong.length > 0) {
  console.error([...new Set(wrong)].join("\n"));
  process.exit(1);
}
