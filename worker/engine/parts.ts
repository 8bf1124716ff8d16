/**
 * How a step's batch is cut where gradients accumulate: `accumulate` contiguous parts (as many as there
 * are images, where those are fewer) whose sizes differ by one at most, larger ones first.
 */
export function batchParts(images: number, accumulate: number): { readonly from: number; readonly to: number }[] {
  const parts = Math.min(images, accumulate);
  const least = Math.floor(images / parts);
  const larger = images % parts;
  const begin = (part: number): number => part * least + Math.min(part, larger);
  return Array.from({ length: parts }, (_, part) => ({ from: begin(part), to: begin(part + 1) }));
}
