/** HOME/coordinator.json: how other commands of the same user reach the coordinator that runs on a home. */
import { rmSync } from 'node:fs';
import { readJson, writePrivately, type Home } from '../home.js';

export interface Announcement {
  readonly url: string;
  readonly token: string;
  /** Of the host. */
  readonly pid: number;
}

export function announce(home: Home, announcement: Announcement): void {
  writePrivately(home.announcement, announcement);
}

/** Null where nothing is announced. What is announced may be gone: ask it. */
export function readAnnouncement(home: Home): Announcement | null {
  const found = readJson(home.announcement) as Partial<Announcement> | null;
  if (typeof found?.url !== 'string' || typeof found.token !== 'string' || typeof found.pid !== 'number') return null;
  return { url: found.url, token: found.token, pid: found.pid };
}

export function withdraw(home: Home): void {
  rmSync(home.announcement, { force: true });
}
