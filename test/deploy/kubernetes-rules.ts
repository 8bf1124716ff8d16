/** What the API's types cannot say: that manifests fit each other, and keep to what we hold to be safe. */
import type { YamlDocument } from './files.js';
import { ofKind } from './kubernetes-schema.js';
import { at, list, objectsIn, plain, text, type Plain } from './plain.js';

type Say = (what: string) => string;

/** One line each. `secrets`: what secrets there will be, with their keys. */
export function ruleMistakes(documents: readonly YamlDocument[], secrets: readonly YamlDocument[]): string[] {
  const held = new Map(secrets.map(({ value }) => [String(at(value, 'metadata', 'name')), Object.keys(plain(at(value, 'stringData')))]));
  const workloads = ofKind(documents, 'Deployment', 'StatefulSet', 'DaemonSet');
  return [
    ...workloads.flatMap((document) => workloadMistakes(document, documents, held)),
    ...ofKind(documents, 'Service', 'PodDisruptionBudget', 'NetworkPolicy').flatMap((document) => selectorMistakes(document, workloads)),
    ...ofKind(documents, 'Service').flatMap((document) => portMistakes(document, workloads)),
  ];
}

function sayOf({ path, value }: YamlDocument): Say {
  return (what) => `${path}: ${String(at(value, 'kind'))} ${String(at(value, 'metadata', 'name'))}: ${what}`;
}

function podOf({ value }: YamlDocument): Plain {
  return plain(at(value, 'spec', 'template', 'spec'));
}

function labelsOf({ value }: YamlDocument): Plain {
  return plain(at(value, 'spec', 'template', 'metadata', 'labels'));
}

function containersOf(pod: Plain): Plain[] {
  return [...list(pod.initContainers), ...list(pod.containers)].map(plain);
}

function selects(selector: unknown, labels: Plain): boolean {
  return Object.entries(plain(selector)).every(([key, value]) => labels[key] === value);
}

function workloadMistakes(document: YamlDocument, documents: readonly YamlDocument[], secrets: ReadonlyMap<string, readonly string[]>): string[] {
  const say = sayOf(document);
  const pod = podOf(document);
  const accounts = ofKind(documents, 'ServiceAccount').map(({ value }) => at(value, 'metadata', 'name'));
  const services = ofKind(documents, 'Service').map(({ value }) => at(value, 'metadata', 'name'));
  const service = at(document.value, 'spec', 'serviceName');
  return [
    ...(selects(at(document.value, 'spec', 'selector', 'matchLabels'), labelsOf(document)) ? [] : [say('its selector does not match its own pods')]),
    ...(accounts.includes(pod.serviceAccountName) ? [] : [say(`service account ${String(pod.serviceAccountName)} is defined nowhere`)]),
    ...(service === undefined || services.includes(service) ? [] : [say(`service ${text(service)} is defined nowhere`)]),
    ...(at(pod, 'securityContext', 'runAsNonRoot') === true && Number(at(pod, 'securityContext', 'runAsUser')) > 0 ? [] : [say('its pods may run as root')]),
    ...secretMistakes(pod, secrets).map(say),
    ...containersOf(pod).flatMap((container) => containerMistakes(container, document).map((what) => say(`container ${String(container.name)}: ${what}`))),
    ...list(pod.containers).flatMap((container) => graceMistakes(plain(container), pod)).map(say),
  ];
}

/** Of what is mounted and what is read into the environment. */
function secretMistakes(pod: Plain, secrets: ReadonlyMap<string, readonly string[]>): string[] {
  const mounted = list(pod.volumes).map((volume) => at(volume, 'secret', 'secretName')).filter((name) => name !== undefined).map(String);
  const read = [...objectsIn(pod.containers)].map(({ secretKeyRef }) => plain(secretKeyRef)).filter(({ name }) => name !== undefined);
  return [
    ...mounted.filter((name) => !secrets.has(name)).map((name) => `secret ${name} is defined nowhere`),
    ...read.filter(({ name, key }) => secrets.get(String(name))?.includes(String(key)) !== true).map(({ name, key }) => `secret ${String(name)} has no ${String(key)}`),
    ...list(pod.containers).flatMap((container) => fileMistakes(plain(container), pod, secrets)),
  ];
}

