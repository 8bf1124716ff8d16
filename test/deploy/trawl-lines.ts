/** The calls of `trawl` in deployment files and pages: where each stands, and its words. */
import { basename, extname } from 'node:path';
import { isScript, isYaml, yamlDocuments, type DeployFile } from './files.js';
import { list, objectsIn, plain, type Plain } from './plain.js';
import { simpleCommands, type Values } from './shell-words.js';

export interface TrawlLine {
  /** FILE:LINE. */
  readonly where: string;
  /** After `trawl`. */
  readonly words: readonly string[];
  /** In the midst of a text, where it need not be whole. */
  readonly isMention?: boolean;
}

/** Stand for themselves in what is checked; the rest of what deployments set is text. */
const SAMPLES: { readonly [name: string]: string } = { TRAWL_SLOTS: '2', SLURM_CPUS_PER_TASK: '8', TRAWL_WORKERS: '2' };
const valueOf: Values = (name) => SAMPLES[name];

/** Throws Error where a file cannot be read as what it is. */
export function trawlLines(file: DeployFile): TrawlLine[] {
  if (extname(file.path) === '.md') return inPage(file);
  if (isScript(file)) return inShell(file.path, file.text, 1);
  if (extname(file.path) === '.service') return inUnit(file);
  if (isYaml(file)) return yamlDocuments(file).flatMap(({ path, line, value }) => inDocument(`${path}:${line}`, value));
  return [];
}

function inShell(path: string, text: string, firstLine: number): TrawlLine[] {
  return simpleCommands(text, valueOf, firstLine).flatMap(({ line, words }) => called(`${path}:${line}`, words));
}

/** `sudo -u trawl trawl ls`, `docker compose run --rm tools token ls` are called with `trawl` somewhere; a program's name alone is no call. */
function called(where: string, words: readonly string[]): TrawlLine[] {
  const at = words.findIndex((word, index) => isTrawl(word) && (index === 0 || words[index - 1] !== '-u') && !isDefinition(words));
  return at < 0 || at === words.length - 1 ? [] : [{ where, words: words.slice(at + 1) }];
}

function isTrawl(word: string): boolean {
  return word === 'trawl' || word.endsWith('/bin/trawl') || word.endsWith('dist/cli/main.js');
}

/** Commands to which `trawl` is the name of something else: a user, a database, a folder, an image. */
const OTHERS = ['ln', 'psql', 'createuser', 'createdb', 'chown', 'install', 'useradd', 'pg_dump', 'pg_restore', 'systemctl', 'journalctl', 'kubectl', 'mkdir', 'cd', 'echo', 'printf', 'command'];

function isDefinition(words: readonly string[]): boolean {
  const first = words.find((word) => !/^(sudo|-\w+|postgres|root|[A-Z_]+=.*)$/.test(word)) ?? '';
  return OTHERS.includes(basename(first)) && !words.includes('--');
}

/** Fenced shell blocks, and commands in the text, `as here`. */
function inPage({ path, text }: DeployFile): TrawlLine[] {
  const lines: TrawlLine[] = [];
  const rest = text.replaceAll(/^```(\w*)\n([\s\S]*?)^```$/gm, (whole, language: string, body: string, offset: number) => {
    const first = text.slice(0, offset).split('\n').length + 1;
    if (['sh', 'bash', 'console'].includes(language)) lines.push(...inShell(path, body, first));
    return whole.replaceAll(/[^\n]/g, ' ');
  });
  for (const match of rest.matchAll(/`(trawl [^`]+)`/g)) lines.push(...inShell(path, match[1] ?? '', rest.slice(0, match.index).split('\n').length).map((line) => ({ ...line, isMention: true })));
  return lines;
}

/** ExecStart=, with its continued lines. */
function inUnit({ path, text }: DeployFile): TrawlLine[] {
  return [...text.matchAll(/^Exec\w+=[@:+!-]*((?:[^\\\n]|\\\n|\\.)+)$/gm)].flatMap((match) => inShell(path, (match[1] ?? '').replaceAll('%', ''), text.slice(0, match.index).split('\n').length));
}

/** Containers of Kubernetes and services of compose: the image's entry point is `trawl`. */
function inDocument(where: string, value: unknown): TrawlLine[] {
  const services = Object.values(plain(plain(value).services)).map(plain);
  const containers = [...objectsIn(value)].flatMap(({ containers, initContainers }) => [...list(containers), ...list(initContainers)]).map(plain);
  return [
    ...services.flatMap((service) => ofContainer(where, service, service.entrypoint, service.command)),
    ...containers.flatMap((container) => ofContainer(`${where} (${String(container.name)})`, container, container.command, container.args)),
  ];
}

function ofContainer(where: string, { image }: Plain, command: unknown, args: unknown): TrawlLine[] {
  const isOurs = typeof image === 'string' && /(^|\/)trawl(-gpu)?(:|@|$)/.test(image.replaceAll(/\$\{[^}]*\}/g, 'x'));
  if (!isOurs) return [];
  const words = [...(command === undefined ? ['trawl'] : list(command)), ...list(args)].map((word) => expanded(String(word)));
  // Where a shell is the entry point, its text holds the call.
  return words.some((word, index) => word === 'sh' && words[index + 1] === '-c') ? inShell(where, words.at(-1) ?? '', 1) : called(where, words);
}

/** `${NAME:-fallback}` of compose, `$(NAME)` of Kubernetes. */
function expanded(word: string): string {
  return word.replaceAll(/\$\{(\w+)(?::?[-?]([^}]*))?\}|\$\((\w+)\)/g, (_, braced?: string, fallback?: string, round?: string) => valueOf(braced ?? round ?? '') ?? fallback ?? 'x');
}
