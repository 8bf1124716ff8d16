import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { packageRoot } from '../../proto/package-root.js';
import { composeMistakes, schemaMistakes } from './compose.js';
import { dockerfileMistakes } from './dockerfile.js';
import { readProjectFile, yamlDocuments } from './files.js';
import { at, list, plain, text } from './plain.js';

const PATH = 'deploy/compose/compose.yaml';
const file = readProjectFile(PATH);
const folder = mkdtempSync(join(tmpdir(), 'trawl-compose-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** The file with a mistake in it. */
function planted(from: string, to: string): string {
  assert.ok(file.text.includes(from), `${PATH} has no ${from}`);
  const path = join(folder, 'compose.yaml');
  writeFileSync(path, file.text.replace(from, to));
  return path;
}

describe('the compose file', () => {
  it('keeps to the schema of the compose specification', () => {
    assert.deepEqual(schemaMistakes(join(packageRoot(), PATH)), []);
  });

  it('names only services, secrets, volumes and files that are there', () => {
    assert.deepEqual(composeMistakes(PATH), []);
  });

  it('has a field that is unknown refused', () => {
    assert.match(schemaMistakes(planted('    shm_size: 256m', '    shm_sise: 256m')).join('\n'), /shm_sise|additional properties/i);
  });

  it('has a wrong type refused', () => {
    assert.notDeepEqual(schemaMistakes(planted('read_only: true', 'read_only: [yes]')), []);
  });

  it('has an image without a tag refused', () => {
    assert.match(schemaMistakes(planted('image: nats:2.11-alpine', 'image: nats')).join('\n'), /nats/);
  });

  it('has a port that is open to everybody by default refused', () => {
    assert.notDeepEqual(schemaMistakes(planted('      - {host_ip: "${TRAWL_LISTEN:-127.0.0.1}", published: "8080", target: 8080}', '      - "8080:8080"')), []);
  });

  const services = plain(at(yamlDocuments(file)[0]?.value, 'services'));

  it('gives workers longer to end than they take by --grace', () => {
    for (const name of ['worker', 'worker-gpu', 'worker-nats']) {
      const minutes = Number(/^(\d+)m$/.exec(text(at(services[name], 'stop_grace_period')))?.[1]);
      const grace = Number(/--grace[= ](\d+)m/.exec(list(at(services[name], 'command')).join(' '))?.[1]);
      assert.ok(minutes > grace, `${name}: ${minutes} minutes for ${grace}`);
    }
  });

  it('restarts what stays, limits its memory, and gives nothing more rights than it needs', () => {
    for (const [name, service] of Object.entries(services)) {
      const { restart, profiles, mem_limit: memory, read_only: readOnly, cap_drop: dropped } = plain(service);
      const isTool = list(profiles).includes('tools');
      assert.equal(restart, isTool ? 'no' : 'unless-stopped', name);
      if (!isTool && name !== 'worker-gpu') assert.ok(memory !== undefined, `${name}: no mem_limit`);
      if (/^(coordinator|worker)/.test(name)) assert.deepEqual([readOnly, dropped], [true, ['ALL']], name);
    }
  });
});

describe('the Dockerfile', () => {
  const path = 'deploy/compose/Dockerfile';
  const { text: dockerfile } = readProjectFile(path);
  const mistakesOf = (from: string, to: string): string => {
    assert.ok(dockerfile.includes(from), `${path} has no ${from}`);
    return dockerfileMistakes(path, dockerfile.replaceAll(from, to)).join('\n');
  };

  it('keeps to the rules', () => {
    assert.deepEqual(dockerfileMistakes(path, dockerfile), []);
  });

  it('has a base image without a tag refused', () => {
    assert.match(mistakesOf('FROM node:22-slim AS build', 'FROM node:latest AS build'), /Dockerfile:4: node:latest has no tag/);
  });

  it('has an image that runs as root refused', () => {
    assert.match(mistakesOf('USER 1000:1000', 'USER root'), /runs as root/);
  });

  it('has a secret in a layer refused', () => {
    assert.match(mistakesOf('ENV NODE_ENV=production', 'ENV NPM_TOKEN=x NODE_ENV=production'), /a secret would stay/);
  });

  it("has packages' scripts refused", () => {
    assert.match(mistakesOf('npm ci --ignore-scripts', 'npm ci'), /--ignore-scripts is expected/);
  });

  it('leaves out of the build whatever the build does not read', () => {
    const ignore = readProjectFile(`${path}.dockerignore`).text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    assert.equal(ignore[0], '*');
    const folders = /const folders = (\[[^\]]*\])/.exec(readProjectFile('tools/build.mjs').text)?.[1] ?? '[]';
    const compiled = (JSON.parse(folders.replaceAll("'", '"')) as string[]).filter((name) => name !== 'test');
    const packed = (JSON.parse(readProjectFile('package.json').text) as { files: string[] }).files.map((name) => name.split('/')[0] ?? '').filter((name) => name !== 'dist' && name !== 'deploy');
    for (const name of [...compiled, ...packed]) assert.ok(ignore.includes(`!${name}`), `${name} is compiled or packed, and .dockerignore leaves it out`);
  });
});
