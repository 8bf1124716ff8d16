/** Frames that are moved sideways: their style fades whichever side there is more at (`data-more`). */
import type { RefObject } from 'preact';
import { useEffect } from 'preact/hooks';

export function useMoreAside(frame: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const { current } = frame;
    if (current === null) return undefined;
    const look = (): void => {
      const { scrollLeft, clientWidth, scrollWidth } = current;
      // Browsers round the three apart.
      const [isLeft, isRight] = [scrollLeft > 1, scrollLeft + clientWidth < scrollWidth - 1];
      current.dataset.more = isLeft && isRight ? 'both' : isLeft ? 'left' : isRight ? 'right' : 'none';
    };
    const sizes = new ResizeObserver(look);
    for (const element of [current, ...current.children]) sizes.observe(element);
    current.addEventListener('scroll', look, { passive: true });
    look();
    return () => {
      sizes.disconnect();
      current.removeEventListener('scroll', look);
    };
  }, []);
}
