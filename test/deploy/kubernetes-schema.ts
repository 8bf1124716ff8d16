/**
 * Manifests held to the API's own types: each is written as a TypeScript literal of its kind and checked by the
 * compiler, which refuses unknown fields and wrong types at any depth. (helm lint passes wrong types, and
 * generated model classes miss unknown fields.)
 */
import { join } from 'node:path';
import ts from 'typescript';
import { z } from 'zod';
import { packageRoot } from '../../proto/package-root.js';
import type { YamlDocument } from './files.js';
import { at, plain, text as worded } from './plain.js';

/** Where kubernetes-types has a version of the API. */
const MODULES: { readonly [apiVersion: string]: string } = { v1: 'core/v1', 'apps/v1': 'apps/v1', 'policy/v1': 'policy/v1', 'networking.k8s.io/v1': 'networking/v1', 'batch/v1': 'batch/v1' };

/** Not of the API: what kustomize reads. */
const kustomization = z.strictObject({
  apiVersion: z.literal('kustomize.config.k8s.io/v1beta1'),
  kind: z.literal('Kustomization'),
  namespace: z.string().optional(),
  resources: z.array(z.string()).min(1),
  images: z.array(z.strictObject({ name: z.string(), newName: z.string(), newTag: z.string() })).optional(),
});

/** One line each, with file and line of the manifest. */
export function schemaMistakes(documents: readonly YamlDocument[]): string[] {
  const manifests = documents.filter(({ value }) => at(value, 'kind') !== 'Kustomization');
  const others = documents.filter(({ value }) => at(value, 'kind') === 'Kustomization');
  return [
    ...others.flatMap((document) => (kustomization.safeParse(document.value).error?.issues ?? []).map((issue) => `${nameOf(document)}: ${issue.path.join('.')}: ${issue.message}`)),
    ...typeMistakes(manifests),
  ];
}

function typeMistakes(documents: readonly YamlDocument[]): string[] {
  const unknown = documents.filter(({ value }) => MODULES[String(at(value, 'apiVersion'))] === undefined);
  const known = documents.filter((document) => !unknown.includes(document));
  // Beside node_modules, so that the compiler finds the types; it is never written.
  const fileName = join(packageRoot(), 'test', 'deploy', 'manifests.ts');
  const literals = known.map(({ value }, index) => `export const manifest${index}: import('kubernetes-types/${MODULES[String(at(value, 'apiVersion'))] ?? ''}').${String(at(value, 'kind'))} = ${JSON.stringify(value, null, 1)};`);
  const starts = literals.map((_, index) => literals.slice(0, index).reduce((lines, literal) => lines + literal.split('\n').length, 0));
  return [
    ...unknown.map((document) => `${nameOf(document)}: apiVersion ${String(at(document.value, 'apiVersion'))} is not known here`),
    ...diagnosticsOf(fileName, literals.join('\n')).map(({ line, message }) => {
      const document = known[starts.findLastIndex((start) => start <= line)];
      return `${document === undefined ? '' : nameOf(document)}: ${message}`;
    }),
  ];
}

function nameOf({ path, line, value }: YamlDocument): string {
  return `${path}:${line}: ${String(at(value, 'kind'))} ${worded(at(value, 'metadata', 'name'))}`;
}

/** `line` from 0. */
function diagnosticsOf(fileName: string, text: string): { readonly line: number; readonly message: string }[] {
  const options: ts.CompilerOptions = { strict: true, noEmit: true, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, target: ts.ScriptTarget.ES2023, lib: ['lib.es2023.d.ts'], types: [], skipLibCheck: true };
  const host = ts.createCompilerHost(options);
  const source = ts.createSourceFile(fileName, text, ts.ScriptTarget.ES2023);
  const withManifests: ts.CompilerHost = {
    ...host,
    getSourceFile: (name, ...rest) => (name === fileName ? source : host.getSourceFile(name, ...rest)),
    fileExists: (name) => name === fileName || host.fileExists(name),
  };
  const program = ts.createProgram([fileName], options, withManifests);
  return ts.getPreEmitDiagnostics(program).map(({ start, messageText }) => {
    const { line } = source.getLineAndCharacterOfPosition(start ?? 0);
    return { line, message: lastLine(ts.flattenDiagnosticMessageText(messageText, '\n')) };
  });
}

/** The compiler tells the way down to the mistake; the last line is the mistake. */
function lastLine(message: string): string {
  return message.split('\n').at(-1)?.trim() ?? message;
}

/** Of all documents of a kind. */
export function ofKind(documents: readonly YamlDocument[], ...kinds: readonly string[]): YamlDocument[] {
  return documents.filter(({ value }) => kinds.includes(String(plain(value).kind)));
}
