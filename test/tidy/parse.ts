/**
 * What the tidy rules look at: every module of the repository, as facts read from its syntax tree.
 *
 * The trees come from TypeScript's own parser, over a virtual project without libraries and without resolution, so that the
 * whole repository takes well under a second and a rule can be tried on a made-up file. The parser's interface is still called
 * unstable, which is why it is used here and nowhere else, and why the version of TypeScript is pinned.
 */
import {
  isArrowFunction,
  isCallExpression,
  isExportAssignment,
  isExportDeclaration,
  isFunctionDeclaration,
  isFunctionExpression,
  isIdentifier,
  isImportDeclaration,
  isImportTypeNode,
  isMethodDeclaration,
  isNewExpression,
  isObjectLiteralExpression,
  isPropertyAccessExpression,
  isPropertyAssignment,
  isRegularExpressionLiteral,
  isStringLiteral,
  type Node,
  type SourceFile,
  SyntaxKind,
} from 'typescript/unstable/ast';
import { createVirtualFileSystem } from 'typescript/unstable/fs';
import { API } from 'typescript/unstable/sync';

export interface Import {
  readonly specifier: string;
  /** `import type`: erased before the module runs. */
  readonly isType: boolean;
  readonly line: number;
}

export interface FunctionFact {
  readonly name: string;
  readonly line: number;
  /** Without those of template literals, which are data: SQL, HTML, a help text. */
  readonly lines: number;
  /** Without those of the functions inside of it either: what a closure that returns methods says itself. */
  readonly ownLines: number;
  readonly parameters: number;
}

/** A name as it is used: `Date`, `Math.random`, `test.skip`, or `test{skip}` for an option of a test. */
export interface Use {
  readonly name: string;
  readonly line: number;
}

/** A regular expression as it is written: a literal, the text of `new RegExp('…')`, or the `pattern` of a schema. */
export interface Pattern {
  /** Null where it is put together at run time. */
  readonly source: string | null;
  readonly flags: string;
  readonly line: number;
}

