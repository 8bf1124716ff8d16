/**
 * A real browser for tests (launch.ts). Its pages must keep the content security policy and ask no other host.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from './launch.js';

/** What axe-core calls serious and critical must not be found. */
const SERIOUS = new Set(['serious', 'critical']);

let started: Promise<Browser> | null = null;

after(async () => {
  await (await started)?.close();
});

/** One for a whole test file. */
export function browser(): Promise<Browser> {
  started ??= launchBrowser();
  return started;
}

export interface Watched {
  readonly page: Page;
  /** Errors of the page and of its policy, as they come. */
  readonly problems: readonly string[];
}

export interface PageOptions {
  readonly theme?: 'light' | 'dark';
  readonly width?: number;
  readonly height?: number;
  /** Parts of messages that the test itself provokes. */
  readonly expected?: readonly string[];
}

/** A page of a viewer of its own: nothing is remembered from another. */
export async function openPage({ theme = 'light', width = 1280, height = 900, expected = [] }: PageOptions = {}): Promise<Watched> {
  const context = await (await browser()).newContext({ colorScheme: theme, viewport: { width, height }, timezoneId: 'Europe/Berlin', locale: 'en-GB', acceptDownloads: true });
  const page = await context.newPage();
  const problems: string[] = [];
  const note = (line: string): void => {
    if (!expected.some((part) => line.includes(part))) problems.push(line);
  };
  page.on('pageerror', (error) => note(`page: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') note(`console: ${message.text()}`);
  });
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url());
    if (protocol.startsWith('http') && hostname !== '127.0.0.1') note(`another host: ${request.url()}`);
  });
  return { page, problems };
}

/** Fails where axe-core finds a serious or critical fault, naming each with the first element that has it. */
export async function assertAccessible(page: Page): Promise<void> {
  const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  // Not as a script element: the page's policy allows none.
  await page.evaluate(readFileSync(axe, 'utf8'));
  const found = await page.evaluate<{ violations: { id: string; impact: string; help: string; nodes: { html: string; failureSummary: string }[] }[] }>('axe.run(document, { resultTypes: ["violations"] })');
  const serious = found.violations.filter(({ impact }) => SERIOUS.has(impact));
  assert.deepEqual(serious.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0]?.html.slice(0, 300) ?? ''} ${nodes[0]?.failureSummary ?? ''}`), [], page.url());
}

/** Drags a file over the page's box for files and lets it go, as a person does. */
export async function dropFile(page: Page, file: string): Promise<void> {
  const box = page.locator('.drop');
  const dataTransfer = await page.evaluateHandle(`(() => {
    const carried = new DataTransfer();
    carried.items.add(new File([Uint8Array.from(${JSON.stringify([...readFileSync(file)])})], ${JSON.stringify(basename(file))}));
    return carried;
  })()`);
  await box.dispatchEvent('dragover', { dataTransfer });
  await page.locator('.drop[data-over="true"]').waitFor();
  await box.dispatchEvent('drop', { dataTransfer });
}

/** Settles once every image of the page is there: they are fetched as they come near. */
export async function showImages(page: Page): Promise<void> {
  for (const image of await page.locator('.remote-image').all()) await image.scrollIntoViewIfNeeded();
  await page.locator('.remote-image:not(:has(img))').first().waitFor({ state: 'detached' });
}

/** Where screenshots are kept: TRAWL_SCREENSHOTS, else a folder beside other temporary ones. */
export function screenshotFolder(): string {
  const folder = process.env.TRAWL_SCREENSHOTS ?? join(tmpdir(), 'trawl-screenshots');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Fails where something hangs out at the side: on a phone the page must not scroll sideways. */
export async function assertFits(page: Page): Promise<void> {
  const over = await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
  assert.ok(over <= 0, `${page.url()} is ${over} px wider than its window`);
}
