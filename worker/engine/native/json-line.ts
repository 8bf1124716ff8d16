/** What a process that has TensorFlow in it prints for us: one JSON object a line. */

/** Null for any other line: TensorFlow writes what it likes to either stream. */
export function jsonLine(line: string): object | null {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as object;
  } catch {
    return null;
  }
}
