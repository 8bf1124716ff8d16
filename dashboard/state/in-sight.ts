/**
 * What is drawn or fetched once it comes near what is in sight: at once then, and else after all that is, one after the
 * other while the page rests, so that printed it is there.
 */
import { CLOCK } from './clock.js';

interface Waiting {
  /** Never rejects. */
  readonly run: () => Promise<void>;
}

/** What is further down, in the order in which it was asked for. */
const waiting = new Set<Waiting>();
/** Between two of them: what is in sight goes first. */
const REST_MS = 250;
/** A page that is never idle prints too. */
const LONGEST_WAIT_MS = 5_000;
let isResting = false;

/** Where a browser tells that it is idle, it waits for that. */
function whenIdle(then: () => void): void {
  if ('requestIdleCallback' in window) window.requestIdleCallback(then, { timeout: LONGEST_WAIT_MS });
  else then();
}

function goOn(): void {
  if (isResting || document.hidden) return;
  isResting = true;
  CLOCK.after(REST_MS, () => whenIdle(() => {
    const [next] = waiting;
    if (next === undefined) isResting = false;
    else {
      waiting.delete(next);
      void next.run().finally(() => {
        isResting = false;
        goOn();
      });
    }
  }));
}

/** Runs once: as soon as the element is so near to what is in sight, as CSS has it, or when it is its turn. Returns what gives it up. */
export function onceNear(element: Element, margin: string, run: () => Promise<void>): () => void {
  const own: Waiting = {
    run: () => {
      sight.disconnect();
      return run();
    },
  };
  const sight = new IntersectionObserver((entries) => {
    if (entries.some(({ isIntersecting }) => isIntersecting) && waiting.delete(own)) void own.run();
  }, { rootMargin: margin });
  waiting.add(own);
  sight.observe(element);
  goOn();
  return () => {
    waiting.delete(own);
    sight.disconnect();
  };
}

document.addEventListener('visibilitychange', goOn);
// What can be drawn at once is on paper too, however early somebody prints.
window.addEventListener('beforeprint', () => {
  for (const each of [...waiting]) {
    waiting.delete(each);
    void each.run();
  }
});
