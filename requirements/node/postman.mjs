// Makes the Postman collection of the contract: node postman.mjs openapi.json postman.json
// Equal contracts make equal files: what the converter would invent (ids, values) becomes variables or goes away.
import { readFileSync, writeFileSync } from "node:fs";
import converter from "openapi-to-postmanv2";

const OPTIONS = { folderStrategy: "Tags", parametersResolution: "Example", includeAuthInfoInExample: false,
  enableOptionalParameters: false, alwaysInheritAuthentication: true };

const [contractPath, collectionPath] = process.argv.slice(2);
const contract = JSON.parse(readFileSync(contractPath, "utf8"));
for (const parameter of parametersOf(contract)) {
  parameter.example ??= parameter.schema?.default ?? parameter.schema?.minimum ?? `{{${parameter.name}}}`;
}
const collection = await convert(contract);
const variables = new Set(["basicAuthUsername", "basicAuthPassword"]);
collection.item = collection.item.filter((folder) => folder.item.length > 0);
tidy(collection);
collection.variable = collection.variable.filter(({ key }) => key === "baseUrl");
collection.variable.push(...[...variables].sort().map((key) => ({ key, value: "" })));
writeFileSync(collectionPath, `${JSON.stringify(collection, null, 1)}\n`);

function* parametersOf({ paths, components }) {
  yield* Object.values(components.parameters);
  for (const item of Object.values(paths)) {
    yield* item.parameters ?? [];
    for (const operation of Object.values(item)) yield* operation.parameters ?? [];
  }
}

function convert(data) {
  return new Promise((resolve, reject) => {
    converter.convertV2({ type: "json", data }, OPTIONS, (error, result) => {
      if (error || !result.result) reject(error ?? new Error(result.reason));
      else resolve(result.output[0].data);
    });
  });
}

function tidy(node) {
  if (node === null || typeof node !== "object") return;
  delete node._postman_id;
  if ("request" in node || "originalRequest" in node) delete node.id;
  if (node.host?.[0] === "{{baseUrl}}") nameIds(node);
  if (node.method && node.body?.raw) node.body.raw = namedIds(node.body.raw);
  for (const value of Object.values(node)) {
    if (typeof value === "string") for (const [, name] of value.matchAll(/\{\{(\w+)\}\}/g)) variables.add(name);
    tidy(value);
  }
  variables.delete("baseUrl");
}

// `/v1/accounts/:id` asks for an account's id: {{account_id}}.
function nameIds(url) {
  for (const variable of url.variable ?? []) {
    const owner = url.path[url.path.indexOf(`:${variable.key}`) - 1];
    if (variable.key === "id") variable.value = `{{${owner.replaceAll("-", "_").replace(/s$/, "")}_id}}`;
  }
}

// A body's example ids are nobody's: "account_id": "{{account_id}}". Those of work platforms are everybody's, and stay.
function namedIds(body) {
  return body.replace(/("(?!work_platform)(\w+_id)": ")[0-9a-f]{8}-[0-9a-f-]{27}"/g, '$1{{$2}}"');
}
