import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Command } from 'commander';
import { buildProgram } from '../../cli/program.js';
import { deployFiles, readProjectFile, type DeployFile } from './files.js';
import { trawlLines, type TrawlLine } from './trawl-lines.js';

const PAGES = ['README.md', 'CONTRIBUTING.md', 'docs/five-boxes.md', 'docs/engines.md'];

/** What the real program says of a command line, without running it; null where it takes it. */
async function refusal(words: readonly string[]): Promise<string | null> {
  const said: string[] = [];
  const program = buildProgram(() => undefined);
  for (const command of allCommands(program)) {
    command.exitOverride().configureOutput({ writeErr: (text) => void said.push(text.trim()), writeOut: () => undefined });
    if (command !== program) command.action(() => undefined);
  }
  try {
    await program.parseAsync([...words], { from: 'user' });
    return null;
  } catch (error) {
    if (error instanceof Error && 'exitCode' in error && error.exitCode === 0) return null;
    return said.join(' ') || String(error);
  }
}

function* allCommands(command: Command): Generator<Command> {
  yield command;
  for (const below of command.commands) yield* allCommands(below);
}

/** A command that a text only speaks of may lack what it needs. */
function whole(why: string | null, isMention: boolean): string | null {
  return isMention && /missing required argument|required option/.test(why ?? '') ? null : why;
}

async function mistakes(file: DeployFile): Promise<string[]> {
  const told = await Promise.all(trawlLines(file).map(async ({ where, words, isMention = false }) => ({ where, words, why: whole(await refusal(words), isMention) })));
  return told.flatMap(({ where, words, why }) => (why === null ? [] : [`${where}: trawl ${words.join(' ')}: ${why}`]));
}

describe('the command lines of trawl', () => {
  for (const file of [...PAGES.map(readProjectFile), ...deployFiles()]) {
    const lines = trawlLines(file);
    if (lines.length === 0) continue;
    it(`in ${file.path} are what the program takes (${lines.length})`, async () => {
      assert.deepEqual(await mistakes(file), []);
    });
  }

  it('are found where they are known to be', () => {
    const found = (path: string): string[] => trawlLines(readProjectFile(path)).map(({ words }) => words[0] ?? '');
    assert.deepEqual(found('deploy/systemd/trawl-worker.service'), ['worker']);
    assert.deepEqual(found('deploy/slurm/worker.sbatch'), ['worker']);
    assert.deepEqual(found('deploy/kubernetes/base/coordinator.yaml'), ['up']);
    assert.deepEqual(found('deploy/kubernetes/gpu/worker-gpu.yaml').toSorted(), ['engine', 'worker']);
    assert.deepEqual(new Set(found('deploy/compose/compose.yaml')), new Set(['up', 'worker', '--help']));
    assert.ok(found('deploy/compose/init.sh').includes('certs') && found('deploy/compose/init.sh').includes('token'));
  });

  for (const [what, text] of [
    ['an unknown option', 'trawl worker --coordinater box1:7077\n'],
    ['an unknown command', 'sudo -u trawl trawl tokens create\n'],
    ['a value that is none', 'trawl worker --coordinator box1:7077 --blobs https://box1:8080 --home . --slots many\n'],
    ['a word too many', 'trawl ls everything | head\n'],
    ['an option that is missing', 'x="$(trawl token create --name me)"\n'],
  ] as const) {
    it(`would be refused with ${what}`, async () => {
      const [only, ...others] = await mistakes({ path: 'planted.sh', text });
      assert.match(only ?? '', /^planted\.sh:1: trawl /);
      assert.deepEqual(others, []);
    });
  }

  const words = (file: DeployFile): (readonly string[])[] => trawlLines(file).map((line: TrawlLine) => line.words);

  it('are read out of pages, units, compose files and manifests', () => {
    assert.deepEqual(words({ path: 'a.md', text: 'Use `trawl ls` or\n\n```sh\nsudo -u trawl trawl show x  # see\n```\n\n```yaml\ntrawl: no\n```\n' }), [['show', 'x'], ['ls']]);
    assert.deepEqual(words({ path: 'a.service', text: '[Service]\nExecStart=/usr/local/bin/trawl up --home %h \\\n  --no-worker\nUser=trawl\n' }), [['up', '--home', 'h', '--no-worker']]);
    assert.deepEqual(words({ path: 'a.yaml', text: 'services: {a: {image: "trawl:1", command: [up, "--http-port=${PORT:-1}"]}, b: {image: nats, command: [x]}}\n' }), [['up', '--http-port=1']]);
    assert.deepEqual(words({ path: 'a.yaml', text: 'spec: {containers: [{name: a, image: r.example.org/trawl, args: [worker, "--name=$(POD)"]}]}\n' }), [['worker', '--name=x']]);
  });
});