/** Each path below the mount of a secret that a container is told of is a key of that secret. */
function fileMistakes({ args, env, volumeMounts }: Plain, pod: Plain, secrets: ReadonlyMap<string, readonly string[]>): string[] {
  const told = JSON.stringify([args, env]);
  return list(volumeMounts).flatMap((mount) => {
    const { name, mountPath } = plain(mount);
    const secret = list(pod.volumes).map(plain).find((volume) => volume.name === name)?.secret;
    if (secret === undefined) return [];
    const keys = secrets.get(String(at(secret, 'secretName'))) ?? [];
    const asked = [...told.matchAll(new RegExp(`${String(mountPath)}/([\\w.-]+)`, 'g'))].map((match) => match[1] ?? '');
    return asked.filter((key) => !keys.includes(key)).map((key) => `${String(mountPath)}/${key} is no key of secret ${String(at(secret, 'secretName'))}`);
  });
}

function containerMistakes(container: Plain, document: YamlDocument): string[] {
  const pod = podOf(document);
  const context = plain(container.securityContext);
  const claims = list(at(document.value, 'spec', 'volumeClaimTemplates')).map((claim) => at(claim, 'metadata', 'name'));
  const volumes = [...list(pod.volumes).map((volume) => plain(volume).name), ...claims];
  const ports = list(container.ports).map((port) => plain(port).name);
  const probes = ['startupProbe', 'readinessProbe', 'livenessProbe'].map((probe) => at(container, probe, 'httpGet', 'port')).filter((port) => port !== undefined);
  const told = JSON.stringify(container.args ?? []);
  const variables = new Set(list(container.env).map((variable) => String(plain(variable).name)));
  return [
    ...(context.readOnlyRootFilesystem === true ? [] : ['its root file system can be written to']),
    ...(context.allowPrivilegeEscalation === false && list(at(context, 'capabilities', 'drop')).includes('ALL') ? [] : ['it may gain rights']),
    ...(at(container, 'resources', 'requests', 'memory') !== undefined && at(container, 'resources', 'limits', 'memory') !== undefined ? [] : ['its memory is neither asked for nor limited']),
    ...list(container.volumeMounts).map((mount) => plain(mount).name).filter((name) => !volumes.includes(name)).map((name) => `volume ${String(name)} is defined nowhere`),
    ...probes.filter((port) => !ports.includes(port)).map((port) => `it has no port named ${text(port)}`),
    ...[...told.matchAll(/\$\((\w+)\)/g)].map((match) => match[1] ?? '').filter((name) => !variables.has(name)).map((name) => `the variable ${name} is set nowhere`),
    ...list(container.ports).map(plain).filter(({ name, containerPort }) => !told.includes(`=${String(containerPort)}"`) && name !== undefined).map(({ name, containerPort }) => `port ${String(name)} is ${String(containerPort)}, and no argument says so`),
  ];
}

/** A worker is given longer to end than it takes by --grace. */
function graceMistakes({ name, args }: Plain, pod: Plain): string[] {
  const [, count, unit] = /--grace=(\d+)(s|m)/.exec(list(args).join(' ')) ?? [];
  if (count === undefined) return [];
  const seconds = Number(count) * (unit === 'm' ? 60 : 1);
  const limit = Number(pod.terminationGracePeriodSeconds ?? 30);
  return limit > seconds ? [] : [`container ${String(name)} takes ${seconds} s by --grace and is killed after ${limit} s`];
}

function selectorMistakes(document: YamlDocument, workloads: readonly YamlDocument[]): string[] {
  const { kind, spec } = plain(document.value);
  const own = kind === 'Service' ? at(spec, 'selector') : kind === 'NetworkPolicy' ? at(spec, 'podSelector', 'matchLabels') : at(spec, 'selector', 'matchLabels');
  const peers = [...list(at(spec, 'ingress')), ...list(at(spec, 'egress'))]
    .flatMap((rule) => [...list(plain(rule).from), ...list(plain(rule).to)])
    .filter((peer) => plain(peer).namespaceSelector === undefined)
    .map((peer) => at(peer, 'podSelector', 'matchLabels'));
  return [own, ...peers].filter((selector) => !workloads.some((workload) => selects(selector, labelsOf(workload)))).map((selector) => sayOf(document)(`nothing has the labels ${JSON.stringify(selector)}`));
}

function portMistakes(document: YamlDocument, workloads: readonly YamlDocument[]): string[] {
  const selector = at(document.value, 'spec', 'selector');
  const names = workloads.filter((workload) => selects(selector, labelsOf(workload))).flatMap((workload) => containersOf(podOf(workload)).flatMap((container) => list(container.ports).map((port) => plain(port).name)));
  return list(at(document.value, 'spec', 'ports')).map((port) => plain(port).targetPort).filter((target) => !names.includes(target)).map((target) => sayOf(document)(`no container has a port named ${String(target)}`));
}
