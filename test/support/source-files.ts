import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import ts from 'typescript';

export interface SourceFile {
  /** Relative to `lib`, with `/`. */
  path: string;

  /** What it imports or re-exports: a file of `lib` by its path, a package by its specifier. */
  imports: Import[];
  syntax: ts.SourceFile;
}

export interface Import {
  file?: string;
  package?: string;
}

const lib = new URL('../../lib/', import.meta.url);

/** All of `lib`, parsed. */
export function sourceFiles(): SourceFile[] {
  const paths = readdirSync(lib, { recursive: true, encoding: 'utf8' }).map((path) => path.replaceAll('\\', '/'));
  return paths.filter((path) => path.endsWith('.ts')).map(sourceFile);
}

function sourceFile(path: string): SourceFile {
  const syntax = ts.createSourceFile(path, readFileSync(new URL(path, lib), 'utf8'), ts.ScriptTarget.ES2022, true);
  return { path, syntax, imports: importsOf(path, syntax) };
}

function importsOf(path: string, syntax: ts.SourceFile): Import[] {
  const imports: Import[] = [];
  const add = (specifier: ts.Node | undefined): void => {
    if (specifier && ts.isStringLiteral(specifier)) imports.push(target(path, specifier.text));
  };
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) add(node.moduleSpecifier);
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) add(node.arguments[0]);
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal);
    ts.forEachChild(node, visit);
  };
  visit(syntax);
  return imports;
}

function target(from: string, specifier: string): Import {
  if (!specifier.startsWith('.')) return { package: specifier };
  return { file: posix.join(posix.dirname(from), specifier).replace(/\.js$/, '.ts') };
}
