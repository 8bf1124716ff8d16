/** What must hold of a compose file: the specification's schema, and that everything it names is there. */
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { DCLinter } from 'dclint';
import { packageRoot } from '../../proto/package-root.js';
import { readProjectFile, yamlDocuments } from './files.js';
import { at, list, plain, text, type Plain } from './plain.js';

interface LintResult {
  readonly messages: readonly { readonly line: number; readonly message: string }[];
}

/** The package's own types lead nowhere under Node's resolution of modules. */
const Linter = DCLinter as unknown as new (config: object) => { lintFiles(paths: readonly string[], recursively: boolean): readonly LintResult[] };

/** Mistakes by the compose specification's JSON Schema, and by rules that no style decides. `file`: absolute. */
export function schemaMistakes(file: string): string[] {
  const rules = {
    'require-project-name-field': 2,
    'no-version-field': 2,
    'no-duplicate-container-names': 2,
    'no-duplicate-exported-ports': 2,
    'no-unbound-port-interfaces': 2,
    'service-image-require-explicit-tag': 2,
    ...{ 'no-build-and-image': 0, 'no-quotes-in-volumes': 0, 'require-quotes-in-ports': 0, 'service-container-name-regex': 0, 'service-dependencies-alphabetical-order': 0 },
    ...{ 'service-keys-order': 0, 'service-ports-alphabetical-order': 0, 'services-alphabetical-order': 0, 'top-level-properties-order': 0 },
  } as const;
  const results = new Linter({ rules, quiet: true, debug: false, exclude: [] }).lintFiles([file], false);
  if (results.length !== 1) return [`${file}: it was not looked at`];
  return results.flatMap(({ messages }) => messages.map(({ line, message }) => `${file}:${line}: ${message}`));
}

/** What services name and nothing defines, in one line each. `path`: from the top of the project. */
export function composeMistakes(path: string): string[] {
  const [document] = yamlDocuments(readProjectFile(path));
  const file = document?.value;
  const services = Object.entries(plain(at(file, 'services')));
  const folder = dirname(path);
  return services.flatMap(([name, value]) => {
    const service = plain(value);
    const say = (what: string): string => `${path}: services.${name}: ${what}`;
    return [
      ...named(service.secrets, 'source').filter((secret) => at(file, 'secrets', secret) === undefined).map((secret) => say(`secret ${secret} is defined nowhere`)),
      ...list(service.volumes).flatMap((volume) => volumeMistakes(String(volume), plain(at(file, 'volumes')), folder)).map(say),
      ...Object.keys(plain(service.depends_on)).filter((other) => at(file, 'services', other) === undefined).map((other) => say(`it depends on ${other}, which is no service`)),
      ...Object.entries(plain(service.depends_on)).flatMap(([other, how]) => (at(how, 'condition') === 'service_healthy' && at(file, 'services', other, 'healthcheck') === undefined ? [say(`it waits until ${other} is healthy, which has no healthcheck`)] : [])),
      ...(service.build === undefined ? [] : buildMistakes(plain(service.build), folder)).map(say),
      ...secretMounts(service).map(say),
    ];
  });
}

function named(entries: unknown, key: string): string[] {
  return list(entries).map((entry) => (typeof entry === 'string' ? entry : String(plain(entry)[key])));
}

/** Files that the fleet makes (secrets) are not there yet. */
function volumeMistakes(volume: string, volumes: Plain, folder: string): string[] {
  const [source = '', target] = volume.split(':');
  if (target === undefined) return [];
  if (!source.startsWith('.')) return source in volumes ? [] : [`volume ${source} is defined nowhere`];
  const path = normalize(join(folder, source));
  return path.includes('/secrets') || existsSync(join(packageRoot(), path)) ? [] : [`${path} is not there`];
}

function buildMistakes({ context, dockerfile, target }: Plain, folder: string): string[] {
  const path = normalize(join(folder, String(context), String(dockerfile)));
  if (!existsSync(join(packageRoot(), path))) return [`${path} is not there`];
  const stages = [...readProjectFile(path).text.matchAll(/^FROM \S+ AS (\S+)$/gm)].map((match) => match[1]);
  return target === undefined || stages.includes(text(target)) ? [] : [`${path} has no stage ${text(target)}`];
}

/** Each /run/secrets/NAME that its command or environment speaks of is one of its secrets. */
function secretMounts(service: Plain): string[] {
  const has = named(service.secrets, 'source');
  const asked = [...JSON.stringify([service.command, service.environment]).matchAll(/\/run\/secrets\/([\w.-]+)/g)].map((match) => match[1] ?? '');
  return asked.filter((secret) => !has.includes(secret)).map((secret) => `it reads /run/secrets/${secret}, which it is not given`);
}
