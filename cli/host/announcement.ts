/** HOME/coordinator.json: how other commands of the same user reach the coordinator that runs on a home. */
import { rmSync } from 'node:fs';
import { z } from 'zod';
import { readJson, writePrivately, type Home } from '../home.js';

const schema = z.object({ url: z.string(), token: z.string(), pid: z.number().int() });

export type Announcement = z.infer<typeof schema>;

export function announce(home: Home, announcement: Announcement): void {
  writePrivately(home.announcement, announcement);
}

/** Null where nothing is announced. What is announced may be gone: ask it. */
export function readAnnouncement(home: Home): Announcement | null {
  const result = schema.safeParse(readJson(home.announcement));
  return result.success ? result.data : null;
}

export function withdraw(home: Home): void {
  rmSync(home.announcement, { force: true });
}
