// Run inside an application: loads every entry point and every file of the installed package, by `import` or by
// `require` (but the commands, which would run), and prints what the entry points export. kafkajs has names that only `require` gives; a wrong import of one
// shows nowhere but here.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import 'reflect-metadata';

const [way] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const manifestFile = require.resolve('@things-kit/nestjs-kafka/package.json');
const { name, exports, bin } = JSON.parse(readFileSync(manifestFile, 'utf8'));

const load = way === 'require' ? require : (id) => import(id);
const loadFile = way === 'require' ? require : (file) => import(pathToFileURL(file));

const exported = {};
for (const [path, conditions] of Object.entries(exports)) {
  if (typeof conditions === 'object') exported[path] = namesOf(await load(name + path.slice(1)));
}
const folder = join(dirname(manifestFile), 'dist', way === 'require' ? 'cjs' : 'esm');
const commands = Object.values(bin).map((file) => file.replace(/^\.\/dist\/esm\//, ''));
const files = readdirSync(folder, { recursive: true }).filter(
  (file) => file.endsWith('.js') && !commands.includes(file),
);
for (const file of files) await loadFile(join(folder, file));
console.log(JSON.stringify(exported));

function namesOf(module) {
  const names = Object.keys(module).filter((key) => key !== 'default' && key !== 'module.exports');
  const missing = names.filter((key) => module[key] === undefined);
  if (missing.length > 0) throw new Error(`exported but undefined: ${missing.join(', ')}`);
  return names.sort();
}
