/** Any text as one line of printable characters and bounded length: nothing of it can end a line of a file, a log or a terminal. */
export function oneLine(text: string, longest = 500): string {
  // Cut first: what a program prints may be megabytes.
  const flat = text.slice(0, 4 * longest).replace(/\s*[\p{Cc}\u2028\u2029]+\s*/gu, ' ').trim();
  return flat.length <= longest ? flat : `${flat.slice(0, longest - 3)}...`;
}
