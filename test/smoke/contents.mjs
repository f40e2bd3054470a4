// What has been packed, told from its files: of `npm pack --json`, and as they are in the repository from which they were packed.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { expect } from './harness.mjs';

const packed =
  /^(dist\/(esm|cjs)\/.+\.(js|d\.ts)|dist\/cjs\/package\.json|package\.json|README\.md|CHANGELOG\.md|LICENSE)$/;
const required = ['package.json', 'README.md', 'CHANGELOG.md', 'LICENSE', 'dist/cjs/package.json'];

/** @param {string} root the repository @param {{ path: string, mode: number }[]} files */
export function contentsOf(root, files) {
  const paths = files.map(({ path }) => path);
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const read = (path) => readFileSync(join(root, path), 'utf8');

  return {
    /** What is built, and the four documents; no tests, no sources. */
    checkNames() {
      const strangers = paths.filter((path) => !packed.test(path) || /\.(spec|test)\.|(^|\/)test\//.test(path));
      expect(strangers.length === 0, `not expected: ${strangers.join(', ')}`);
      const missing = [...required, ...targets(manifest.exports)].filter((path) => !paths.includes(path));
      expect(missing.length === 0, `expected, but not packed: ${missing.join(', ')}`);
      return `${paths.length} files`;
    },

    /** A map that is named is packed, with the sources that it names. */
    checkSourceMaps() {
      for (const path of paths.filter((path) => /\.(js|d\.ts)$/.test(path))) {
        const [, map] = /^\/\/# sourceMappingURL=(.*)$/m.exec(read(path)) ?? [];
        expect(map === undefined || paths.includes(inFolderOf(path, map)), `${path} names ${map}, which is not packed`);
      }
      for (const path of paths.filter((path) => path.endsWith('.map'))) {
        const { sources, sourcesContent } = JSON.parse(read(path));
        const missing = sourcesContent ? [] : sources.filter((source) => !paths.includes(inFolderOf(path, source)));
        expect(missing.length === 0, `${path} names ${missing.join(', ')}, which are not packed`);
      }
    },

    /** The commands can be run as they are. Windows knows no such mode. */
    checkCommands() {
      const commands = Object.values(manifest.bin).map(plain);
      for (const command of commands) {
        const file = files.find(({ path }) => path === command);
        expect(file, `${command} is not packed`);
        expect(read(command).startsWith('#!/usr/bin/env node\n'), `${command} does not begin with #!/usr/bin/env node`);
        const isExecutable = process.platform === 'win32' || (file.mode & 0o111) === 0o111;
        expect(isExecutable, `${command} is not executable: ${file.mode.toString(8)}`);
      }
      return commands.join(', ');
    },

    /** An application that has none of the optional packages installed compiles with the main entry point. */
    checkDeclarations() {
      const optional = Object.keys(manifest.peerDependenciesMeta).filter(
        (name) => manifest.peerDependenciesMeta[name].optional,
      );
      const imports = ['import', 'require'].flatMap((way) => declaredImports(plain(manifest.exports['.'][way].types)));
      const leaked = imports.filter(({ name }) =>
        optional.some((peer) => name === peer || name.startsWith(`${peer}/`)),
      );
      expect(
        optional.length > 0 && imports.length > 100,
        `found ${imports.length} imports of ${optional.length} peers`,
      );
      expect(leaked.length === 0, leaked.map(({ from, name }) => `${from} imports ${name}`).join('\n'));
      return `${optional.length} optional peers`;
    },
  };

  /** What a declaration and all that it imports import. @returns {{ from: string, name: string }[]} */
  function declaredImports(path, seen = new Set()) {
    if (seen.has(path)) return [];
    seen.add(path);
    const { importedFiles, typeReferenceDirectives } = ts.preProcessFile(read(path));
    return [...importedFiles, ...typeReferenceDirectives].flatMap(({ fileName: name }) => {
      const further = name.startsWith('.')
        ? declaredImports(inFolderOf(path, name).replace(/\.js$/, '.d.ts'), seen)
        : [];
      return [{ from: path, name }, ...further];
    });
  }
}

function targets(exports) {
  return typeof exports === 'string' ? [plain(exports)] : Object.values(exports).flatMap(targets);
}

/** `dist/index.js` of `./dist/index.js`: as npm lists it. */
function plain(path) {
  return path.replace(/^\.\//, '');
}

function inFolderOf(path, relative) {
  return new URL(relative, `file:///${path}`).pathname.slice(1);
}
