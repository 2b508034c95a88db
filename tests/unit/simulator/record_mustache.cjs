// Records in mustache.json what mustache.js makes of each template and view there:
//
//   npm install --prefix DIR mustache@4.2.0 && NODE_PATH=DIR/node_modules node record_mustache.cjs
//
// A case is an object with `template`, `view` (JSON, as text) and either `text` or `error`.

const fs = require("node:fs");
const path = require("node:path");
const mustache = require("mustache");

const file = path.join(__dirname, "mustache.json");

function record({ template, view }) {
  try {
    return { template, view, text: mustache.render(template, JSON.parse(view)) };
  } catch (error) {
    return { template, view, error: error.message };
  }
}

function line(value) {
  const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  return `  ${JSON.stringify(value).replace(/[^ -~]/g, escaped)}`;
}

const cases = JSON.parse(fs.readFileSync(file, "utf8")).map(record);
fs.writeFileSync(file, `[\n${cases.map(line).join(",\n")}\n]\n`);
