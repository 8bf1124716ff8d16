import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { packageRoot } from '../../proto/package-root.js';
import { deployFiles, isScript, isYaml, readProjectFile, yamlDocuments } from './files.js';

const folder = mkdtempSync(join(tmpdir(), 'trawl-scripts-'));
after(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly said: string;
}

function ran(command: string, ...args: readonly string[]): Ended {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' });
  return { code: error === undefined ? status : null, said: [stdout, stderr].join('').trim() };
}

/** False where it is on PATH, else why its tests are skipped. */
function missing(command: string): string | false {
  return ran(command, '--version').code === 0 ? false : `there is no ${command} on PATH`;
}

describe('shell scripts', () => {
  const scripts = deployFiles().filter(isScript);

  it('are there, and can be run', () => {
    assert.ok(scripts.length > 0);
    for (const { text } of scripts) assert.match(text, /^#!\/usr\/bin\/env bash\n[\s\S]*^set -euo pipefail$/m);
  });

  for (const { path } of scripts) {
    it(`${path} is what bash can read`, () => {
      assert.deepEqual(ran('bash', '-n', join(packageRoot(), path)), { code: 0, said: '' });
    });

    it(`${path} is what shellcheck finds nothing in`, { skip: missing('shellcheck') }, () => {
      assert.deepEqual(ran('shellcheck', join(packageRoot(), path)), { code: 0, said: '' });
    });
  }

  it('would be refused with a word that is not closed', () => {
    const path = join(folder, 'planted.sh');
    writeFileSync(path, 'if true; then\n  echo "a\nfi\n');
    assert.notEqual(ran('bash', '-n', path).code, 0);
  });
});

describe('deploy/compose/init.sh', () => {
  /** Docker as the script calls it, with the programs of this package in place of those in the image. */
  const docker = `#!/usr/bin/env bash
set -euo pipefail
case "$*" in
  'compose build' | 'compose up --detach --wait postgres') exit 0 ;;
  *' tools token create '*) echo "trw_\${RANDOM}" ; exit 0 ;;
esac
program=("$REPOSITORY/dist/cli/main.js")
[[ "$*" == *'--entrypoint node'* ]] && program=("$REPOSITORY/deploy/nats/credentials.mjs") && shift
while [ "$1" != tools ] ; do shift ; done
shift
[[ "$1" == /opt/* ]] && shift
exec node "\${program[@]}" "\${@/#\\/secrets/$PWD/secrets}"
`;
  const place = join(folder, 'compose');
  const secrets = join(place, 'secrets');
  const run = (): Ended => {
    const { status, stdout, stderr } = spawnSync('bash', [join(place, 'init.sh'), 'box.lan'], { encoding: 'utf8', env: { ...process.env, PATH: `${join(place, 'bin')}:${process.env.PATH ?? ''}`, REPOSITORY: packageRoot() } });
    return { code: status, said: `${stdout}${stderr}` };
  };
  const contents = (): Map<string, string> =>
    new Map(readdirSync(secrets, { recursive: true, encoding: 'utf8' }).filter((name) => statSync(join(secrets, name)).isFile()).map((name) => [name, readFileSync(join(secrets, name), 'utf8')]));

  it('run again after it broke off anywhere makes what is missing, and leaves the rest', () => {
    mkdirSync(join(place, 'bin'), { recursive: true });
    copyFileSync(join(packageRoot(), 'deploy', 'compose', 'init.sh'), join(place, 'init.sh'));
    writeFileSync(join(place, 'bin', 'docker'), docker, { mode: 0o755 });
    const first = run();
    assert.equal(first.code, 0, first.said);
    const whole = contents();
    assert.equal(whole.size, 18, [...whole.keys()].join(' '));
    // One of each step.
    const lost = ['database', 'certs/coordinator.crt', 'certs/nats.crt', 'certs/worker.crt', 'certs/worker.key', 'nats/accounts.conf', 'nats/coordinator.creds', 'nats/worker-nats.worker.json', 'viewer.token'];
    for (const name of lost) rmSync(join(secrets, name));
    const second = run();
    assert.equal(second.code, 0, second.said);
    const again = contents();
    assert.deepEqual([...again.keys()].toSorted(), [...whole.keys()].toSorted());
    for (const name of ['postgres-password', 'database', 'certs/ca.crt', 'certs/ca.key', 'nats/keys.json', 'worker.token', 'admin.token']) assert.equal(again.get(name), whole.get(name), name);
  });
});

describe('systemd units', () => {
  const units = deployFiles().filter(({ path }) => path.endsWith('.service'));
  const skip = missing('systemd-analyze');

  /** The program stands elsewhere on a machine where it is not installed. */
  const verified = (text: string, name: string): Ended => {
    const path = join(folder, name);
    writeFileSync(path, text.replaceAll('/usr/local/bin/trawl', process.execPath));
    const { code, said } = ran('systemd-analyze', 'verify', path);
    // It also tells of units of the machine itself.
    return { code, said: said.split('\n').filter((line) => line.includes(name)).join('\n') };
  };

  for (const { path, text } of units) {
    it(`${path} is what systemd takes`, { skip }, () => {
      assert.equal(verified(text, basename(path)).said, '');
    });
  }

  it('would be refused with an unknown word', { skip }, () => {
    const { text } = readProjectFile('deploy/systemd/trawl-worker.service');
    assert.match(verified(text.replace('KillMode=mixed', 'KillMoed=mixed'), 'trawl-worker.service').said, /KillMoed/);
    assert.match(verified(text.replace('TimeoutStopSec=660', 'TimeoutStopSec=soon'), 'trawl-worker.service').said, /time value/);
  });

  it('give a worker longer to end than it takes by --grace, and tell it once', () => {
    const { text } = readProjectFile('deploy/systemd/trawl-worker.service');
    const minutes = Number(/--grace (\d+)m/.exec(text)?.[1]);
    assert.ok(Number(/^TimeoutStopSec=(\d+)$/m.exec(text)?.[1]) > minutes * 60);
    assert.match(text, /^KillSignal=SIGTERM$/m);
    assert.match(text, /^KillMode=mixed$/m);
  });

  it('keep secrets out of the command line and the environment', () => {
    for (const { path, text } of units) {
      const credentials = new Set([...text.matchAll(/^LoadCredential=([^:]+):/gm)].map((match) => match[1]));
      const asked = [...text.matchAll(/%d\/([\w.-]+)/g)].map((match) => match[1]);
      assert.ok(asked.length > 0, path);
      for (const name of asked) assert.ok(credentials.has(name), `${path}: ${name} is no credential of it`);
    }
  });
});

describe('the Slurm script', () => {
  it('is told before the time limit by more than a worker takes, and alone', () => {
    const { text } = readProjectFile('deploy/slurm/worker.sbatch');
    const [, before] = /^#SBATCH --signal=B:TERM@(\d+)$/m.exec(text) ?? [];
    const [, grace] = /--grace (\d+)s/.exec(text) ?? [];
    assert.ok(Number(before) > Number(grace), `${before} s for ${grace}`);
  });
});

describe('YAML under deploy/', () => {
  it('can be read, each key once', () => {
    const files = deployFiles().filter(isYaml);
    assert.ok(files.length > 0);
    for (const file of files) assert.ok(yamlDocuments(file).length > 0, file.path);
  });

  it('would be refused with a key that stands twice', () => {
    assert.throws(() => yamlDocuments({ path: 'planted.yaml', text: 'a: 1\na: 2\n' }), /planted\.yaml:2: .*unique/);
  });
});