export interface Module {
  /** From the root of the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  readonly functions: readonly FunctionFact[];
  readonly uses: readonly Use[];
  readonly patterns: readonly Pattern[];
  readonly hasDefaultExport: boolean;
}

/** @param files text by path from the root */
export function parseModules(files: ReadonlyMap<string, string>): Module[] {
  const compilerOptions = { noLib: true, noResolve: true, allowJs: true, types: [], noEmit: true };
  const config = {
    compilerOptions: { ...compilerOptions, allowImportingTsExtensions: true },
    files: [...files.keys()],
  };
  const tree = Object.fromEntries([...files].map(([path, text]) => [`/repo/${path}`, text]));
  const fs = createVirtualFileSystem({ ...tree, '/repo/tsconfig.json': JSON.stringify(config) });
  const api = new API({ fs, cwd: '/repo' });
  try {
    const [project] = api.updateSnapshot({ openProjects: ['/repo/tsconfig.json'] }).getProjects();
    return [...files].map(([path, text]) => {
      const source = project?.program.getSourceFile(`/repo/${path}`);
      if (source === undefined) throw new Error(`The parser did not see ${path}.`);
      return moduleOf(path, text, source);
    });
  } finally {
    api.close();
  }
}

function moduleOf(path: string, text: string, source: SourceFile): Module {
  const lineOf = lineFinder(text);
  const imports: Import[] = [];
  const functions: FunctionFact[] = [];
  const uses: Use[] = [];
  const patterns: Pattern[] = [];
  let hasDefaultExport = false;
  const visit = (node: Node, parent: Node): void => {
    const line = lineOf(node.getStart(source));
    const text = () => node.getText(source);
    for (const specifier of specifiersOf(node))
      imports.push({ specifier, line, isType: /^(import|export)\s+type\b/.test(text()) || isImportTypeNode(node) });
    if (isFunction(node)) {
      const linesOf = (part: Node) => lineOf(part.end) - lineOf(part.getStart(source));
      const lines = linesOf(node) + 1 - linesWithin(node, isTemplate, linesOf);
      const ownLines =
        lines - linesWithin(node, isFunction, (part) => linesOf(part) - linesWithin(part, isTemplate, linesOf));
      functions.push({ ...functionOf(node, parent, source), line, lines, ownLines });
    }
    for (const name of namesUsed(node, parent, source)) uses.push({ name, line });
    const pattern = patternOf(node);
    if (pattern !== null) patterns.push({ ...pattern, line });
    hasDefaultExport ||= isExportAssignment(node) || node.kind === SyntaxKind.DefaultKeyword;
    node.forEachChild((child) => visit(child, node));
  };
  source.forEachChild((child) => visit(child, source));
  return { path, text, lines: text.split('\n').length - 1, imports, functions, uses, patterns, hasDefaultExport };
}

/** Where the line breaks are, once per file: counting them for each node anew would be quadratic. */
function lineFinder(text: string): (position: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (position) => {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** Every way in which one module names another: static, re-exported, dynamic, as a type, and as the file of a worker thread. */
function specifiersOf(node: Node): string[] {
  if (isImportDeclaration(node) || isExportDeclaration(node)) return literal(node.moduleSpecifier);
  if (isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword) return literal(node.arguments[0]);
  if (isImportTypeNode(node)) {
    const specifiers: string[] = [];
    node.argument.forEachChild((child) => void specifiers.push(...literal(child)));
    return specifiers;
  }
  const isUrl = isNewExpression(node) && isIdentifier(node.expression) && node.expression.text === 'URL';
  return isUrl ? literal(node.arguments?.[0]).filter((text) => /^\.{1,2}\/.*\.[cm]?[jt]s$/.test(text)) : [];
}

function literal(node: Node | undefined): string[] {
  return node !== undefined && isStringLiteral(node) ? [node.text] : [];
}

function patternOf(node: Node): Omit<Pattern, 'line'> | null {
  if (isRegularExpressionLiteral(node)) {
    const end = node.text.lastIndexOf('/');
    return { source: node.text.slice(1, end), flags: node.text.slice(end + 1) };
  }
  if (isNewExpression(node) && isIdentifier(node.expression) && node.expression.text === 'RegExp') {
    const [source = null, flags = ''] = (node.arguments ?? []).map((argument) => literal(argument)[0]);
    return { source, flags };
  }
  // Ajv compiles the patterns of schemas with the flag `u`.
  const isSchema = isPropertyAssignment(node) && isIdentifier(node.name) && node.name.text === 'pattern';
  const [source] = isSchema ? literal(node.initializer) : [];
  return source === undefined ? null : { source, flags: 'u' };
}

function isFunction(node: Node) {
  return (
    isArrowFunction(node) || isFunctionDeclaration(node) || isFunctionExpression(node) || isMethodDeclaration(node)
  );
}

/** The lines of the outermost nodes of a kind below a node. */
function linesWithin(node: Node, isKind: (node: Node) => boolean, linesOf: (part: Node) => number): number {
  let lines = 0;
  node.forEachChild((child) => {
    lines += isKind(child) ? linesOf(child) : linesWithin(child, isKind, linesOf);
  });
  return lines;
}

function isTemplate({ kind }: Node): boolean {
  return kind === SyntaxKind.TemplateExpression || kind === SyntaxKind.NoSubstitutionTemplateLiteral;
}

function functionOf(node: Node, parent: Node, source: SourceFile): Omit<FunctionFact, 'line' | 'lines' | 'ownLines'> {
  const named = [node, parent].find((candidate) => 'name' in candidate && candidate.name !== undefined);
  const name = named !== undefined && 'name' in named ? (named.name as Node).getText(source) : '(anonymous)';
  const parameters = 'parameters' in node ? (node.parameters as readonly unknown[]).length : 0;
  return { name, parameters };
}

function namesUsed(node: Node, parent: Node, source: SourceFile): string[] {
  if (isCallExpression(node)) return testOptions(node.expression.getText(source), node.arguments, source);
  if (node.kind === SyntaxKind.AnyKeyword) return ['any'];
  if (!isIdentifier(node)) return [];
  if (!isPropertyAccessExpression(parent)) return isNameOf(node, parent) ? [] : [node.text];
  return parent.expression === node ? [node.text, `${node.text}.${parent.name.text}`] : [];
}

/** What a declaration or a property is called is no use of that name; a shorthand property is both. */
function isNameOf(node: Node, parent: Node): boolean {
  const name = 'name' in parent ? (parent.name as Node | undefined) : undefined;
  return name?.pos === node.pos && name.end === node.end && parent.kind !== SyntaxKind.ShorthandPropertyAssignment;
}

function testOptions(callee: string, args: readonly Node[], source: SourceFile): string[] {
  if (!/^(test|it|describe|suite|t\.test)$/.test(callee)) return [];
  return args
    .filter(isObjectLiteralExpression)
    .flatMap((options) =>
      options.properties.flatMap((property) =>
        'name' in property && property.name !== undefined ? [`test{${(property.name as Node).getText(source)}}`] : [],
      ),
    );
}
