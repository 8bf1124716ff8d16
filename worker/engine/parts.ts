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

/**
 * The batches of a recalibration: as few as there can be of at most `batch` images each, of even size. Throws
 * RangeError where there are no images, or a batch is larger than the `room` there is.
 */
export function recalibrationBatches(images: number, batch: number, room: number): { readonly from: number; readonly to: number }[] {
  if (images === 0) throw new RangeError('recalibration needs at least one image');
  const batches = batchParts(images, Math.ceil(images / batch));
  const largest = batches[0]!.to;
  if (largest > room) throw new RangeError(`a recalibration by ${String(largest)} images at a time, where there is room for ${String(room)}`);
  return batches;
}
