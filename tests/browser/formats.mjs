// Holds the written documents against their schemas: `node formats.mjs JSON-FOLDER ASYNCAPI-FOLDER`.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import assert from "node:assert/strict";
import Ajv from "ajv";
import Ajv2020 from "ajv/dist/2020.js";
import formats from "ajv-formats";

const [json, asyncapi] = process.argv.slice(2).map((path) => resolve(path));
const read = async (path) => JSON.parse(await readFile(path, "utf8"));
const options = { strict: false, allErrors: true, validateFormats: true };

function hold(ajv, schema, document, name) {
  formats(ajv);
  const holds = ajv.compile(schema);
  assert.ok(holds(document), `${name}: ${JSON.stringify((holds.errors ?? []).slice(0, 5), null, 1)}`);
  console.log(`ok     ${name}`);
}

const ours = await read(`${json}/delivery.json`);
hold(new Ajv2020(options), await read(`${json}/delivery.schema.json`), ours, "delivery.json has its published schema");
assert.ok(ours.integrations.length > 2 && ours.integrations.some((unit) => unit.crashes.length > 2));
assert.throws(() => hold(new Ajv2020(options), { required: ["nothing has this"] }, ours, ""), "a schema can fail");

const official = createRequire(import.meta.url)("@asyncapi/specs").schemasWithoutId["3.0.0"];
const document = await read(`${asyncapi}/asyncapi.json`);
hold(new Ajv(options), official, document, "asyncapi.json has the official schema of AsyncAPI 3.0");
assert.ok(Object.values(document.operations).some((operation) => operation["x-delivery-verdict"] === "verified"));
