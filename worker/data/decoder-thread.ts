/** One thread of a pool of decoders. */
import { parentPort } from 'node:worker_threads';
import { UnreadableImageError, checkImage, decodeImage } from './decode.js';
import type { DecoderAnswer, DecoderJob } from './decoder-protocol.js';

async function answerTo({ id, bytes, shape }: DecoderJob): Promise<DecoderAnswer> {
  try {
    if (shape !== null) return { id, pixels: await decodeImage(bytes, shape) };
    await checkImage(bytes);
    return { id, pixels: null };
  } catch (error) {
    if (error instanceof UnreadableImageError) return { id, unreadable: error.message };
    return { id, failed: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

parentPort?.on('message', (job: DecoderJob) => {
  void answerTo(job).then((answer) => {
    const moved = 'pixels' in answer && answer.pixels !== null ? [answer.pixels.buffer as ArrayBuffer] : [];
    parentPort?.postMessage(answer, moved);
  });
});
