/** YAML with places: the value of a text, its syntax errors, and the line and column of any path in it. */
import { LineCounter, isAlias, isMap, isPair, isScalar, isSeq, parseDocument, visit, type Document, type Node, type YAMLError } from 'yaml';
import { fieldName, type Mistake, type Path } from './mistakes.js';

export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface Source {
  readonly value: unknown;
  readonly mistakes: readonly Mistake[];
  /** False where the text is so broken that its value means nothing. */
  readonly readable: boolean;
  /** Place of the value at `path`, or of its key; of the nearest thing around it where there is none. */
  locate(path: Path, at: 'key' | 'value'): Position;
}

/** JSON is YAML, so this reads both. Throws nothing: what is wrong is in `mistakes`. */
export function readSource(text: string): Source {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (BINARY.test(text)) {
    const mistake = { ...position(0), field: 'file', found: 'a binary file', expected: 'a sweep file', suggestion: null };
    return { value: null, mistakes: [mistake], readable: false, locate: () => position(0) };
  }
  const mistakes = syntaxMistakes(document, text, position);
  let value: unknown = null;
  try {
    value = document.toJS();
  } catch (error) {
    mistakes.push(aliasMistake(document, error, position));
  }
  return {
    value,
    mistakes,
    readable: document.errors.every((error) => error.code === 'DUPLICATE_KEY') && mistakes.length === document.errors.length,
    locate: (path, at) => position(offsetOf(document, path, at)),
  };
}

/** Control characters that stand in no text. */
// eslint-disable-next-line no-control-regex -- what is looked for are control characters
const BINARY = /[\0-\x08\x0e-\x1a]/;

function syntaxMistakes(document: Document.Parsed, text: string, position: (offset: number) => Position): Mistake[] {
  const errors = [...document.errors, ...document.warnings];
  const deeper = errors.find((error) => error.code === 'BLOCK_AS_IMPLICIT_KEY');
  const indented = deeper === undefined ? null : indentedTooFar(text, deeper.pos[0], position);
  // What follows such a key is read in its light, so that its own errors mean nothing.
  const told = indented === null || deeper === undefined ? errors : errors.filter((error) => error.pos[0] < deeper.pos[0]);
  const mistakes = told.map((error) => {
    const mistake = syntaxMistake(error, text, position(error.pos[0]));
    const path = error.code === 'DUPLICATE_KEY' ? pathOfKey(document, error.pos[0]) : null;
    return path === null ? mistake : { ...mistake, field: fieldName(path) };
  });
  return indented === null ? mistakes : [...mistakes, indented];
}

/** A key on a line of its own, deeper than the key above it that has a plain value: `offset` is that value's. */
function indentedTooFar(text: string, offset: number, position: (offset: number) => Position): Mistake | null {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  const above = /^(\s*(?:- +)*)([^\s:#][^:#]*):\s/.exec(text.slice(start, offset));
  const next = text.indexOf('\n', offset) + 1;
  const below = /^( *)([^\s:#][^:#\n]*):(?:\s|$)/.exec(text.slice(next));
  const [, margin = '', neighbour = ''] = above ?? [];
  const [, indent = '', key = ''] = below ?? [];
  if (above === null || below === null || next === 0 || indent.length <= margin.length) return null;
  return {
    ...position(next + indent.length),
    field: 'file',
    found: `${key} indented deeper than its neighbours`,
    expected: `it in column ${margin.length + 1}`,
    suggestion: `align it with ${neighbour} above it`,
  };
}

/** Path of the key that stands at `offset`. */
function pathOfKey(document: Document.Parsed, offset: number): Path | null {
  let found: Path | null = null;
  visit(document, {
    Pair(_, pair, ancestors) {
      if (!isScalar(pair.key) || pair.key.range?.[0] !== offset) return undefined;
      const around = [...ancestors, pair];
      found = around.flatMap((node, depth): (string | number)[] => {
        if (isPair(node)) return isScalar(node.key) ? [String(node.key.value)] : [];
        return isSeq(node) ? [node.items.indexOf(around[depth + 1])] : [];
      });
      return visit.BREAK;
    },
  });
  return found;
}

function syntaxMistake(error: YAMLError, text: string, position: Position): Mistake {
  const rest = text.slice(error.pos[0]).split(/\r?\n/, 1)[0] ?? '';
  const near = rest.trim() === '' ? 'the end of the line' : JSON.stringify(rest.trim().slice(0, 40));
  const base = { ...position, field: 'file', suggestion: null };
  switch (error.code) {
    case 'TAB_AS_INDENT':
      return { ...base, found: 'a tab', expected: 'spaces', suggestion: 'YAML is indented with spaces only' };
    case 'DUPLICATE_KEY':
      return { ...base, found: `the same key again at ${near}`, expected: 'each key once', suggestion: 'take one of them out' };
    case 'MULTIPLE_DOCS':
      return { ...base, found: 'a second document', expected: 'one', suggestion: 'take out what follows ---, or write it to a file of its own' };
    default:
      return { ...base, found: near, expected: 'YAML', suggestion: error.message.split('\n', 1)[0] ?? null };
  }
}

/** An anchor that does not exist, or one repeated so often that the text would unfold without end. */
function aliasMistake(document: Document.Parsed, error: unknown, position: (offset: number) => Position): Mistake {
  let offset = 0;
  let name = '';
  visit(document, {
    Alias(_, alias) {
      if (name !== '' || alias.resolve(document) !== undefined) return;
      name = alias.source;
      offset = alias.range?.[0] ?? 0;
    },
  });
  if (name === '') return { ...position(0), field: 'file', found: 'too many aliases', expected: 'YAML', suggestion: error instanceof Error ? error.message : null };
  return { ...position(offset), field: 'file', found: `*${name}`, expected: `an anchor &${name} before it`, suggestion: null };
}

function offsetOf(document: Document.Parsed, path: Path, at: 'key' | 'value'): number {
  let node: Node | null = document.contents;
  let offset = node?.range?.[0] ?? 0;
  for (const [depth, part] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document) ?? null;
    if (isSeq(node) && typeof part === 'number') {
      const item: unknown = node.items[part];
      node = isNode(item) ? item : null;
    } else if (isMap(node)) {
      const pair: unknown = node.items.find((candidate) => isScalar(candidate.key) && String(candidate.key.value) === String(part));
      if (!isPair(pair)) return offset;
      const key = isNode(pair.key) ? pair.key : null;
      const value = isNode(pair.value) ? pair.value : null;
      if (depth === path.length - 1 && at === 'key') return key?.range?.[0] ?? offset;
      // A key with nothing after it has an empty value that begins past the key: point at the key then.
      const empty = value?.range === undefined || value.range === null || value.range[0] === value.range[1];
      offset = key?.range?.[0] ?? offset;
      node = empty ? null : value;
    } else {
      return offset;
    }
    if (node === null) return offset;
    offset = node.range?.[0] ?? offset;
  }
  return offset;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'range' in value;
}
