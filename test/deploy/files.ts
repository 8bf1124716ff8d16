/** What lies under deploy/, and the pages that show commands. */
import { readFileSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { LineCounter, parseAllDocuments } from 'yaml';
import { packageRoot } from '../../proto/package-root.js';

export interface DeployFile {
  /** From the top of the project, e.g. deploy/compose/compose.yaml. */
  readonly path: string;
  readonly text: string;
}

export interface YamlDocument {
  readonly path: string;
  /** Of its first line, from 1. */
  readonly line: number;
  readonly value: unknown;
}

export function readProjectFile(path: string): DeployFile {
  return { path, text: readFileSync(join(packageRoot(), path), 'utf8') };
}

export function deployFiles(): DeployFile[] {
  const entries = readdirSync(join(packageRoot(), 'deploy'), { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(packageRoot().length + 1));
  return paths.sort().map(readProjectFile);
}

export function isYaml({ path }: DeployFile): boolean {
  return ['.yaml', '.yml'].includes(extname(path));
}

export function isScript({ path, text }: DeployFile): boolean {
  return ['.sh', '.sbatch'].includes(extname(path)) || /^#!.*\b(sh|bash)\n/.test(text);
}

/** Throws Error with file and line where it is no YAML; a key that stands twice is none. */
export function yamlDocuments({ path, text }: DeployFile): YamlDocument[] {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, merge: true });
  if ('empty' in documents) return [];
  return documents.map((document) => {
    const [mistake] = [...document.errors, ...document.warnings];
    if (mistake !== undefined) throw new Error(`${path}:${lines.linePos(mistake.pos[0]).line}: ${mistake.message}`);
    return { path, line: lines.linePos(document.contents?.range[0] ?? 0).line, value: document.toJS() as unknown };
  });
}
