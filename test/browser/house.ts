/** A coordinator with a worker, in real processes, for the pages to look at. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { Trawl, trawl } from '../cli/trawl.js';

export interface House {
  /** Where its sweep files and their images lie. */
  readonly folder: string;
  readonly home: string;
  readonly url: string;
  readonly token: string;
  /** What it printed to log in with, once. */
  readonly link: string;
  readonly host: Trawl;
  /** Writes a sweep file and hands it in. Returns its name. */
  readonly submit: (name: string, text: string) => Promise<string>;
  /** A command on this home that must be done. */
  readonly command: (...args: string[]) => Promise<string>;
  /** Settles once a sweep has ended. */
  readonly ended: (sweep: string) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** `stop` ends it and takes its folder away. */
export async function startHouse({ slots = 2 }: { readonly slots?: number } = {}): Promise<House> {
  const folder = mkdtempSync(join(tmpdir(), 'trawl-test-'));
  const home = join(folder, 'home');
  const host = new Trawl(['up', '--home', home, '--slots', String(slots)]);
  const [, url = '', link = ''] = await host.said(/^Dashboard: (http:\/\/[^/]+)(\/#login=\S+)$/m);
  const { token } = JSON.parse(readFileSync(join(home, 'coordinator.json'), 'utf8')) as { token: string };
  const command = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await trawl([...args, '--home', home]);
    assert.equal(code, 0, `trawl ${args.join(' ')}: ${stderr}`);
    return stdout;
  };
  return {
    ...{ folder, home, url, token, host, command, link: `${url}${link}` },
    submit: async (name, text) => {
      const file = join(folder, 'sweep.yaml');
      writeFileSync(file, `name: ${JSON.stringify(name)}\n${text}`);
      await command('submit', file);
      return name;
    },
    ended: async (sweep) => {
      await command('watch', sweep);
    },
    stop: async () => {
      host.signal('SIGINT');
      await host.ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Drawn at random over a space of every kind of value, with two objectives; a rate above 0.5 diverges. */
export function searchSweep(trials = 60): string {
  return [
    `trainable: {synthetic: {epochMs: 1, metrics: {val.loss: 'rate > 0.5 ? log(-1) : abs(log10(rate) + 2) / 3 + width / 2000 + (mode == "deep" ? 0 : 0.1) + 0.5 * exp(-epoch)', cost: 'width * (mode == "deep" ? 2 : 1)'}}}`,
    'space: {rate: {min: 0.0001, max: 1, scale: log}, width: {min: 16, max: 512, type: int}, mode: [deep, wide, flat], epochs: [3, 6]}',
    'sampler: random',
    'objective: [{minimize: val.loss}, {minimize: cost}]',
    `budget: {trials: ${trials}}`,
    '',
  ].join('\n');
}

/** A sweep over formulas: `val.loss` falls with the epochs, the faster the larger `rate`. */
export function formulaSweep({ rates = [0.1, 0.2, 0.4], epochMs = 5, epochs = [2, 4] }: { readonly rates?: readonly number[]; readonly epochMs?: number; readonly epochs?: readonly number[] } = {}): string {
  return [
    `trainable: {synthetic: {epochMs: ${epochMs}, metrics: {val.loss: 'width / 64 * exp(-rate * (epoch + 1))', val.accuracy: '1 - 0.4 * exp(-rate * (epoch + 1))'}}}`,
    `space: {rate: [${rates.join(', ')}], width: [32, 64], epochs: [${epochs.join(', ')}]}`,
    'objective: {minimize: val.loss}',
    '',
  ].join('\n');
}

/** Opens a view as the viewer whose token it is, by the login page. */
export async function logIn(page: Page, { url, token }: Pick<House, 'url' | 'token'>, path = '/'): Promise<void> {
  await page.goto(`${url}${path}`);
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Log in' }).click();
  await page.getByRole('button', { name: 'Log out' }).waitFor();
}
