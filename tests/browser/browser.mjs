// What both tests of the documentation need: a browser, and axe-core in it.

import { readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import puppeteer from "puppeteer-core";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Starts Chromium, or says that it is not there. */
export async function browserOf() {
  const chromium = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
    .find((path) => path && existsSync(path));
  if (!chromium) {
    console.error("Chromium is not installed (`apt-get install chromium`, or CHROMIUM=/path/to/it): the site was not tested.");
    process.exit(2);
  }
  return puppeteer.launch({ executablePath: chromium, args: ["--no-sandbox"] });
}

/** axe runs beside the page, not in it: the page's own policy lets no foreign script in. What it finds goes to `wrong`. */
export async function inspect(page, name, wrong) {
  const { width } = page.viewport();
  const wide = await page.evaluate(() => document.documentElement.scrollWidth);
  if (wide > width) wrong.push(`${name}: scrolls sideways (${wide} px on ${width})`);
  const session = await page.createCDPSession();
  const { frameTree } = await session.send("Page.getFrameTree");
  const { executionContextId: contextId } = await session.send("Page.createIsolatedWorld", { frameId: frameTree.frame.id });
  const run = (expression) => session.send("Runtime.evaluate", { expression, contextId, awaitPromise: true, returnByValue: true });
  await run(axe);
  const { result, exceptionDetails } = await run("axe.run(document, { preload: false, resultTypes: ['violations'] }).then((found) => found.passes.length < 10 ? ['axe looked at nothing'] : found.violations.map((rule) => rule.id + ': ' + rule.help + ' ' + rule.nodes.slice(0, 3).map((node) => node.target + ' ' + (node.any[0]?.message ?? '')).join(' | ')))");
  if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
  for (const violation of result.value) wrong.push(`${name}: ${violation}`);
  await session.detach();
}
