// node parse.mjs FILE...: reads flowcharts with the real Mermaid, and prints what it
// refuses, and what labels it read, as JSON.
import fs from 'node:fs';
import path from 'node:path';
import {createRequire} from 'node:module';
import {pathToFileURL} from 'node:url';

const require = createRequire(path.join(process.env.BROWSER_MODULES, 'x.js'));
const load = name => import(pathToFileURL(require.resolve(name)));
const {JSDOM} = await load('jsdom');
const dom = new JSDOM('<!DOCTYPE html><body></body>');
globalThis.window = dom.window;
globalThis.document = dom.window.document;
const mermaid = (await load('mermaid')).default;
const wrong = [];
for (const file of process.argv.slice(2)) {
  try {
    const text = fs.readFileSync(file, 'utf8');
    const {diagramType, config} = await mermaid.parse(text);
    if (!diagramType.startsWith('flowchart') || Object.keys(config).length) wrong.push(`${path.basename(file)}: read as ${diagramType}, configured by ${JSON.stringify(config)}`);
    const read = (await mermaid.mermaidAPI.getDiagramFromText(text)).db.getVertices();
    const written = (text.match(/^ +\w+(\[|\(\[)"/gm) || []).length;
    if (read.size !== written) wrong.push(`${path.basename(file)}: ${written} boxes were written, ${read.size} read`);
  } catch (e) {
    wrong.push(`${path.basename(file)}: ${String(e).slice(0, 400)}`);
  }
}
console.log(JSON.stringify(wrong));
process.exit(0);
