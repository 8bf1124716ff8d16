/** Where coordinators are reached of which one leads and the others stand by. */

const ADDRESS = /^(\[[^\]\s]+\]|[^\s,:[\]]+):(\d+)$/;

/** Whoever asks goes on with the address that answered last. */
export class Addresses {
  readonly #list: readonly string[];
  #at = 0;

  /** At least one. */
  constructor(list: readonly string[]) {
    if (list.length === 0) throw new RangeError('a list of addresses needs at least one');
    this.#list = list;
  }

  get size(): number {
    return this.#list.length;
  }

  get current(): string {
    return this.#list[this.#at] ?? '';
  }

  /** To the next one, unless somebody else has left `failed` already. */
  leave(failed: string): void {
    if (failed === this.current) this.#at = (this.#at + 1) % this.#list.length;
  }
}

/** Whether nobody but this machine is reached at a host, as addresses name it. */
export function isLoopback(host: string): boolean {
  return /^(localhost|\[?::1\]?|127(\.\d{1,3}){3})$/.test(host);
}

/** Of HOST:PORT. */
export function hostOf(hostPort: string): string {
  return hostPort.slice(0, hostPort.lastIndexOf(':'));
}

/** HOST:PORT, or several with commas between; null where one is none. */
export function hostPorts(text: string): readonly string[] | null {
  const parts = listed(text);
  return parts.length > 0 && parts.every((part) => Number(ADDRESS.exec(part)?.[2] ?? 65_536) <= 65_535) ? parts : null;
}

/** http(s) addresses, or several with commas between; null where one is none. */
export function httpUrls(text: string): readonly string[] | null {
  const parts = listed(text);
  return parts.length > 0 && parts.every((part) => URL.canParse(part) && /^https?:$/.test(new URL(part).protocol)) ? parts : null;
}

function listed(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}
