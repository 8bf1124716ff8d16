import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { packageRoot } from '../../proto/package-root.js';
import { deployFiles, isYaml, readProjectFile, yamlDocuments, type YamlDocument } from './files.js';
import { ruleMistakes } from './kubernetes-rules.js';
import { ofKind, schemaMistakes } from './kubernetes-schema.js';
import { at, list } from './plain.js';

const FOLDER = 'deploy/kubernetes';
const SECRETS = `${FOLDER}/secrets.example.yaml`;
const documents = deployFiles().filter((file) => file.path.startsWith(FOLDER) && isYaml(file)).flatMap(yamlDocuments);
const secrets = yamlDocuments(readProjectFile(SECRETS));
const manifests = documents.filter(({ path }) => path !== SECRETS);

/** All manifests, with a mistake in one file. */
function planted(name: string, from: string, to: string): YamlDocument[] {
  const path = `${FOLDER}/${name}`;
  const { text } = readProjectFile(path);
  assert.ok(text.includes(from), `${path} has no ${from}`);
  return [...manifests.filter((document) => document.path !== path), ...yamlDocuments({ path, text: text.replaceAll(from, to) })];
}

describe('the Kubernetes manifests', () => {
  it("keep to the API's types, field by field", () => {
    assert.deepEqual(schemaMistakes(documents), []);
  });

  it('fit each other: selectors, ports, volumes, secrets, variables, and the time a worker has to end', () => {
    assert.deepEqual(ruleMistakes(manifests, secrets), []);
  });

  it('hold no secret, only what each is to hold', () => {
    assert.ok(secrets.length > 0);
    for (const { value } of secrets) assert.equal(at(value, 'data'), undefined);
  });

  it('are all named by a kustomization', () => {
    const named = ofKind(documents, 'Kustomization').flatMap(({ path, value }) => list(at(value, 'resources')).map((resource) => join(path, '..', String(resource))));
    const files = new Set(ofKind(documents, 'Kustomization').map(({ path }) => join(path, '..')));
    for (const { path } of manifests) assert.ok(path.endsWith('kustomization.yaml') || named.includes(path), `${path} is named nowhere`);
    for (const path of named) assert.ok(files.has(path) || manifests.some((document) => document.path === path), `${path} is not there`);
  });

  for (const [what, name, from, to, expected] of [
    ['an unknown field', 'base/coordinator.yaml', 'podManagementPolicy: Parallel', 'podManagmentPolicy: Parallel', /StatefulSet trawl-coordinator: .*podManagmentPolicy/],
    ['an unknown field deep inside', 'base/worker.yaml', 'allowPrivilegeEscalation: false', 'allowPrivilegEscalation: false', /Deployment trawl-worker: .*allowPrivilegEscalation/],
    ['a wrong type', 'base/worker.yaml', 'replicas: 3', 'replicas: three', /Deployment trawl-worker: .*string.*number/],
    ['a word that the API does not know', 'base/network-policy.yaml', 'kind: NetworkPolicy', 'kind: NetworkPolice', /NetworkPolice/],
    ['a field that kustomize does not know', 'base/kustomization.yaml', 'resources:', 'resource:', /resource/],
  ] as const) {
    it(`would be refused with ${what}`, () => {
      assert.match(schemaMistakes(planted(name, from, to)).join('\n'), expected);
    });
  }

  for (const [what, name, from, to, expected] of [
    ['a selector that matches nothing', 'base/coordinator.yaml', 'selector: {app.kubernetes.io/name: trawl, app.kubernetes.io/component: coordinator}', 'selector: {app.kubernetes.io/name: trawl, app.kubernetes.io/component: coordinater}', /Service trawl-coordinator: nothing has the labels/],
    ['a secret that is nowhere', 'base/worker.yaml', 'secretName: trawl-worker-token', 'secretName: trawl-token', /secret trawl-token is defined nowhere/],
    ['a key that a secret lacks', 'base/coordinator.yaml', 'key: place', 'key: url', /secret trawl-blobs has no url/],
    ['a file that a secret lacks', 'base/worker.yaml', '/etc/trawl/tls/tls.key', '/etc/trawl/tls/worker.key', /worker\.key is no key of secret trawl-worker-tls/],
    ['a port that is nowhere', 'base/coordinator.yaml', 'targetPort: grpc', 'targetPort: rpc', /no container has a port named rpc/],
    ['a volume that is nowhere', 'base/worker.yaml', '- {name: tmp, emptyDir: {sizeLimit: 4Gi}}', '- {name: temp, emptyDir: {sizeLimit: 4Gi}}', /volume tmp is defined nowhere/],
    ['too little time for --grace', 'base/worker.yaml', 'terminationGracePeriodSeconds: 660', 'terminationGracePeriodSeconds: 600', /takes 600 s by --grace and is killed after 600 s/],
    ['a root file system that can be written to', 'gpu/worker-gpu.yaml', 'readOnlyRootFilesystem: true', 'readOnlyRootFilesystem: false', /can be written to/],
  ] as const) {
    it(`would be refused with ${what}`, () => {
      assert.match(ruleMistakes(planted(name, from, to), secrets).join('\n'), expected);
    });
  }

  const kubectl = spawnSync('kubectl', ['version', '--client'], { encoding: 'utf8' });
  const why = kubectl.error === undefined && kubectl.status === 0 ? false : 'there is no kubectl on PATH: what kustomize makes of the manifests is not looked at';
  for (const folder of ['base', 'gpu']) {
    it(`make one list of resources with kustomize (${folder})`, { skip: why }, () => {
      const made = spawnSync('kubectl', ['kustomize', join(packageRoot(), FOLDER, folder)], { encoding: 'utf8' });
      assert.equal(made.status, 0, made.stderr);
      const built = yamlDocuments({ path: `kustomize ${folder}`, text: made.stdout });
      assert.deepEqual([...schemaMistakes(built), ...ruleMistakes(built, secrets)], []);
    });
  }
});
